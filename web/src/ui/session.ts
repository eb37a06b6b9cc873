// Signs the browser in with the key of a link, …/#key=…, which the server makes a cookie of that no script can read. The key is
// taken out of the address at once, so that it is neither copied with it nor kept in the history.

/** The key in what an address says after its #, or null, and what else it says. */
export function splitKey(hash: string): { readonly key: string | null; readonly rest: string } {
  const fields = hash.replace(/^#/, "").split("&").filter(Boolean);
  const isKey = (field: string) => field.startsWith("key=");
  const rest = fields.filter((field) => !isKey(field)).join("&");
  return { key: fields.find(isKey)?.slice("key=".length) || null, rest: rest && `#${rest}` };
}

/** Signs in with the key of the address, if it has one, and tells whether it had. Without success the page goes on as it was. */
export async function signIn(): Promise<boolean> {
  const { key, rest } = splitKey(location.hash);
  if (key === null) return false;
  history.replaceState(history.state, "", location.pathname + location.search + rest);
  const headers = { authorization: `Bearer ${key}` };
  await fetch("/session", { method: "POST", headers, signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
  return true;
}

/** Signs in with a link that is opened in the page, and begins anew as whoever that is. Call it before the address is followed. */
export function followKeyLinks(): void {
  addEventListener("popstate", async () => {
    if (await signIn()) location.reload();
  });
}
