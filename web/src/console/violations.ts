// What an error says about single fields.
import type { ReadableDetail } from "./session";

export interface Violation {
  readonly field: string;
  readonly description: string;
}

export function fieldViolations(detail: ReadableDetail): Violation[] {
  if (detail.type !== "google.rpc.BadRequest" || detail.json === null) return [];
  const { fieldViolations } = detail.json as { fieldViolations?: Partial<Violation>[] };
  return (fieldViolations ?? []).map(({ field = "", description = "" }) => ({ field, description }));
}

/** The descriptions by their field, as `plainPath` writes it. */
export function violationsOf(details: readonly ReadableDetail[]): Map<string, string> {
  return new Map(details.flatMap(fieldViolations).map((v) => [plainPath(v.field), v.description]));
}

/** A field's path without the difference between `page_size` and `pageSize`. */
export function plainPath(path: string): string {
  return path.replaceAll("_", "").toLowerCase();
}
