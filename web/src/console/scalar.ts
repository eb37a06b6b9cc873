// What is typed for a value that is not made of others, and the JSON that it stands for. Text that is no such value stays
// as it is, a string, so that nothing typed is lost on the way to JSON and back.
import { type JsonValue, ScalarType } from "@bufbuild/protobuf";
import type { Shape } from "./shape";

type Leaf = Exclude<Shape, { kind: "message" | "list" | "map" }>;

const whole = /^-?\d+$/;
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const instant = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;
const seconds = /^-?\d+(\.\d{1,9})?s$/;
const base64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

const ranges: Readonly<Partial<Record<ScalarType, readonly [low: bigint, high: bigint]>>> = {
  ...Object.fromEntries([ScalarType.INT32, ScalarType.SINT32, ScalarType.SFIXED32].map((t) => [t, signed(31n)])),
  ...Object.fromEntries([ScalarType.INT64, ScalarType.SINT64, ScalarType.SFIXED64].map((t) => [t, signed(63n)])),
  ...Object.fromEntries([ScalarType.UINT32, ScalarType.FIXED32].map((t) => [t, [0n, 2n ** 32n - 1n]])),
  ...Object.fromEntries([ScalarType.UINT64, ScalarType.FIXED64].map((t) => [t, [0n, 2n ** 64n - 1n]])),
};

function signed(bits: bigint): [bigint, bigint] {
  return [-(2n ** bits), 2n ** bits - 1n];
}

/** Why this cannot be sent as such a value, or null. */
export function problemOf(shape: Leaf, text: string): string | null {
  switch (shape.kind) {
    case "enum":
      return whole.test(text) || shape.desc.values.some((v) => v.name === text) ? null : "No value of this enum";
    case "known":
      return problemOfKnown(shape.known, text);
    case "scalar":
      return problemOfScalar(shape.scalar, text);
  }
}

function problemOfKnown(known: string, text: string): string | null {
  switch (known) {
    case "timestamp":
      return instant.test(text) && !Number.isNaN(Date.parse(text)) ? null : "A time, as 2030-01-31T12:00:00Z";
    case "duration":
      return seconds.test(text) ? null : "Seconds, as 1.5s";
    case "mask":
      return null;
    default:
      return parsed(text) === undefined ? "Not JSON" : null;
  }
}

function problemOfScalar(scalar: ScalarType, text: string): string | null {
  const range = ranges[scalar];
  if (range) {
    if (!whole.test(text)) return "A whole number";
    const [low, high] = range;
    return BigInt(text) < low || BigInt(text) > high ? `From ${low} to ${high}` : null;
  }
  switch (scalar) {
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return decimal.test(text) || /^(NaN|-?Infinity)$/.test(text) ? null : "A number";
    case ScalarType.BOOL:
      return /^(true|false)$/.test(text) ? null : "true or false";
    case ScalarType.BYTES:
      return base64.test(text) ? null : "Not base64";
    default:
      return null;
  }
}

export function leafJson(shape: Leaf, text: string): JsonValue {
  if (shape.kind === "known") return shape.known === "json" ? (parsed(text) ?? null) : text;
  if (shape.kind === "enum") return whole.test(text) ? Number(text) : text;
  switch (shape.scalar) {
    case ScalarType.BOOL:
      return text === "true" || (text !== "false" && text);
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return whole.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : text;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return decimal.test(text) && Number.isFinite(Number(text)) ? Number(text) : text;
    default:
      return text;
  }
}

/** What is shown for a value that came as JSON. */
export function leafText(shape: Leaf, json: JsonValue): string {
  if (shape.kind === "known" && shape.known === "json") return JSON.stringify(json, null, 2);
  return typeof json === "string" ? json : JSON.stringify(json);
}

/** What a value begins with once somebody says that it is there. */
export function firstText(shape: Leaf): string {
  if (shape.kind === "enum") return shape.desc.values[0]?.name ?? "0";
  if (shape.kind === "scalar") return shape.scalar === ScalarType.BOOL ? "false" : "";
  if (shape.known !== "json") return "";
  switch (shape.desc.name) {
    case "Any":
      return '{\n  "@type": "type.googleapis.com/"\n}';
    case "ListValue":
      return "[]";
    case "Value":
      return "null";
    default:
      return "{}";
  }
}

export function textToBase64(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** null for bytes that are no UTF-8. */
export function base64ToText(encoded: string): string | null {
  try {
    const plain = atob(encoded.replace(/-/g, "+").replace(/_/g, "/"));
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(plain, (c) => c.charCodeAt(0)));
  } catch {
    return null;
  }
}

function parsed(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
