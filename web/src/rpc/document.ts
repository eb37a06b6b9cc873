/** The server's OpenAPI document; null where it has none that can be read. */
export async function fetchDocument(): Promise<unknown> {
  try {
    const response = await fetch("/openapi/openapi.json", { signal: AbortSignal.timeout(20_000) });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}
