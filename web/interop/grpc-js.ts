import { fileURLToPath } from "node:url";
import { create, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { type ChannelOptions, Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { loadSync, type MethodDefinition, type ServiceDefinition } from "@grpc/proto-loader";
import { type Caller, Refusal } from "./calls";

const contract = loadSync(["routeguide/route_guide.proto", "routeguide/v1/note_service.proto"], {
  includeDirs: [fileURLToPath(new URL("../../proto", import.meta.url))],
  longs: String,
});

/** Calls as @grpc/grpc-js makes them of what @grpc/proto-loader reads in the contract. */
export function grpcJs(address: string, options: ChannelOptions = {}): Caller {
  const client = new Client(address, credentials.createInsecure(), options);
  return async (method, requests, onAnswer, until) => {
    const service = contract[method.parent.typeName] as ServiceDefinition;
    const { path, requestSerialize, responseDeserialize } = service[method.name] as MethodDefinition<object, object>;
    const tell = (answer?: object) =>
      onAnswer(
        create(method.output, answer as MessageInitShape<typeof method.output>) as MessageShape<typeof method.output>,
      );
    await new Promise<void>((resolve, reject) => {
      const fail = (why: ServiceError) => reject(new Refusal(why.code, why.details));
      const one = (why: ServiceError | null, answer?: object) => {
        if (why) fail(why);
        else resolve(tell(answer));
      };
      const send = async (call: { write(request: object): void; end(): void }) => {
        for await (const request of requests) call.write(request);
        call.end();
      };
      const first = async () => {
        for await (const request of requests) return request;
        throw new Error("no request");
      };
      const listen = (call: NodeJS.EventEmitter & { cancel(): void }) => {
        until?.addEventListener("abort", () => call.cancel());
        call.on("data", tell).on("error", fail).on("end", resolve);
      };
      const kinds = {
        unary: async () => client.makeUnaryRequest(path, requestSerialize, responseDeserialize, await first(), one),
        server_streaming: async () =>
          listen(client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, await first())),
        client_streaming: () => send(client.makeClientStreamRequest(path, requestSerialize, responseDeserialize, one)),
        bidi_streaming: () => {
          const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
          listen(call);
          return send(call);
        },
      };
      Promise.resolve(kinds[method.methodKind]()).catch(reject);
    });
  };
}
