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

export interface BatchCall<I extends DescMessage, O extends DescMessage> {
  readonly method: DescMethodServerStreaming<I, O>;
  readonly input: MessageInitShape<I>;
  readonly metadata?: Record<string, string>;
  onHeader(header: Headers): void;
  /** All messages of a network read, which had so many bytes. */
  onBatch(batch: MessageShape<O>[], bytes: number): void;
}

/**
 * Calls a server-streaming method over gRPC-Web and hands over all messages of a network read at once. A list of 100,000
 * messages takes a fraction of what an asynchronous step for each one would.
 *
 * Rejects when the call fails; what `onBatch` was given before stays valid.
 */
export async function streamBatches<I extends DescMessage, O extends DescMessage>(
  baseUrl: string,
  { method, input, metadata = {}, onHeader, onBatch }: BatchCall<I, O>,
  signal: AbortSignal,
): Promise<void> {
  const response = await fetch(createMethodUrl(baseUrl, method), {
    method: "POST",
    headers: requestHeader(true, undefined, metadata, false),
    body: encodeEnvelope(0, toBinary(method.input, create(method.input, input))),
    redirect: "error",
    signal,
  });
  const { headerError } = validateResponse(response.status, response.headers);
  if (headerError) throw headerError;
  if (!response.body) throw new ConnectError("the answer has no body", Code.Internal);
  onHeader(response.headers);

  const envelopes = new EnvelopeReader();
  const reader = response.body.getReader();
  let trailer: Headers | undefined;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    const batch: MessageShape<O>[] = [];
    for (const { flags, data } of envelopes.read(piece.value)) {
      if (flags & trailerFlag) trailer = trailerParse(data);
      else batch.push(fromBinary(method.output, data));
    }
    onBatch(batch, piece.value.length);
  }
  if (trailer) validateTrailer(trailer, response.headers);
  else if (!response.headers.has("grpc-status")) throw new ConnectError("the answer was cut off", Code.Unavailable);
}
