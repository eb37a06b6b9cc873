import { effect, type Signal, signal } from "@preact/signals";

const prefix = "routeguide.";

/**
 * A signal that the browser remembers under `routeguide.<name>`. What is stored is text: `decode` reads it and answers
 * null for what it does not know, which makes `initial` the value. Without storage (private windows) it lasts as long as
 * the page.
 */
export function persisted<T>(
  name: string,
  initial: T,
  decode: (text: string) => T | null,
  encode: (value: T) => string = String,
) {
  const stored = recall(name);
  const kept: Signal<T> = signal((stored === null ? null : decode(stored)) ?? initial);
  let first = true;
  effect(() => {
    const text = encode(kept.value);
    if (!first) remember(name, text);
    first = false;
  });
  return kept;
}

/** What is kept under `routeguide.<name>`; null for nothing. */
export function recall(name: string): string | null {
  return withStorage((storage) => storage.getItem(prefix + name)) ?? null;
}

/** Keeps a text; false when the browser has no storage or no room: it then lasts for as long as the page does. */
export function remember(name: string, text: string): boolean {
  return (
    withStorage((storage) => {
      storage.setItem(prefix + name, text);
      return true;
    }) ?? false
  );
}

export function forget(name: string): void {
  withStorage((storage) => storage.removeItem(prefix + name));
}

/** The names that begin so and have something kept. */
export function keptNames(start: string): string[] {
  const names = withStorage((storage) => Object.keys(storage)) ?? [];
  return names.filter((name) => name.startsWith(prefix + start)).map((name) => name.slice(prefix.length));
}

/** Browsers throw where storage is forbidden or full. */
function withStorage<T>(use: (storage: Storage) => T): T | undefined {
  try {
    return globalThis.localStorage && use(globalThis.localStorage);
  } catch {
    return undefined;
  }
}
