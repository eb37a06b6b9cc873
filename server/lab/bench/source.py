"""The source in Python, on a free port: it answers a call with as many messages as its request says. It ends with SIGINT."""
import struct
import sys
from concurrent import futures

import grpc


def take(request, context):
    (answers,) = struct.unpack(">I", request[:4])
    for _ in range(answers):
        yield request


class Source(grpc.GenericRpcHandler):
    def service(self, call):
        return grpc.unary_stream_rpc_method_handler(take)


server = grpc.server(futures.ThreadPoolExecutor(max_workers=8), handlers=[Source()])
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print('msg="grpc listening" addr=127.0.0.1:%d' % port, file=sys.stderr, flush=True)
try:
    server.wait_for_termination()
except KeyboardInterrupt:
    server.stop(None)
