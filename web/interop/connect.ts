import type { MessageShape } from "@bufbuild/protobuf";
import { ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { type Caller, Refusal } from "./calls";

/** Calls as the clients of @connectrpc/connect make them; over connect-web those with one request. */
export function connect(transport: Transport): Caller {
  return async (method, requests, onAnswer, signal) => {
    type Request = MessageShape<typeof method.input>;
    type Answer = MessageShape<typeof method.output>;
    type Call<T> = (request: Request, options: { signal?: AbortSignal }) => T;
    const options = signal ? { signal } : {};
    const client: object = createClient(method.parent, transport);
    const made = client as Record<string, unknown>;
    try {
      for await (const request of requests) {
        if (method.methodKind === "unary") {
          onAnswer(await (made[method.localName] as Call<Promise<Answer>>)(request, options));
          continue;
        }
        const answers = (made[method.localName] as Call<AsyncIterable<Answer>>)(request, options);
        for await (const answer of answers) onAnswer(answer);
      }
    } catch (failure) {
      throw failure instanceof ConnectError ? new Refusal(failure.code, failure.rawMessage) : failure;
    }
  };
}
