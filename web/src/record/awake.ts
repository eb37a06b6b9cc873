/** Keeps the screen on until the returned function is called. Where the browser cannot or may not, it goes off as always. */
export function stayAwake(): () => void {
  let lock: WakeLockSentinel | null = null;
  let over = false;

  // The browser takes the lock away whenever the page is not seen.
  async function ask(): Promise<void> {
    if (document.visibilityState !== "visible") return;
    try {
      lock = (await navigator.wakeLock?.request("screen")) ?? null;
    } catch {
      return;
    }
    if (over) void lock?.release();
  }

  document.addEventListener("visibilitychange", ask);
  void ask();
  return () => {
    over = true;
    document.removeEventListener("visibilitychange", ask);
    void lock?.release();
  };
}
