import { Code, ConnectError } from "@connectrpc/connect";

/** What gRPC-Web puts around a message, or around header fields when `flags` has the bit 0x80. */
export interface Envelope {
  readonly flags: number;
  readonly data: Uint8Array;
}

const PREFIX = 5;
const LARGEST = 16 * 1024 * 1024;

/** Finds the envelopes in bytes that arrive in pieces of any size. */
export class EnvelopeReader {
  #rest: Uint8Array = new Uint8Array(0);

  /**
   * Gives the envelopes that this piece completes. Their data may share the piece's memory.
   *
   * Throws RESOURCE_EXHAUSTED for one that claims more than 16 MiB, before that much is collected.
   */
  *read(piece: Uint8Array): Generator<Envelope> {
    const bytes = this.#rest.length === 0 ? piece : join(this.#rest, piece);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    while (bytes.length - at >= PREFIX) {
      const length = view.getUint32(at + 1);
      if (length > LARGEST) throw new ConnectError(`a message of ${length} bytes is too large`, Code.ResourceExhausted);
      const end = at + PREFIX + length;
      if (end > bytes.length) break;
      yield { flags: view.getUint8(at), data: bytes.subarray(at + PREFIX, end) };
      at = end;
    }
    this.#rest = bytes.slice(at);
  }

  /** Whether an envelope has begun and not ended. */
  get incomplete(): boolean {
    return this.#rest.length > 0;
  }
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
