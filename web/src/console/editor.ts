// One message in its two forms. Going from one to the other and back changes nothing that was typed.
import { type DescMessage, fromJson, type JsonValue, type Message, type Registry } from "@bufbuild/protobuf";
import { blank, type Draft, draftOf, firstProblem, jsonOf } from "./draft";
import { shapeOfMessage } from "./shape";

export interface Editor {
  readonly mode: "form" | "json";
  readonly draft: Draft;
  readonly text: string;
  /** The text that was made from the draft. While nobody changed it, the draft knows more than the text. */
  readonly made: string;
}

export function emptyEditor(desc: DescMessage): Editor {
  return withDraft(desc, blank(shapeOfMessage(desc)));
}

/** An editor with a message that came from a link or the history; in JSON where it fits no form. */
export function editorOf(desc: DescMessage, text: string): Editor {
  const editor: Editor = { ...emptyEditor(desc), mode: "json", text };
  const form = asForm(desc, editor);
  return typeof form === "string" ? editor : form;
}

export function withDraft(desc: DescMessage, draft: Draft): Editor {
  const made = pretty(jsonOf(shapeOfMessage(desc), draft));
  return { mode: "form", draft, text: made, made };
}

export function asJson(editor: Editor): Editor {
  return { ...editor, mode: "json" };
}

/** The same as a form, or a sentence that says why it cannot be shown as one. */
export function asForm(desc: DescMessage, editor: Editor): Editor | string {
  if (editor.text === editor.made) return { ...editor, mode: "form" };
  try {
    return withDraft(desc, draftOf(shapeOfMessage(desc), parse(editor.text)));
  } catch (problem) {
    return reason(problem);
  }
}

/** The message as JSON on one line, or as it was typed where that is no JSON. */
export function compact(editor: Editor): string {
  try {
    return JSON.stringify(parse(editor.text));
  } catch {
    return editor.text;
  }
}

/** What would be sent, or a sentence that says why nothing can be. */
export function messageOf(desc: DescMessage, editor: Editor, registry: Registry): Message | string {
  if (editor.mode === "form") {
    const problem = firstProblem(shapeOfMessage(desc), editor.draft);
    if (problem) return problem;
  }
  try {
    return fromJson(desc, parse(editor.text), { registry });
  } catch (problem) {
    return reason(problem);
  }
}

/** Nothing at all is the empty message. Whole numbers that JavaScript would round become text, which protobuf takes too. */
export function parse(text: string): JsonValue {
  const exact = text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) =>
    /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token,
  );
  return text.trim() === "" ? {} : JSON.parse(exact);
}

function pretty(json: JsonValue): string {
  return JSON.stringify(json, null, 2);
}

function reason(problem: unknown): string {
  const text = problem instanceof Error ? problem.message : String(problem);
  return text.charAt(0).toUpperCase() + text.slice(1);
}
