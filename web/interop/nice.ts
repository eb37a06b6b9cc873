import { fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { type Channel, ClientError, createChannel, createClient } from "nice-grpc-web";
import { type Caller, Refusal } from "./calls";

/** Calls as nice-grpc-web makes them. */
export function nice(address: string, transport: Channel["transport"]): Caller {
  return async (method, requests, onAnswer, signal) => {
    type Request = MessageShape<typeof method.input>;
    type Answer = MessageShape<typeof method.output>;
    const definition = {
      path: `/${method.parent.typeName}/${method.name}`,
      requestSerialize: (request: Request) => toBinary(method.input, request),
      requestDeserialize: (bytes: Uint8Array) => fromBinary(method.input, bytes),
      responseSerialize: (answer: Answer) => toBinary(method.output, answer),
      responseDeserialize: (bytes: Uint8Array) => fromBinary(method.output, bytes),
      options: {},
    };
    const client = createClient(
      {
        unary: { ...definition, requestStream: false, responseStream: false },
        server_streaming: { ...definition, requestStream: false, responseStream: true },
        client_streaming: { ...definition, requestStream: true, responseStream: false },
        bidi_streaming: { ...definition, requestStream: true, responseStream: true },
      } as const,
      createChannel(address, transport),
    );
    try {
      switch (method.methodKind) {
        case "unary":
          for await (const request of requests) onAnswer(await client.unary(request));
          break;
        case "server_streaming":
          for await (const request of requests)
            for await (const answer of client.server_streaming(request, signal ? { signal } : {})) onAnswer(answer);
          break;
        case "client_streaming":
          onAnswer(await client.client_streaming(requests));
          break;
        case "bidi_streaming":
          for await (const answer of client.bidi_streaming(requests)) onAnswer(answer);
      }
    } catch (failure) {
      throw failure instanceof ClientError ? new Refusal(failure.code, failure.details) : failure;
    }
  };
}
