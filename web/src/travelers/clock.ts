/** The server's clock, told from what it sends: nobody's own clock is trusted with the age of a position. */
export class ServerClock {
  #ahead = 0;
  #known = false;

  /** A message says what time it was when it was sent. Those that were on the way longest know least. */
  heard(time: number): void {
    if (time === 0) return;
    const ahead = time - Date.now();
    this.#ahead = this.#known ? Math.max(this.#ahead, ahead) : ahead;
    this.#known = true;
  }

  /** Forgets what was heard: after a lost connection either clock may have been set. */
  reset(): void {
    this.#known = false;
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return Date.now() + this.#ahead;
  }
}
