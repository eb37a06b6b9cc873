// What the address says after its #: which view, which place, where the map looks.
//   #view=chat&place=409146138,-746188906&map=8/40.15/-74.55
//   #view=console&method=Cal/Add&input=%7B%22number1%22%3A1%7D
import { type Point, parsePointKey, pointKey } from "../geo";
import { type Camera, type ConsoleLink, type View, views } from "../state";

export interface Link {
  /** What the console covers, while there is one. */
  readonly view: View;
  /** null while the console is closed. */
  readonly console: ConsoleLink | null;
  readonly place: Point | null;
  /** null where the address does not say. */
  readonly camera: Camera | null;
}

export function parseLink(hash: string): Link {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  return {
    view: views.find((v) => v === fields.get("view")) ?? "travelers",
    console:
      fields.get("view") === "console"
        ? { method: fields.get("method") ?? "", input: fields.get("input") ?? "" }
        : null,
    place: parsePointKey(fields.get("place") ?? ""),
    camera: parseCamera(fields.get("map") ?? ""),
  };
}

export function formatLink(link: Link): string {
  const fields = [`view=${link.console ? "console" : link.view}`];
  if (link.console?.method) fields.push(`method=${encodeURIComponent(link.console.method).replaceAll("%2F", "/")}`);
  if (link.console?.method && link.console.input) fields.push(`input=${encodeURIComponent(link.console.input)}`);
  if (link.place) fields.push(`place=${pointKey(link.place)}`);
  if (link.camera) fields.push(`map=${formatCamera(link.camera)}`);
  return `#${fields.join("&")}`;
}

function parseCamera(text: string): Camera | null {
  const parts = text.split("/");
  const [zoom = NaN, latitude = NaN, longitude = NaN] = parts.map((part) => (part === "" ? NaN : Number(part)));
  const sound = parts.length === 3 && zoom >= 0 && zoom <= 24 && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
  return sound ? { zoom, latitude, longitude } : null;
}

/** As many decimals as a pixel at this zoom is worth. */
function formatCamera({ zoom, latitude, longitude }: Camera): string {
  const decimals = Math.max(1, Math.min(6, Math.ceil(zoom / 3.3)));
  const trim = (value: number, digits: number) => String(Number(value.toFixed(digits)));
  return [trim(zoom, 2), trim(latitude, decimals), trim(longitude, decimals)].join("/");
}
