// Request metadata and the deadline, as they are typed.
export interface Pair {
  readonly name: string;
  readonly value: string;
}

/** Why a pair cannot be sent, or null. A pair with nothing in it is no pair. */
export function problemOfPair({ name, value }: Pair): string | null {
  if (name === "" && value === "") return null;
  if (!/^[0-9a-z_.-]+$/.test(name.toLowerCase())) return "A name is made of letters, digits and - _ .";
  if (/^grpc-/i.test(name)) return "Names with grpc- are gRPC's own";
  if (/-bin$/i.test(name)) return /^[A-Za-z0-9+/]*={0,2}$/.test(value) ? null : "A -bin value is base64";
  return /^[ -~]*$/.test(value) ? null : "A value is printable ASCII";
}

/** Those to send, names in small letters. */
export function pairsOf(rows: readonly Pair[]): Pair[] {
  return rows.filter((row) => row.name !== "").map(({ name, value }) => ({ name: name.toLowerCase(), value }));
}

/** Milliseconds for what was typed in seconds; null for none, NaN for what is no deadline. */
export function deadlineOf(text: string): number | null {
  if (text.trim() === "") return null;
  const ms = Math.round(Number(text) * 1000);
  return ms > 0 && ms <= 99_999_999 ? ms : NaN;
}

/** Whether a value is not to be kept, going by its name. */
export function isSecret(name: string): boolean {
  return /auth|cookie|token|secret|password|credential|api-?key/i.test(name);
}
