import { create, type FileRegistry, fromJson, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { type AskFiles, Library, registryOf } from "./descriptors";

function file(init: MessageInitShape<typeof FileDescriptorProtoSchema>): FileDescriptorProto {
  return create(FileDescriptorProtoSchema, { syntax: "proto3", ...init });
}

function service(name: string, message: string, ...dependency: string[]): FileDescriptorProto {
  const type = `.${message}`;
  return file({
    name: `${name}.proto`,
    dependency,
    service: [{ name, method: [{ name: "Call", inputType: type, outputType: type }] }],
  });
}

/** A server with these answers to symbols, and these files to send by their names. */
function server(answers: Record<string, FileDescriptorProto[]>, ...files: FileDescriptorProto[]): AskFiles {
  return async (question) => {
    if ("fileByFilename" in question) return files.filter(({ name }) => name === question.fileByFilename);
    const answer = answers[question.fileContainingSymbol];
    if (!answer) throw new Error("not found");
    return answer;
  };
}

function inputFields(registry: FileRegistry, name: string): string[] | undefined {
  return registry.getService(name)?.methods[0]?.input.fields.map((field) => field.name);
}

const type = 9;
const label = 1;
const point = file({ name: "point.proto", messageType: [{ name: "Point" }] });

test("a symbol comes with all that its file needs, sent at once, before, or when asked for", async () => {
  const area = file({ name: "area.proto", dependency: ["point.proto"], messageType: [{ name: "Area" }] });
  const one = service("One", "Area", "point.proto", "area.proto");
  const two = service("Two", "Point", "point.proto");
  const library = new Library(server({ One: [one, area], Two: [two] }, point));
  const [first, second] = await Promise.all([library.describe("One"), library.describe("Two")]);
  expect(inputFields(first, "One")).toEqual([]);
  expect(inputFields(second, "Two")).toEqual([]);
});

test("one symbol that cannot be described leaves the others alone", async () => {
  const broken = service("Broken", "Gone", "gone.proto");
  const wrong = service("Wrong", "Nothing");
  const library = new Library(
    server({ One: [service("One", "Point", "point.proto"), point], broken: [broken], wrong: [wrong] }),
  );
  const told = await Promise.allSettled(["broken", "wrong", "unknown", "One"].map((name) => library.describe(name)));
  expect(told.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected", "fulfilled"]);
  expect(String((told[0] as PromiseRejectedResult).reason)).toContain("gone.proto");
});

test("files of one name from different servers are not mixed up", async () => {
  const types = (field: string) =>
    file({ name: "types.proto", messageType: [{ name: "Item", field: [{ name: field, number: 1, type, label }] }] });
  const answers = {
    One: [service("One", "Item", "types.proto"), types("ours")],
    Two: [service("Two", "Item", "types.proto"), types("theirs")],
  };
  const library = new Library(server(answers));
  expect(inputFields(await library.describe("One"), "One")).toEqual(["ours"]);
  expect(inputFields(await library.describe("Two"), "Two")).toEqual(["theirs"]);
});

test("descriptors without JSON names get those of protobuf", () => {
  const field = (name: string, number: number) => ({ name, number, type: 5, label }) as const;
  const registry = registryOf([
    file({
      name: "a.proto",
      messageType: [
        {
          name: "A",
          field: [field("user_ids", 1), field("x", 2)],
          nestedType: [{ name: "B", field: [field("a_b_c", 1)] }],
        },
      ],
    }),
  ]);
  const [outer, inner] = ["A", "A.B"].map((name) => registry.getMessage(name));
  if (!outer || !inner) throw new Error("the messages are missing");
  expect(toJson(outer, fromJson(outer, { userIds: 5, x: 1 }))).toEqual({ userIds: 5, x: 1 });
  expect(toJson(inner, fromJson(inner, { aBC: 5 }))).toEqual({ aBC: 5 });
});
