import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { onLongPress } from "./long-press";

type Finger = { x: number; y: number; dist(other: Finger): number };
const finger = (x: number, y: number): Finger => ({ x, y, dist: (o) => Math.hypot(o.x - x, o.y - y) });

/** A map that is touched by hand. */
class Touched {
  readonly #handlers = new Map<string, (event: object) => void>();
  readonly pressed: Finger[] = [];
  #click: (event: object) => void = () => {};

  constructor() {
    onLongPress(this as unknown as Parameters<typeof onLongPress>[0], ({ point }) =>
      this.pressed.push(point as unknown as Finger),
    );
  }

  on(event: string, handler: (event: object) => void): void {
    this.#handlers.set(event, handler);
  }

  getCanvasContainer() {
    const addEventListener = (_: string, handler: (event: object) => void) => {
      this.#click = handler;
    };
    return { addEventListener };
  }

  tell(event: string, ...points: Finger[]): void {
    this.#handlers.get(event)?.({ point: points[0], points });
  }

  /** Whether the map is told of a click. */
  click(): boolean {
    const stopPropagation = vi.fn();
    this.#click({ stopPropagation });
    return stopPropagation.mock.calls.length === 0;
  }
}

let map: Touched;

beforeEach(() => {
  vi.useFakeTimers();
  map = new Touched();
});

afterEach(() => {
  vi.useRealTimers();
});

test("a finger that rests presses once, also when it trembles, and taps nothing when it leaves", () => {
  map.tell("touchstart", finger(50, 50));
  vi.advanceTimersByTime(300);
  map.tell("touchmove", finger(54, 47));
  vi.advanceTimersByTime(2000);
  expect(map.pressed).toMatchObject([{ x: 50, y: 50 }]);
  map.tell("touchend");
  expect(map.click()).toBe(false);
  expect(map.click()).toBe(true);
});

test("a tap, a swipe and two fingers press nothing", () => {
  map.tell("touchstart", finger(50, 50));
  vi.advanceTimersByTime(100);
  map.tell("touchend");
  vi.advanceTimersByTime(2000);
  map.tell("touchstart", finger(50, 50));
  map.tell("touchmove", finger(50, 70));
  vi.advanceTimersByTime(2000);
  map.tell("touchend");
  map.tell("touchstart", finger(50, 50));
  map.tell("touchstart", finger(50, 50), finger(90, 90));
  vi.advanceTimersByTime(2000);
  expect(map.pressed).toEqual([]);
  expect(map.click()).toBe(true);
});

test("where the phone says so by itself it is not said twice", () => {
  map.tell("touchstart", finger(50, 50));
  vi.advanceTimersByTime(500);
  map.tell("contextmenu", finger(50, 50));
  vi.advanceTimersByTime(2000);
  expect(map.pressed).toEqual([]);
});
