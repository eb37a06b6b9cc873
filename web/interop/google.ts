import { fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { GrpcWebClientBase, MethodDescriptor, MethodType, type RpcError } from "grpc-web";
import { type Caller, Refusal } from "./calls";

/** Calls as Google's grpc-web makes them: those with one request, in a browser. */
export function google(host: string, format: "text" | "binary"): Caller {
  const client = new GrpcWebClientBase({ format });
  return async (method, requests, onAnswer, until) => {
    type Request = MessageShape<typeof method.input>;
    type Answer = MessageShape<typeof method.output>;
    const path = `/${method.parent.typeName}/${method.name}`;
    // What its generated code has for each method.
    const descriptor = new MethodDescriptor<Request, Answer>(
      path,
      method.methodKind === "unary" ? MethodType.UNARY : MethodType.SERVER_STREAMING,
      class {} as new () => Request,
      class {} as new () => Answer,
      (request: Request) => toBinary(method.input, request),
      (bytes: Uint8Array) => fromBinary(method.output, bytes),
    );
    for await (const request of requests) {
      await new Promise<void>((resolve, reject) => {
        const fail = (why: RpcError) => reject(new Refusal(why.code, why.message));
        if (method.methodKind === "unary") {
          client.rpcCall(host + path, request, {}, descriptor, (why, answer) => {
            if (why) fail(why);
            else resolve(onAnswer(answer));
          });
          return;
        }
        const stream = client.serverStreaming(host + path, request, {}, descriptor);
        until?.addEventListener("abort", () => stream.cancel());
        stream.on("data", onAnswer);
        stream.on("error", fail);
        stream.on("end", resolve);
      });
    }
  };
}
