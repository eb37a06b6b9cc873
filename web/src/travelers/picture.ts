// The pictures of people that the map draws: a disc with initials, and the arrow at its rim that says which way they go.

/** Pixels of a picture to one of the page. */
export const PIXELS = 2;
const DISC = 15;
const RIM = 2.5;
const SIZE = 2 * (DISC + RIM + 1.5);
const ARROW = 56;

export function personPicture(color: string, initials: string): string {
  return `person ${color} ${initials}`;
}

export function arrowPicture(color: string): string {
  return `arrow ${color}`;
}

/** Draws the picture of this name; null when it is none of a person. */
export function pictureOf(name: string): ImageData | null {
  const [kind, color = "", initials = ""] = name.split(" ");
  if (kind === "person") return draw(SIZE, (pen) => person(pen, color, initials));
  if (kind === "arrow") return draw(ARROW, (pen) => arrow(pen, color));
  return null;
}

/** `paint` has the picture's middle at 0, 0 and the page's pixels. */
export function draw(size: number, paint: (pen: CanvasRenderingContext2D) => void): ImageData | null {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.ceil(size * PIXELS);
  const pen = canvas.getContext("2d");
  if (!pen) return null;
  pen.scale(PIXELS, PIXELS);
  pen.translate(size / 2, size / 2);
  paint(pen);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

function person(pen: CanvasRenderingContext2D, color: string, initials: string): void {
  disc(pen, DISC + RIM + 1, "rgb(0 0 0 / 0.18)");
  disc(pen, DISC + RIM, "#ffffff");
  disc(pen, DISC, color);
  pen.fillStyle = "#ffffff";
  if (initials === "") {
    // Head and shoulders stand for somebody without a name.
    disc(pen, 4, "#ffffff", -4);
    pen.beginPath();
    pen.ellipse(0, 9, 7.5, 6.5, 0, Math.PI, 0);
    pen.fill();
    return;
  }
  pen.font = `650 ${initials.length > 1 ? 12 : 14}px system-ui, "Noto Sans", sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "alphabetic";
  const { actualBoundingBoxAscent: up, actualBoundingBoxDescent: down } = pen.measureText(initials);
  pen.fillText(initials, 0, (up - down) / 2);
}

/** Points to the top; the picture is turned about its middle, which is that of the disc. */
function arrow(pen: CanvasRenderingContext2D, color: string): void {
  pen.beginPath();
  pen.moveTo(0, -26);
  pen.lineTo(8, -14);
  pen.lineTo(-8, -14);
  pen.closePath();
  pen.lineJoin = "round";
  pen.lineWidth = 3;
  pen.strokeStyle = "#ffffff";
  pen.stroke();
  pen.fillStyle = color;
  pen.fill();
}

function disc(pen: CanvasRenderingContext2D, radius: number, color: string, y = 0): void {
  pen.beginPath();
  pen.arc(0, y, radius, 0, 2 * Math.PI);
  pen.fillStyle = color;
  pen.fill();
}
