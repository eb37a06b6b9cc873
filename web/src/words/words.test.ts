import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync } from "vite";
import { expect, test } from "vitest";
import { en } from "./en";
import { language } from "./language";
import { chat } from "./words";
import { zh } from "./zh";

type Text = readonly [name: string, value: unknown];

function textsOf(value: object, path = ""): Text[] {
  return Object.entries(value).flatMap(([key, inner]): Text[] =>
    typeof inner === "object" && inner !== null ? textsOf(inner, `${path}${key}.`) : [[path + key, inner]],
  );
}

test("Chinese has each text of English, and no other", () => {
  expect(
    textsOf(zh)
      .map(([name]) => name)
      .sort(),
  ).toEqual(
    textsOf(en)
      .map(([name]) => name)
      .sort(),
  );
});

test("Chinese says it in Chinese", () => {
  // Names, and frames of what is put into them.
  const alike = /^(basemaps\.day|chat\.says|record\.fromTo|routes\.formats\..*|routes\.sending)$/;
  const foreign = textsOf(zh).filter(([name, text]) => !alike.test(name) && !/\p{Script=Han}/u.test(String(text)));
  expect(foreign).toEqual([]);
});

test("elements have the same places in every language", () => {
  const places = (value: unknown) => [...new Set(String(value).match(/\{\d\}/g) ?? [])].sort();
  const chinese = new Map(textsOf(zh));
  for (const [name, value] of textsOf(en)) expect([name, places(chinese.get(name))]).toEqual([name, places(value)]);
});

test("what is said follows the choice", () => {
  language.value = "zh";
  expect(chat.tab).toBe("留言");
  language.value = "en";
  expect(chat.tab).toBe("Chat");
});

/** Attributes that people read or hear. */
const read = /^(aria-label|aria-valuetext|title|placeholder|alt|label|text|legend)$/;
/** Names are the same in every language. */
const names = /^(RouteGuide|GeoNames|Natural Earth|CC BY 4\.0|c|t|Enter|Backspace|Esc|https:\/\/)$/;

interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Literal texts in what a component shows; comparisons and classes are none. */
function literals(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(literals);
  if (typeof node !== "object" || node === null) return [];
  const { type, ...fields } = node as Node;
  if (type === "JSXElement" && /^(code|pre)$/.test(nameOf(fields.openingElement))) return [];
  if (type === "JSXText") return [String(fields.value)];
  if (type === "JSXAttribute")
    return read.test(nameOf(node)) ? said(fields.value) : literals((fields.value as Node | null)?.expression);
  if (type === "JSXExpressionContainer") return [...said(fields.expression), ...literals(fields.expression)];
  if (type === "CallExpression" && nameOf(fields.callee) === "say") return said(fields.arguments);
  return Object.values(fields).flatMap(literals);
}

/** The literal texts that an expression comes to. */
function said(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(said);
  if (typeof node !== "object" || node === null) return [];
  const { type, ...fields } = node as Node;
  if (type === "Literal") return typeof fields.value === "string" ? [fields.value] : [];
  if (type === "TemplateElement") return [(fields.value as { raw: string }).raw];
  if (type === "TemplateLiteral") return said(fields.quasis);
  if (type === "JSXExpressionContainer") return said(fields.expression);
  if (type === "ConditionalExpression") return said([fields.consequent, fields.alternate]);
  if (type === "LogicalExpression") return said(fields.right);
  return [];
}

function nameOf(node: unknown): string {
  const name = (node as { name?: unknown } | null)?.name;
  return typeof name === "object" ? nameOf(name) : String(name ?? "");
}

test("no component has a text of its own", () => {
  const src = join(import.meta.dirname, "..");
  const components = readdirSync(src, { recursive: true, encoding: "utf8" }).filter(
    // The console shows the names of the contract, and is English.
    (file) => /\.tsx?$/.test(file) && !/\.test\.|^(gen|testing|console)\//.test(file),
  );
  expect(components.length).toBeGreaterThan(100);
  const own = components.flatMap((file) =>
    literals(parseSync(file, readFileSync(join(src, file), "utf8")).program)
      .map((text) => text.trim())
      .filter((text) => /\p{L}/u.test(text) && !names.test(text))
      .map((text) => `${file}: ${text}`),
  );
  expect(own).toEqual([]);
});
