// The pictures of places that the map draws: a disc in the colour of the category with its icon.
import type { ExpressionSpecification } from "maplibre-gl";
import { draw } from "../travelers/picture";
import { anyPlace, categories } from "./categories";

const RADIUS = 11;
const RIM = 2;

/** The name of the picture of what is drawn: those that are not known share one. */
export const placePicture: ExpressionSpecification = [
  "concat",
  "place ",
  ["match", ["get", "category"], categories.map((c) => c.name), ["get", "category"], ""],
];

/** Draws the picture of this name; null when it is none of a place. */
export function placePictureOf(name: string): ImageData | null {
  const [kind, category = ""] = name.split(" ");
  if (kind !== "place") return null;
  const { color, path } = categories.find((c) => c.name === category) ?? anyPlace;
  return draw(2 * (RADIUS + RIM + 1), (pen) => {
    for (const [radius, fill] of [
      [RADIUS + RIM, "#ffffff"],
      [RADIUS, color],
    ] as const) {
      pen.beginPath();
      pen.arc(0, 0, radius, 0, 2 * Math.PI);
      pen.fillStyle = fill;
      pen.fill();
    }
    pen.scale(0.58, 0.58);
    pen.translate(-12, -12);
    pen.lineWidth = 2.4;
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = "#ffffff";
    pen.stroke(new Path2D(path));
  });
}
