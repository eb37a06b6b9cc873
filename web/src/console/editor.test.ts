import { toJson } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { everything, example, registry } from "../testing/everything";
import type { MessageDraft } from "./draft";
import { asForm, asJson, compact, editorOf, emptyEditor, messageOf, parse, withDraft } from "./editor";

test("going to JSON and back keeps the very draft", () => {
  const draft: MessageDraft = {
    kind: "message",
    fields: { raw: { kind: "text", text: "as text", plain: true }, small: { kind: "text", text: "12x" } },
    parked: { left: { kind: "text", text: "parked" } },
    rest: {},
  };
  const form = withDraft(everything, draft);
  expect(JSON.parse(asJson(form).text)).toEqual({ raw: "YXMgdGV4dA==", small: "12x" });
  expect(asForm(everything, asJson(form))).toMatchObject({ mode: "form", draft });
});

test("JSON that is changed becomes the form", () => {
  const json = { ...asJson(emptyEditor(everything)), text: JSON.stringify(example) };
  const form = asForm(everything, json);
  expect(typeof form === "string" ? form : JSON.parse(form.text)).toEqual(example);
});

test("JSON that is none stays as it was typed, and says why", () => {
  const json = { ...asJson(emptyEditor(everything)), text: '{"text":' };
  expect(asForm(everything, json)).toMatch(/JSON/);
  expect(messageOf(everything, json, registry)).toMatch(/JSON/);
  expect(compact(json)).toBe('{"text":');
});

test("a link with JSON that fits no form is shown as JSON", () => {
  expect(editorOf(everything, '{"inner":5}')).toMatchObject({ mode: "json", text: '{"inner":5}' });
  expect(editorOf(everything, '{"small":5}')).toMatchObject({ mode: "form" });
});

test("what would be sent is a message, or the reason why not", () => {
  const message = messageOf(everything, editorOf(everything, JSON.stringify(example)), registry);
  expect(typeof message === "string" ? message : toJson(everything, message, { registry })).toEqual(example);
  expect(messageOf(everything, editorOf(everything, '{"small":"x"}'), registry)).toBe("small: A whole number");
  expect(messageOf(everything, { ...asJson(emptyEditor(everything)), text: '{"nothing":1}' }, registry)).toMatch(
    /nothing/,
  );
  expect(messageOf(everything, { ...asJson(emptyEditor(everything)), text: " " }, registry)).toMatchObject({
    text: "",
  });
});

test("numbers beyond what JavaScript counts exactly are not rounded", () => {
  const text =
    '{"largeNumber":-9223372036854775807,"text":"12345678901234567890 \\"12345678901234567890","real":0.1234567890123456}';
  expect(parse(text)).toEqual({
    largeNumber: "-9223372036854775807",
    text: '12345678901234567890 "12345678901234567890',
    real: 0.1234567890123456,
  });
});
