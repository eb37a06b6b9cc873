import { Code, ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { describe, expect, test } from "vitest";
import { EnvelopeReader } from "./envelope";

const messages = [new Uint8Array(0), new Uint8Array([1]), new Uint8Array(300).fill(7), new Uint8Array([2, 3])];
const bytes = new Uint8Array(messages.flatMap((data, i) => [...encodeEnvelope(i === 3 ? 0x80 : 0, data)]));

function readIn(pieces: Uint8Array[]) {
  const reader = new EnvelopeReader();
  return pieces.flatMap((piece) => [...reader.read(piece)].map(({ flags, data }) => ({ flags, data: [...data] })));
}

const expected = messages.map((data, i) => ({ flags: i === 3 ? 0x80 : 0, data: [...data] }));

describe("envelopes", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 64, 299, 1000])("are found in pieces of %i bytes", (size) => {
    const pieces = [];
    for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.slice(at, at + size));
    expect(readIn(pieces)).toEqual(expected);
  });

  test("are found whatever the two pieces are", () => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(readIn([bytes.slice(0, cut), bytes.slice(cut)])).toEqual(expected);
    }
  });

  test("that are not complete are not given out", () => {
    expect(readIn([bytes.slice(0, -1)])).toEqual(expected.slice(0, 3));
  });

  test("too large are refused before their bytes are collected", () => {
    const reader = new EnvelopeReader();
    const header = new Uint8Array([0, 1, 0, 0, 1]);
    expect(() => [...reader.read(header)]).toThrow(ConnectError);
    try {
      [...new EnvelopeReader().read(header)];
    } catch (error) {
      expect(ConnectError.from(error).code).toBe(Code.ResourceExhausted);
    }
  });
});
