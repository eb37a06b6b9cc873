import { type DescField, fromJson, type JsonObject, toJson } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { everything, example, registry } from "../testing/everything";
import {
  addField,
  blank,
  type Draft,
  draftOf,
  dropField,
  firstProblem,
  jsonOf,
  type MessageDraft,
  setField,
} from "./draft";
import { shapeOf, shapeOfMessage, typeName } from "./shape";

const shape = shapeOfMessage(everything);

function field(name: string): DescField {
  const found = everything.fields.find((f) => f.name === name);
  if (!found) throw new Error(`no field ${name}`);
  return found;
}

function draft(json: JsonObject): MessageDraft {
  return draftOf(shape, json) as MessageDraft;
}

const typed = (text: string): Draft => ({ kind: "text", text });

describe("a draft", () => {
  test("of every kind of field becomes the JSON it was made of, which protobuf takes", () => {
    const json = jsonOf(shape, draft(example));
    expect(json).toEqual(example);
    expect(firstProblem(shape, draft(example))).toBeNull();
    expect(toJson(everything, fromJson(everything, json, { registry }), { registry })).toEqual(example);
  });

  test("leaves out what is not typed, unless the field says whether it is there", () => {
    const maybe = addField(blank(shape) as MessageDraft, field("maybe"));
    expect(jsonOf(shape, setField(maybe, field("small"), typed("")))).toEqual({ maybe: "" });
    expect(firstProblem(shape, maybe)).toBe("maybe: A whole number");
    expect(jsonOf(shape, addField(blank(shape) as MessageDraft, field("inner")))).toEqual({ inner: {} });
  });

  test("takes names as the contract writes them too", () => {
    expect(jsonOf(shape, draft({ large_number: 5 }))).toEqual({ largeNumber: "5" });
  });

  test("keeps what is no such value, and fields that the message does not have", () => {
    const json = { small: "a lot", extra: [1] };
    expect(jsonOf(shape, draft(json))).toEqual(json);
  });

  test.each([
    [{ inner: 5 }, "inner must be an object."],
    [{ numbers: {} }, "numbers must be a list."],
    [{ inners: [{}, { scores: [] }] }, "scores must be an object."],
  ])("of %j is none", (json, problem) => expect(() => draft(json)).toThrow(problem));
});

describe("a oneof", () => {
  test("has one field, and gives back what was typed for the other", () => {
    const left = setField(blank(shape) as MessageDraft, field("left"), typed("kept"));
    const right = addField(left, field("right"));
    expect(jsonOf(shape, right)).toEqual({ right: {} });
    expect(jsonOf(shape, addField(right, field("left")))).toEqual({ left: "kept" });
    expect(jsonOf(shape, dropField(right, field("right")))).toEqual({});
  });
});

describe("a problem", () => {
  test.each([
    ["small", "2147483648", "From -2147483648 to 2147483647"],
    ["small", "1.5", "A whole number"],
    ["large_number", "9223372036854775808", "From -9223372036854775808 to 9223372036854775807"],
    ["unsigned", "-1", "From 0 to 18446744073709551615"],
    ["real", "much", "A number"],
    ["real", "-Infinity", null],
    ["real", "1e-7", null],
    ["raw", "***", "Not base64"],
    ["colour", "GREEN", "No value of this enum"],
    ["colour", "7", null],
    ["time", "yesterday", "A time, as 2030-01-31T12:00:00Z"],
    ["time", "2030-13-31T12:00:00Z", "A time, as 2030-01-31T12:00:00Z"],
    ["span", "1.5", "Seconds, as 1.5s"],
    ["bag", "{", "Not JSON"],
  ])("in %s: %s", (name, text, problem) => {
    const whole = firstProblem(shape, setField(blank(shape) as MessageDraft, field(name), typed(text)));
    expect(whole).toBe(problem && `${name}: ${problem}`);
  });

  test("is a key that is there twice, or is none", () => {
    const scores = (...keys: string[]) =>
      firstProblem(
        shapeOf(field("scores")),
        { kind: "map", rows: keys.map((key) => ({ key, value: typed("1") })) },
        "scores",
      );
    expect(scores("1", "2")).toBeNull();
    expect(scores("1", "1")).toBe("scores: A key twice");
    expect(scores("x")).toBe("scores: A whole number");
  });
});

test("bytes typed as text are sent as base64", () => {
  const raw: Draft = { kind: "text", text: "Zoë", plain: true };
  expect(jsonOf(shape, setField(blank(shape) as MessageDraft, field("raw"), raw))).toEqual({ raw: "Wm/Dqw==" });
});

test.each([
  ["numbers", "repeated int32"],
  ["scores", "map<int32, double>"],
  ["colour", "Colour"],
  ["time", "Timestamp"],
  ["wrapped", "int64"],
])("%s is a %s", (name, type) => expect(typeName(shapeOf(field(name)))).toBe(type));
