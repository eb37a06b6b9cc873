// The calls that were made here, newest first: what was sent, not what came back.
import type { Pair } from "./metadata";
import { isSecret } from "./metadata";

export interface Past {
  /** As in `routeguide.RouteGuide/GetFeature`. */
  readonly method: string;
  /** What was sent, as JSON on one line each; the first ones of a long stream. */
  readonly messages: readonly string[];
  /** Without the values of secrets. */
  readonly metadata: readonly Pair[];
  /** As it was typed, in seconds. */
  readonly deadline: string;
  /** Milliseconds since the epoch. */
  readonly began: number;
  readonly ms: number;
  /** The status. */
  readonly code: number;
}

const most = { calls: 50, messages: 20, characters: 200_000 };

/** The list with one call more, within its bounds. The same call made again takes the older one's place. */
export function remembered(list: readonly Past[], past: Past): Past[] {
  const kept: Past = {
    ...past,
    messages: past.messages.slice(0, most.messages),
    metadata: past.metadata.map((pair) => (isSecret(pair.name) ? { ...pair, value: "" } : pair)),
  };
  const same = identity(kept);
  let room = most.characters;
  return [kept, ...list.filter((other) => identity(other) !== same)].slice(0, most.calls).filter((call) => {
    room -= identity(call).length;
    return room >= 0;
  });
}

function identity({ method, messages, metadata, deadline }: Past): string {
  return JSON.stringify([method, messages, metadata, deadline]);
}

/** null for what is no history. */
export function decodeHistory(text: string): Past[] | null {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.filter(isPast) : null;
  } catch {
    return null;
  }
}

function isPast(value: unknown): value is Past {
  const past = value as Partial<Past> | null;
  return (
    typeof past?.method === "string" &&
    typeof past.deadline === "string" &&
    [past.began, past.ms, past.code].every((n) => typeof n === "number") &&
    Array.isArray(past.messages) &&
    past.messages.every((message) => typeof message === "string") &&
    Array.isArray(past.metadata) &&
    past.metadata.every((pair) => typeof pair?.name === "string" && typeof pair.value === "string")
  );
}
