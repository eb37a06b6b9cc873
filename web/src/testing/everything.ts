// For tests: a message with a field of every kind, and the registry that it is from.
import {
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  fromJson,
  type JsonValue,
  toJson,
} from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_any,
  file_google_protobuf_duration,
  file_google_protobuf_field_mask,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
} from "@bufbuild/protobuf/wkt";

const known = [
  file_google_protobuf_any,
  file_google_protobuf_duration,
  file_google_protobuf_field_mask,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
];

let next = 1;

function field(name: string, type: string, more: { [key: string]: JsonValue } = {}): { [key: string]: JsonValue } {
  const kind = type === "Colour" ? "TYPE_ENUM" : "TYPE_MESSAGE";
  const own = /^[a-z0-9]+$/.test(type)
    ? { type: `TYPE_${type.toUpperCase()}` }
    : { type: kind, typeName: type.startsWith(".") ? type : `.test.${type}` };
  const jsonName = name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  return { name, jsonName, number: next++, label: "LABEL_OPTIONAL", ...own, ...more };
}

const list = { label: "LABEL_REPEATED" };

export const registry: FileRegistry = createFileRegistry(
  fromJson(FileDescriptorSetSchema, {
    file: [
      ...known.map((file) => toJson(FileDescriptorProtoSchema, file.proto)),
      {
        name: "test/everything.proto",
        package: "test",
        syntax: "proto3",
        dependency: known.map((file) => file.proto.name),
        enumType: [
          {
            name: "Colour",
            value: [
              { name: "NONE", number: 0 },
              { name: "RED", number: 1 },
            ],
          },
        ],
        messageType: [
          {
            name: "Everything",
            field: [
              field("text", "string"),
              field("flag", "bool"),
              field("small", "int32"),
              field("large_number", "int64"),
              field("unsigned", "uint64"),
              field("real", "double"),
              field("raw", "bytes"),
              field("colour", "Colour"),
              field("maybe", "int32", { proto3Optional: true, oneofIndex: 1 }),
              field("inner", "Everything"),
              field("numbers", "int32", list),
              field("inners", "Everything", list),
              field("scores", "Everything.ScoresEntry", list),
              field("left", "string", { oneofIndex: 0 }),
              field("right", "Everything", { oneofIndex: 0 }),
              field("time", ".google.protobuf.Timestamp"),
              field("span", ".google.protobuf.Duration"),
              field("mask", ".google.protobuf.FieldMask"),
              field("bag", ".google.protobuf.Struct"),
              field("value", ".google.protobuf.Value"),
              field("any", ".google.protobuf.Any"),
              field("wrapped", ".google.protobuf.Int64Value"),
            ],
            oneofDecl: [{ name: "side" }, { name: "_maybe" }],
            nestedType: [
              {
                name: "ScoresEntry",
                field: [
                  { name: "key", jsonName: "key", number: 1, label: "LABEL_OPTIONAL", type: "TYPE_INT32" },
                  { name: "value", jsonName: "value", number: 2, label: "LABEL_OPTIONAL", type: "TYPE_DOUBLE" },
                ],
                options: { mapEntry: true },
              },
            ],
          },
        ],
      },
    ],
  }),
);

export const everything = registry.getMessage("test.Everything") as DescMessage;

/** A value for every field, as protobuf writes it. */
export const example = {
  text: "Zoë\n",
  flag: true,
  small: -7,
  largeNumber: "-9223372036854775808",
  unsigned: "18446744073709551615",
  real: 1.5,
  raw: "/wA=",
  colour: "RED",
  maybe: 0,
  inner: { text: "in" },
  numbers: [1, 2],
  inners: [{ text: "a" }, {}],
  scores: { "-1": 0.5, "2": 1 },
  right: { flag: true },
  time: "2030-01-31T12:00:00Z",
  span: "1.500s",
  mask: "text,inner.text",
  bag: { a: [1, null, { b: true }] },
  value: null,
  any: { "@type": "type.googleapis.com/test.Everything", text: "x" },
  wrapped: "5",
};
