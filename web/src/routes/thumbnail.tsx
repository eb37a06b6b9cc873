import type { Point } from "../geo";

const WIDTH = 44;
const HEIGHT = 32;
const EDGE = 4;

/** A route as a small picture: its shape, north up. */
export function Thumbnail({ sketch, color }: { sketch: readonly Point[]; color: string }) {
  return (
    <svg class="thumbnail" width={WIDTH} height={HEIGHT} aria-hidden="true">
      <path d={outline(sketch)} stroke={color} />
    </svg>
  );
}

/** The points as a path in the picture's middle, east and north on one scale. */
export function outline(sketch: readonly Point[]): string {
  const [first] = sketch;
  if (!first) return "";
  const narrower = Math.cos((first.lat * Math.PI) / 180e7);
  const xy = sketch.map(({ lat, lng }) => {
    const east = ((lng - first.lng + 5_400_000_000) % 3_600_000_000) - 1_800_000_000;
    return { x: east * narrower, y: -lat };
  });
  const [left, right] = [Math.min(...xy.map((p) => p.x)), Math.max(...xy.map((p) => p.x))];
  const [top, bottom] = [Math.min(...xy.map((p) => p.y)), Math.max(...xy.map((p) => p.y))];
  const scale = Math.min((WIDTH - 2 * EDGE) / (right - left), (HEIGHT - 2 * EDGE) / (bottom - top));
  const fit = Number.isFinite(scale) ? scale : 0;
  const place = ({ x, y }: { x: number; y: number }) =>
    [
      (WIDTH / 2 + (x - (left + right) / 2) * fit).toFixed(1),
      (HEIGHT / 2 + (y - (top + bottom) / 2) * fit).toFixed(1),
    ].join(" ");
  return `M${xy.map(place).join("L")}${xy.length === 1 ? "h0" : ""}`;
}
