// Speed and height along time. Loaded when a route is first looked at.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { heightNumber, speedNumber, unitSigns } from "../geo";
import type { Fix } from "../record/fix";
import { speedsOf } from "./timeline";

const HEIGHT = 84;

export class Plot {
  readonly #box: HTMLElement;
  readonly #color: string;
  readonly #onLook: (time: number) => void;
  readonly #resized: ResizeObserver;
  #plot: uPlot | null = null;
  #high = false;
  /** The cursor is being set from outside, and tells nobody. */
  #told = false;

  /** `onLook` is told of the moment under the pointer, in milliseconds since the epoch. */
  constructor(box: HTMLElement, color: string, onLook: (time: number) => void) {
    this.#box = box;
    this.#color = color;
    this.#onLook = onLook;
    this.#resized = new ResizeObserver(() => this.#plot?.setSize({ width: box.clientWidth, height: HEIGHT }));
    this.#resized.observe(box);
  }

  show(fixes: readonly Fix[]): void {
    const elevations = fixes.map(({ elevation }) => (elevation === null ? null : heightNumber(elevation)));
    const high = elevations.some((height) => height !== null);
    const times = fixes.map((fix) => fix.time / 1000);
    const speeds = speedsOf(fixes).map((speed) => (speed === null ? null : speedNumber(speed)));
    const data: uPlot.AlignedData = high ? [times, speeds, elevations] : [times, speeds];
    if (this.#plot && high === this.#high) {
      this.#plot.setData(data);
      return;
    }
    this.#high = high;
    this.#plot?.destroy();
    this.#plot = new uPlot(this.#options(), data, this.#box);
  }

  /** Puts the cursor at a moment; null takes it away. */
  look(time: number | null): void {
    const plot = this.#plot;
    if (!plot) return;
    const left = time === null ? -10 : plot.valToPos(time / 1000, "x");
    if (Math.abs((plot.cursor.left ?? -10) - left) < 0.5) return;
    this.#told = true;
    plot.setCursor({ left, top: 0 }, true);
    this.#told = false;
  }

  close(): void {
    this.#resized.disconnect();
    this.#plot?.destroy();
  }

  #options(): uPlot.Options {
    const style = getComputedStyle(this.#box);
    const [ink, line] = [style.color, style.borderTopColor];
    const font = `11px ${style.fontFamily}`;
    const axis = { stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
    const upright = (unit: string) => (_: uPlot, values: number[]) =>
      values.map((value, i) => (i === values.length - 1 ? `${value} ${unit}` : `${value}`));
    const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
    return {
      width: this.#box.clientWidth,
      height: HEIGHT,
      padding: [8, this.#high ? 0 : 28, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 9 } },
      scales: { speed: { range: (_, __, most) => [0, Math.max(5, most)] } },
      axes: [
        {
          ...axis,
          size: 22,
          gap: 2,
          grid: { show: false },
          space: 90,
          values: (_, seconds) => seconds.map((s) => time.format(s * 1000)),
        },
        { ...axis, scale: "speed", size: 58, gap: 6, space: 26, values: upright(unitSigns().speed) },
        ...(this.#high
          ? [
              {
                ...axis,
                scale: "high",
                side: 1 as const,
                size: 50,
                gap: 6,
                space: 26,
                grid: { show: false },
                values: upright(unitSigns().height),
              },
            ]
          : []),
      ],
      series: [
        {},
        {
          scale: "speed",
          stroke: this.#color,
          fill: `${this.#color}2b`,
          width: 2,
          spanGaps: false,
          points: { show: false },
        },
        ...(this.#high
          ? [{ scale: "high", stroke: ink, width: 1.5, dash: [4, 3], spanGaps: true, points: { show: false } }]
          : []),
      ],
      hooks: {
        setCursor: [
          (plot) => {
            const { left } = plot.cursor;
            if (this.#told || left === undefined || left < 0) return;
            this.#onLook(plot.posToVal(left, "x") * 1000);
          },
        ],
      },
    };
  }
}
