/**
 * 128 random bits as 32 characters: a name that nothing else has, or a secret that nobody guesses. Unlike
 * crypto.randomUUID it also works on pages that come without TLS.
 */
export function randomName(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
