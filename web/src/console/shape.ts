// What a form shows for a field: taken from descriptors, with the well-known types as the JSON of protobuf has them.
import { type DescEnum, type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence as Presence } from "@bufbuild/protobuf/wkt";

export type Known = "timestamp" | "duration" | "mask" | "json";

export type Shape =
  | { readonly kind: "scalar"; readonly scalar: ScalarType }
  | { readonly kind: "enum"; readonly desc: DescEnum }
  | { readonly kind: "known"; readonly known: Known; readonly desc: DescMessage }
  | { readonly kind: "message"; readonly desc: DescMessage }
  | { readonly kind: "list"; readonly item: Shape }
  | { readonly kind: "map"; readonly key: ScalarType; readonly value: Shape };

const known: Readonly<Record<string, Known>> = {
  "google.protobuf.Timestamp": "timestamp",
  "google.protobuf.Duration": "duration",
  "google.protobuf.FieldMask": "mask",
  "google.protobuf.Struct": "json",
  "google.protobuf.Value": "json",
  "google.protobuf.ListValue": "json",
  "google.protobuf.Any": "json",
};

const wrapper = /^google\.protobuf\.(Double|Float|U?Int64|U?Int32|Bool|String|Bytes)Value$/;

export function shapeOfMessage(desc: DescMessage): Shape {
  const form = known[desc.typeName];
  if (form) return { kind: "known", known: form, desc };
  const value = wrapper.test(desc.typeName) ? desc.fields[0] : undefined;
  return value?.scalar ? { kind: "scalar", scalar: value.scalar } : { kind: "message", desc };
}

export function shapeOf(field: DescField): Shape {
  switch (field.fieldKind) {
    case "list":
      return {
        kind: "list",
        item: element(field.listKind === "scalar" ? field.scalar : (field.enum ?? field.message)),
      };
    case "map":
      return {
        kind: "map",
        key: field.mapKey,
        value: element(field.mapKind === "scalar" ? field.scalar : (field.enum ?? field.message)),
      };
    default:
      return element(field.scalar ?? field.enum ?? field.message);
  }
}

function element(type: ScalarType | DescEnum | DescMessage | undefined): Shape {
  if (type === undefined) throw new Error("a field without a type");
  if (typeof type === "number") return { kind: "scalar", scalar: type };
  return type.kind === "enum" ? { kind: "enum", desc: type } : shapeOfMessage(type);
}

/** Whether a field that is not set differs from one that is set to its default value. */
export function hasPresence(field: DescField): boolean {
  return field.fieldKind !== "list" && field.fieldKind !== "map" && field.presence !== Presence.IMPLICIT;
}

/** As a .proto file would say it: `repeated int32`, `map<string, Point>`. */
export function typeName(shape: Shape): string {
  switch (shape.kind) {
    case "scalar":
      return ScalarType[shape.scalar].toLowerCase();
    case "list":
      return `repeated ${typeName(shape.item)}`;
    case "map":
      return `map<${ScalarType[shape.key].toLowerCase()}, ${typeName(shape.value)}>`;
    default:
      return shape.desc.name;
  }
}
