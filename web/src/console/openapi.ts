// What the OpenAPI document adds to the descriptors: the REST path of a method, and the comments of the contract, which
// generated descriptors do not carry.
import type { DescMethod, DescService } from "@bufbuild/protobuf";

export interface Operation {
  /** In capitals. */
  readonly verb: string;
  /** With the names of fields in braces. */
  readonly path: string;
  /** What the method does, in paragraphs; "" for nothing. */
  readonly comment: string;
  /** What the fields of the request mean, by their dotted path in JSON names. */
  readonly notes: ReadonlyMap<string, string>;
}

interface Schema {
  readonly $ref?: string;
  readonly description?: string;
  readonly title?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
}

interface Described {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly { readonly name?: string; readonly description?: string }[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> };
}

interface Document {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Described>>>>;
}

/** The operations of an OpenAPI 3 document by `operationId`; none where it is no such document. */
export function readOperations(document: unknown): Map<string, Operation> {
  const operations = new Map<string, Operation>();
  for (const [path, verbs] of Object.entries((document as Document | null)?.paths ?? {}))
    for (const [verb, described] of Object.entries(verbs)) {
      if (!described.operationId) continue;
      operations.set(described.operationId, {
        verb: verb.toUpperCase(),
        path,
        comment: [described.summary, described.description].filter(Boolean).join("\n\n"),
        notes: notesOf(document, described),
      });
    }
  return operations;
}

function notesOf(document: unknown, described: Described): Map<string, string> {
  const notes = new Map<string, string>();
  function walk(schema: Schema | undefined, prefix: string, depth: number): void {
    const resolved = schema?.$ref ? at(document, schema.$ref) : schema;
    if (!resolved || depth > 4) return;
    walk(resolved.items, prefix, depth);
    for (const part of resolved.allOf ?? []) walk(part, prefix, depth);
    if (typeof resolved.additionalProperties === "object") walk(resolved.additionalProperties, prefix, depth);
    for (const [name, property] of Object.entries(resolved.properties ?? {})) {
      const comment = property.description ?? property.title;
      if (comment) notes.set(prefix + name, comment);
      walk(property, `${prefix}${name}.`, depth + 1);
    }
  }
  for (const { name, description } of described.parameters ?? []) if (name && description) notes.set(name, description);
  for (const { schema } of Object.values(described.requestBody?.content ?? {})) walk(schema, "", 0);
  return notes;
}

function at(document: unknown, reference: string): Schema | undefined {
  let found = document;
  for (const name of reference.replace(/^#\//, "").split("/"))
    found = (found as Readonly<Record<string, unknown>> | undefined)?.[name];
  return found as Schema | undefined;
}

/**
 * The operation of a method. Its id is `Service_Method`. Where services share a short name, the id has the full name, with
 * underscores for dots; the short name alone is then the service whose full name it is.
 */
export function operationOf(
  operations: ReadonlyMap<string, Operation>,
  method: DescMethod,
  services: readonly DescService[],
): Operation | null {
  const full = operations.get(`${method.parent.typeName.replaceAll(".", "_")}_${method.name}`);
  if (full) return full;
  const namesakes = services.filter((service) => service.name === method.parent.name);
  return (namesakes.length === 1 && operations.get(`${method.parent.name}_${method.name}`)) || null;
}
