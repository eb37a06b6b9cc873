"""MyService and GCNService in Python, with code that protoc generated, on a free port, which is printed. It ends with its
standard input. Users and scores are not those of the server whose upstream it is, so that it can be told apart."""
import sys
from concurrent import futures

import grpc
from google.protobuf import empty_pb2
from tutorial.gcn import gcn_pb2, gcn_pb2_grpc
from tutorial.myservice import myservice_pb2, myservice_pb2_grpc

USERS = {1: ("Guido", 67, "guido@example.org"), 7: ("Zoë", 7, "zoe@example.org")}


class MyService(myservice_pb2_grpc.MyServiceServicer):
    def Health(self, request, context):
        context.set_trailing_metadata((("language", "python"), ("raw-bin", b"\x00\xff")))
        return empty_pb2.Empty()

    def User(self, request, context):
        reply = myservice_pb2.UserReply(message="from Python")
        for user_id in request.userIDs:
            if user_id not in USERS:
                context.abort(grpc.StatusCode.NOT_FOUND, "no user %d in Python" % user_id)
            name, age, email = USERS[user_id]
            reply.data.add(name=name, age=age, email=email)
        return reply


class GCNService(gcn_pb2_grpc.GCNServiceServicer):
    """The mean of the features of a node and its neighbours, which is a graph convolution without the normalisation."""

    def ProcessGraph(self, request, context):
        features = {n.id: list(n.features) for n in request.nodes}
        near = {n: {n} for n in features}
        for e in request.edges:
            near[e.source_id].add(e.target_id)
            near[e.target_id].add(e.source_id)
        result = gcn_pb2.GCNResult()
        for n, others in near.items():
            values = [v for o in others for v in features[o]]
            result.node_scores[n] = sum(values) / len(values)
        return result


server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
myservice_pb2_grpc.add_MyServiceServicer_to_server(MyService(), server)
gcn_pb2_grpc.add_GCNServiceServicer_to_server(GCNService(), server)
print("port", server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
sys.stdin.read()
server.stop(None)
