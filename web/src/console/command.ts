// The same call for a shell.
import { type DescField, type DescMessage, type JsonValue, ScalarType } from "@bufbuild/protobuf";
import type { Method } from "./catalog";
import type { Pair } from "./metadata";
import type { Operation } from "./openapi";
import { type Shape, shapeOf } from "./shape";

export interface Request {
  readonly method: Method;
  /** What was sent, or would be. One, unless the client streams. */
  readonly messages: readonly JsonValue[];
  readonly metadata: readonly Pair[];
  /** null: none. */
  readonly deadlineMs: number | null;
}

/** One word of a POSIX shell, whatever is in it. */
export function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** `address` is that of native gRPC, as host:port. */
export function grpcurlOf(request: Request, address: string, tls: boolean): string {
  const { method, messages, metadata, deadlineMs } = request;
  const words = ["grpcurl", ...(tls ? [] : ["-plaintext"])];
  for (const { name, value } of metadata) words.push("-H", quote(`${name}: ${value}`));
  if (deadlineMs !== null) words.push("-max-time", String(deadlineMs / 1000));
  const data = messages.map((message) => JSON.stringify(message)).join("\n");
  words.push("-d", quote(data), quote(address), quote(method.id));
  return words.join(" ");
}

/** A curl line for the method's REST path; null where it has none, or the message does not fit into it. */
export function curlOf(request: Request, origin: string): string | null {
  const { operation, desc } = request.method;
  if (!operation) return null;
  const takesBody = /^(POST|PUT|PATCH)$/.test(operation.verb);
  const message = request.messages[0] ?? {};
  const target = targetOf(operation, desc.input, takesBody ? {} : message);
  if (target === null) return null;

  const streams = desc.methodKind !== "unary";
  const sends = desc.methodKind === "client_streaming" || desc.methodKind === "bidi_streaming";
  const words = ["curl", ...(streams ? ["-N"] : [])];
  if (sends || operation.verb !== (takesBody ? "POST" : "GET")) words.push("-X", operation.verb);
  for (const { name, value } of request.metadata) words.push("-H", quote(`Grpc-Metadata-${name}: ${value}`));
  if (request.deadlineMs !== null) words.push("-H", quote(`Grpc-Timeout: ${request.deadlineMs}m`));
  if (takesBody) words.push("-H", quote("Content-Type: application/json"));
  if (takesBody && !sends) words.push("-d", quote(JSON.stringify(message)));
  if (sends) words.push("-T", "-");
  words.push(quote(origin + target));
  if (!sends) return words.join(" ");
  const lines = request.messages.map((line) => quote(JSON.stringify(line)));
  return `${lines.length > 0 ? `printf '%s\\n' ${lines.join(" ")}` : "printf ''"} | ${words.join(" ")}`;
}

/** Path and query that carry a whole message; null where they cannot. */
function targetOf(operation: Operation, desc: DescMessage, message: JsonValue): string | null {
  const query = flatten({ kind: "message", desc }, message, "");
  if (!query) return null;
  let whole = true;
  const path = operation.path.replace(/\{([^}=]+)[^}]*\}/g, (_, name: string) => {
    const field = desc.fields.find((f) => f.name === name || f.jsonName === name);
    const at = query.findIndex(([key]) => key === field?.jsonName);
    const value = at < 0 ? field && initial(field) : query.splice(at, 1)[0]?.[1];
    if (!value) whole = false;
    return encodeURIComponent(value ?? "");
  });
  const fields = query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  if (!whole) return null;
  return fields.length > 0 ? `${path}?${fields.join("&")}` : path;
}

/** A value as fields of a query; null where a query has no room for it: a list of messages, or JSON without fields. */
function flatten(shape: Shape, json: JsonValue, path: string): [name: string, value: string][] | null {
  if (json === null) return [];
  if (Array.isArray(json)) {
    const plain = shape.kind === "list" && json.every((item) => item !== null && typeof item !== "object");
    return plain ? json.map((item) => [path, String(item)]) : null;
  }
  if (typeof json !== "object") return shape.kind === "message" ? null : [[path, String(json)]];
  const parts = Object.entries(json).map(([name, value]) => {
    if (shape.kind === "map") return flatten(shape.value, value, `${path}[${name}]`);
    const field = shape.kind === "message" && shape.desc.fields.find((f) => f.jsonName === name || f.name === name);
    return field ? flatten(shapeOf(field), value, (path && `${path}.${field.jsonName}`) || field.jsonName) : null;
  });
  if (parts.includes(null)) return null;
  if (parts.length > 0 || path === "" || shape.kind === "map") return parts.flatMap((part) => part ?? []);
  // A query cannot hold an empty message: one of its fields is written with its default value instead.
  const some = shape.kind === "message" && shape.desc.fields.find((f) => f.fieldKind === "scalar" && !f.oneof);
  return some ? [[`${path}.${some.jsonName}`, initial(some)]] : null;
}

/** What a field is when it is left out. */
function initial(field: DescField): string {
  if (field.fieldKind !== "scalar" || field.scalar === ScalarType.STRING || field.scalar === ScalarType.BYTES)
    return "";
  return field.scalar === ScalarType.BOOL ? "false" : "0";
}
