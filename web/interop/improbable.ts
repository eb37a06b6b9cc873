import { create, type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { grpc } from "@improbable-eng/grpc-web";
import { type Caller, Refusal } from "./calls";

/** Calls as @improbable-eng/grpc-web makes them. */
export function improbable(host: string, transport: grpc.TransportFactory): Caller {
  return async (method, requests, onAnswer, until) => {
    const [Request, Answer] = [messageClass(method.input), messageClass(method.output)];
    const definition: grpc.MethodDefinition<InstanceType<typeof Request>, InstanceType<typeof Answer>> = {
      methodName: method.name,
      service: { serviceName: method.parent.typeName },
      requestStream: isStream(method.methodKind, "client_streaming"),
      responseStream: isStream(method.methodKind, "server_streaming"),
      requestType: Request,
      responseType: Answer,
    };
    const client = grpc.client<InstanceType<typeof Request>, InstanceType<typeof Answer>, typeof definition>(
      definition,
      {
        host,
        transport,
      },
    );
    client.onMessage((answer) => onAnswer(answer.message));
    const end = new Promise<void>((resolve, reject) => {
      client.onEnd((code, message) => {
        if (code === grpc.Code.OK) resolve();
        else reject(new Refusal(code, message));
      });
    });
    const send = async () => {
      for await (const request of requests) client.send(new Request(request));
      client.finishSend();
    };
    until?.addEventListener("abort", () => client.close());
    client.start();
    await Promise.all([send(), end]); // A call that fails ends here, even while its next request waits for an answer.
  };
}

const isStream = (kind: string, side: string) => kind === side || kind === "bidi_streaming";

/** A class of messages as this client's users have them from protoc. */
function messageClass<T extends DescMessage>(schema: T) {
  return class ProtobufMessage {
    static deserializeBinary(bytes: Uint8Array): ProtobufMessage {
      return new ProtobufMessage(fromBinary(schema, bytes));
    }

    readonly message: MessageShape<T>;

    constructor(message: MessageShape<T> = create(schema)) {
      this.message = message;
    }

    serializeBinary(): Uint8Array {
      return toBinary(schema, this.message);
    }

    toObject(): object {
      return this.message;
    }
  };
}
