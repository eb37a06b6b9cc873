// A message while it is written: what was typed, field by field, whether or not it is a message yet.
import type { DescField, JsonObject, JsonValue } from "@bufbuild/protobuf";
import { firstText, leafJson, leafText, problemOf, textToBase64 } from "./scalar";
import { hasPresence, type Shape, shapeOf } from "./shape";

export type Draft =
  /** `plain`: bytes that are typed as text, not as base64. */
  | { readonly kind: "text"; readonly text: string; readonly plain?: boolean }
  | { readonly kind: "list"; readonly items: readonly Draft[] }
  | { readonly kind: "map"; readonly rows: readonly Row[] }
  | {
      readonly kind: "message";
      /** By JSON name; a field that is not set is not here. */
      readonly fields: Readonly<Record<string, Draft>>;
      /** Fields that were taken away, in case they come back. */
      readonly parked: Readonly<Record<string, Draft>>;
      /** Fields that the descriptors do not have. */
      readonly rest: JsonObject;
    };

export interface Row {
  readonly key: string;
  readonly value: Draft;
}

export type MessageDraft = Extract<Draft, { kind: "message" }>;

/** The draft of a value with nothing typed. */
export function blank(shape: Shape): Draft {
  switch (shape.kind) {
    case "list":
      return { kind: "list", items: [] };
    case "map":
      return { kind: "map", rows: [] };
    case "message":
      return { kind: "message", fields: {}, parked: {}, rest: {} };
    default:
      return { kind: "text", text: firstText(shape) };
  }
}

/** Throws an Error that says where the JSON is not of this shape; single values are taken as they are. */
export function draftOf(shape: Shape, json: JsonValue, where = "The message"): Draft {
  switch (shape.kind) {
    case "list":
      if (!Array.isArray(json)) throw new Error(`${where} must be a list.`);
      return { kind: "list", items: json.map((item, i) => draftOf(shape.item, item, `${where}[${i}]`)) };
    case "map":
      return {
        kind: "map",
        rows: Object.entries(object(json, where)).map(([key, value]) => ({
          key,
          value: draftOf(shape.value, value, `${where}.${key}`),
        })),
      };
    case "message": {
      const fields: Record<string, Draft> = {};
      const rest: JsonObject = {};
      for (const [name, value] of Object.entries(object(json, where))) {
        const field = shape.desc.fields.find((f) => f.jsonName === name || f.name === name);
        if (!field) rest[name] = value;
        else if (value !== null || field.message?.typeName === "google.protobuf.Value")
          fields[field.jsonName] = draftOf(shapeOf(field), value, name);
      }
      return { kind: "message", fields, parked: {}, rest };
    }
    default:
      return { kind: "text", text: leafText(shape, json) };
  }
}

function object(json: JsonValue, where: string): JsonObject {
  if (json === null || typeof json !== "object" || Array.isArray(json)) throw new Error(`${where} must be an object.`);
  return json;
}

/** The JSON that the draft stands for, as far as it does. */
export function jsonOf(shape: Shape, draft: Draft): JsonValue {
  if (shape.kind === "list" && draft.kind === "list") return draft.items.map((item) => jsonOf(shape.item, item));
  if (shape.kind === "map" && draft.kind === "map")
    return Object.fromEntries(draft.rows.map(({ key, value }) => [key, jsonOf(shape.value, value)]));
  if (shape.kind === "message" && draft.kind === "message") {
    const json: JsonObject = {};
    for (const field of shape.desc.fields) {
      const value = draft.fields[field.jsonName];
      if (value && !isDefault(field, value)) json[field.jsonName] = jsonOf(shapeOf(field), value);
    }
    return { ...json, ...draft.rest };
  }
  if (draft.kind !== "text" || shape.kind === "list" || shape.kind === "map" || shape.kind === "message") return null;
  return leafJson(shape, draft.plain ? textToBase64(draft.text) : draft.text);
}

/** A field without presence that has nothing typed, or no elements, is left out. */
function isDefault(field: DescField, draft: Draft): boolean {
  if (hasPresence(field)) return false;
  if (draft.kind === "text") return draft.text === "";
  return draft.kind === "list" ? draft.items.length === 0 : draft.kind === "map" && draft.rows.length === 0;
}

/** Why one field's own text cannot be sent, or null. */
export function problemOfField(shape: Shape, draft: Draft, needed: boolean): string | null {
  if (draft.kind !== "text" || shape.kind === "list" || shape.kind === "map" || shape.kind === "message") return null;
  if (draft.plain || (draft.text === "" && !needed)) return null;
  return problemOf(shape, draft.text);
}

/** The first problem in a draft, with the name of its field, or null. */
export function firstProblem(shape: Shape, draft: Draft, name = "The message", needed = true): string | null {
  if (shape.kind === "list" && draft.kind === "list")
    return first(draft.items, (d) => firstProblem(shape.item, d, name));
  if (shape.kind === "map" && draft.kind === "map") {
    const key: Shape = { kind: "scalar", scalar: shape.key };
    return first(draft.rows, (row, i) => {
      const problem =
        problemOf(key, row.key) ?? (draft.rows.findIndex((r) => r.key === row.key) < i ? "A key twice" : null);
      return problem ? `${name}: ${problem}` : firstProblem(shape.value, row.value, name);
    });
  }
  if (shape.kind === "message" && draft.kind === "message")
    return first(shape.desc.fields, (field) => {
      const value = draft.fields[field.jsonName];
      return value ? firstProblem(shapeOf(field), value, field.name, hasPresence(field)) : null;
    });
  const problem = problemOfField(shape, draft, needed);
  return problem && `${name}: ${problem}`;
}

function first<T>(items: readonly T[], problem: (item: T, index: number) => string | null): string | null {
  for (const [i, item] of items.entries()) {
    const found = problem(item, i);
    if (found) return found;
  }
  return null;
}

export function setField(draft: MessageDraft, field: DescField, value: Draft): MessageDraft {
  return { ...draft, fields: { ...draft.fields, [field.jsonName]: value } };
}

/** Takes a field away; `addField` brings it back as it was. */
export function dropField(draft: MessageDraft, field: DescField): MessageDraft {
  const { [field.jsonName]: gone, ...fields } = draft.fields;
  return gone ? { ...draft, fields, parked: { ...draft.parked, [field.jsonName]: gone } } : draft;
}

/** Adds a field; the others of its oneof go. */
export function addField(draft: MessageDraft, field: DescField): MessageDraft {
  const others = field.oneof?.fields.filter((other) => other !== field) ?? [];
  const value = draft.parked[field.jsonName] ?? blank(shapeOf(field));
  return setField(others.reduce(dropField, draft), field, value);
}
