// Coordinates as people write them.
import { fromDegrees, isValid, type Point } from "../geo";

/**
 * Reads a position: decimal degrees, degrees with minutes and seconds, or E7, latitude first unless N, S, E and W say
 * otherwise; null for anything else and for what is out of range.
 *
 *   40.9146, -74.6189    40.9146° N 74.6189° W    N40 54.876 W074 37.134    40°54′52.6″N, 74°37′8″W    409146138,-746188906
 */
export function parseCoordinates(text: string): Point | null {
  const plain = text
    .trim()
    .toUpperCase()
    .replace(/^(GEO:|@)/, "")
    .replaceAll("−", "-");
  if (!/^[-+\d.,;\s°º'’′"”″NSEW]+$/.test(plain)) return null;
  const tokens = plain.match(/[NSEW]|[-+]?(\d+\.?\d*|\.\d+)|[,;]/g) ?? [];
  const [a, b] = halves(tokens) ?? [];
  if (!a || !b) return null;
  const [first, second] = [degreesOf(a), degreesOf(b)];
  if (!first || !second || (first.axis !== "" && first.axis === second.axis)) return null;
  const [lat, lng] =
    first.axis === "lng" || second.axis === "lat" ? [second.degrees, first.degrees] : [first.degrees, second.degrees];
  if (Math.abs(lat) <= 90 && Math.abs(lng) <= 180) return fromDegrees(lat, lng);
  const plainNumbers = first.axis === "" && Math.max(Math.abs(lat), Math.abs(lng)) >= LEAST_E7;
  return plainNumbers && isValid({ lat, lng }) ? { lat, lng } : null;
}

/** Smaller numbers that are no degrees are a mistake rather than E7: they would be near 0, 0. */
const LEAST_E7 = 10_000;

/** Where one of the two ends: at its letter, at a comma, or in the middle. */
function halves(tokens: readonly string[]): [string[], string[]] | null {
  const split = (at: number): [string[], string[]] => [
    tokens.slice(0, at).filter(isPart),
    tokens.slice(at).filter(isPart),
  ];
  const letters = tokens.flatMap((t, i) => (isLetter(t) ? [i] : []));
  const commas = tokens.flatMap((t, i) => (isPart(t) ? [] : [i]));
  const [first = 0, second = 0] = letters;
  if (letters.length === 2) return split(first === 0 ? second : first + 1);
  if (letters.length > 0 || commas.length > 1) return null;
  const middle = commas[0] ?? tokens.length / 2;
  return Number.isInteger(middle) ? split(middle) : null;
}

const isLetter = (token: string) => /[NSEW]/.test(token);
const isPart = (token: string) => !/[,;]/.test(token);

/** Degrees, minutes and seconds with the letter before or after them. */
function degreesOf(tokens: readonly string[]): { degrees: number; axis: "lat" | "lng" | "" } | null {
  const letter = tokens.find(isLetter) ?? "";
  const numbers = tokens.filter((t) => !isLetter(t));
  const [d = "", ...smaller] = numbers;
  if (numbers.length < 1 || numbers.length > 3) return null;
  if (letter !== "" && (/^[-+]/.test(d) || (tokens[0] !== letter && tokens.at(-1) !== letter))) return null;
  if (smaller.some((n) => /^[-+]/.test(n) || Number(n) >= 60)) return null;
  if (numbers.slice(0, -1).some((n) => n.includes("."))) return null;
  const size = numbers.reduce((sum, n, i) => sum + Math.abs(Number(n)) / 60 ** i, 0);
  const negative = d.startsWith("-") || letter === "S" || letter === "W";
  const axis = letter === "" ? "" : /[NS]/.test(letter) ? "lat" : "lng";
  return { degrees: negative ? -size : size, axis };
}
