import {
  create,
  type DescMessage,
  type DescMethodServerStreaming,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { createMethodUrl, encodeEnvelope } from "@connectrpc/connect/protocol";
import {
  requestHeader,
  trailerFlag,
  trailerParse,
  validateResponse,
  validateTrailer,
} from "@connectrpc/connect/protocol-grpc-web";
import { EnvelopeReader } from "./envelope";
import { Entry, understood } from "./journal";

/**
 * Calls a server-streaming method over gRPC-Web and hands over all messages of a network read at once. A list of 100,000
 * messages takes a fraction of what an asynchronous step for each one would.
 *
 * Rejects with a ConnectError; what `onBatch` was given before stays valid.
 */
export async function streamBatches<I extends DescMessage, O extends DescMessage>(
  baseUrl: string,
  method: DescMethodServerStreaming<I, O>,
  input: MessageInitShape<I>,
  onBatch: (batch: MessageShape<O>[]) => void,
  signal: AbortSignal,
): Promise<void> {
  const entry = new Entry(method.name, "gRPC-Web", signal);
  try {
    const response = await fetch(createMethodUrl(baseUrl, method), {
      method: "POST",
      headers: requestHeader(true, undefined, undefined, false),
      body: encodeEnvelope(0, toBinary(method.input, create(method.input, input))),
      redirect: "error",
      signal,
    });
    entry.sent();
    const { headerError } = validateResponse(response.status, response.headers);
    if (headerError) throw headerError;
    if (!response.body) throw new ConnectError("the answer has no body", Code.Internal);

    const envelopes = new EnvelopeReader();
    const reader = response.body.getReader();
    let trailer: Headers | undefined;
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      const batch: MessageShape<O>[] = [];
      for (const { flags, data } of envelopes.read(piece.value)) {
        if (flags & trailerFlag) trailer = trailerParse(data);
        else batch.push(fromBinary(method.output, data));
      }
      entry.received(batch.length, piece.value.length);
      if (batch.length > 0) onBatch(batch);
    }
    if (trailer) validateTrailer(trailer, response.headers);
    else if (!response.headers.has("grpc-status")) throw new ConnectError("the answer was cut off", Code.Unavailable);
    entry.end();
  } catch (failure) {
    entry.end(failure);
    throw understood(failure);
  }
}
