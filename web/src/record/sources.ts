// What makes points by itself: the device, and a simulated drive.
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Place } from "../state";
import { type Drive, pointsBetween } from "./drive";
import { deviceFix, type Fix } from "./fix";
import { words } from "./words";

export interface DeviceNews {
  /** Metres; null before the first position. */
  readonly accuracy: number | null;
  /** What keeps the device from telling where it is, as a sentence with what to do. */
  readonly trouble: string | null;
}

/** Whether the browser may tell where the device is: it does so on secure pages only. */
export function canFollowDevice(): boolean {
  return globalThis.isSecureContext && "geolocation" in globalThis.navigator;
}

/** Follows the device's position until it is stopped. */
export function followDevice(onFix: (fix: Fix) => void, onNews: (news: DeviceNews) => void): () => void {
  if (!canFollowDevice()) {
    onNews({ accuracy: null, trouble: words.insecure });
    return () => {};
  }
  let accuracy: number | null = null;
  const watch = navigator.geolocation.watchPosition(
    (position) => {
      accuracy = position.coords.accuracy;
      onNews({ accuracy, trouble: null });
      onFix(deviceFix(position));
    },
    (error) => onNews({ accuracy, trouble: troubleOf(error) }),
    { enableHighAccuracy: true },
  );
  onNews({ accuracy, trouble: null });
  return () => navigator.geolocation.clearWatch(watch);
}

function troubleOf(error: GeolocationPositionError): string {
  switch (error.code) {
    case error.PERMISSION_DENIED:
      return words.notAllowed;
    case error.TIMEOUT:
      return words.slow;
    default:
      return words.unknown;
  }
}

/** Milliseconds between two points of a drive, and between two looks at where it is. */
const LOOK_EVERY = 200;

/** A drive under way; it stands still until `go`. */
export class DriveRun {
  readonly drive: Drive;
  readonly #speedUp: number;
  readonly #onPlaces: (places: readonly Place[]) => void;
  readonly #seconds = signal(-1);
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `speedUp` seconds of the drive pass in one. */
  constructor(drive: Drive, speedUp: number, onPlaces: (places: readonly Place[]) => void) {
    this.drive = drive;
    this.#speedUp = speedUp;
    this.#onPlaces = onPlaces;
  }

  /** Since its start, as the drive's clock has it; less than 0 before. */
  get seconds(): ReadonlySignal<number> {
    return this.#seconds;
  }

  get arrived(): boolean {
    return this.#seconds.value >= this.drive.duration;
  }

  go(): void {
    let last = performance.now();
    this.#look(Math.max(0, this.#seconds.value));
    this.#timer ??= setInterval(() => {
      const now = performance.now();
      this.#look(this.#seconds.value + ((now - last) / 1000) * this.#speedUp);
      last = now;
    }, LOOK_EVERY);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(seconds: number): void {
    const until = Math.min(seconds, this.drive.duration);
    const places = pointsBetween(this.drive, this.#seconds.value, until, (LOOK_EVERY / 1000) * this.#speedUp);
    if (until === this.drive.duration) this.stop();
    this.#seconds.value = until;
    this.#onPlaces(places);
  }
}
