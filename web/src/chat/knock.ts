// A knock: two short soft sounds. Browsers let a page sound only after somebody has touched it, and so do we.
import { persisted } from "../ui/persist";

/** Whether notes that arrive knock; remembered. */
export const knocks = persisted("knock", true, (text) => text === "true");

/** Milliseconds in which many notes are one knock. */
const PAUSE = 1500;

let sound: AudioContext | null = null;
let touched = false;
let last = Number.NEGATIVE_INFINITY;

for (const gesture of ["pointerdown", "keydown"])
  globalThis.addEventListener?.(
    gesture,
    () => {
      touched = true;
    },
    { once: true, capture: true },
  );

/** Knocks, unless that is switched off or nobody has touched the page yet. */
export function knock(): void {
  if (!knocks.peek() || !touched || performance.now() - last < PAUSE) return;
  last = performance.now();
  try {
    sound ??= new AudioContext();
    void sound.resume();
    for (const [after, pitch] of [
      [0, 196],
      [0.13, 165],
    ] as const)
      tap(sound, sound.currentTime + after, pitch);
  } catch {
    // There is no sound here; the pulse at the place has to do.
  }
}

/** Wood: a low tone that is there at once and gone within a tenth of a second. */
function tap(context: AudioContext, at: number, pitch: number): void {
  const tone = context.createOscillator();
  const loudness = context.createGain();
  tone.type = "triangle";
  tone.frequency.setValueAtTime(pitch * 1.6, at);
  tone.frequency.exponentialRampToValueAtTime(pitch, at + 0.03);
  loudness.gain.setValueAtTime(0.0001, at);
  loudness.gain.exponentialRampToValueAtTime(0.22, at + 0.004);
  loudness.gain.exponentialRampToValueAtTime(0.0001, at + 0.11);
  tone.connect(loudness).connect(context.destination);
  tone.start(at);
  tone.stop(at + 0.13);
}
