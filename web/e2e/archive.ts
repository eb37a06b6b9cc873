// A PMTiles file with one tile, in the layers of the Protomaps basemap.
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { zxyToTileId } from "pmtiles";

/** Of the tile 10/512/511: north-east of where the equator meets the prime meridian, in the sea of the built-in map. */
export const middle = { latitude: 0.17578, longitude: 0.17578 };

type Shape = { readonly kind: 1 | 2 | 3; readonly at: readonly (readonly [number, number])[] };

const polygon = (...at: [number, number][]): Shape => ({ kind: 3, at });
const line = (...at: [number, number][]): Shape => ({ kind: 2, at });
const point = (x: number, y: number): Shape => ({ kind: 1, at: [[x, y]] });

/** Land with water in its south-west, a highway with a name through its north, and a town in its south-east. */
export function tinyArchive(): Uint8Array {
  const tile = new BinaryWriter();
  layer(tile, "earth", polygon([-64, -64], [4160, -64], [4160, 4160], [-64, 4160]), { kind: "earth" });
  layer(tile, "water", polygon([-64, 2048], [2048, 2048], [2048, 4160], [-64, 4160]), { kind: "lake" });
  layer(tile, "roads", line([-64, 1024], [4160, 1024]), { kind: "highway", name: "Long Road", min_zoom: 3 });
  layer(tile, "places", point(3072, 3072), {
    kind: "locality",
    name: "Smallville",
    min_zoom: 3,
    population_rank: 9,
    sort_key: 1,
  });
  const layers = ["earth", "water", "roads", "places"].map((id) => ({ id, fields: {} }));
  const metadata = JSON.stringify({ attribution: "© The Mapmakers", vector_layers: layers });
  return archive(zxyToTileId(10, 512, 511), tile.finish(), new TextEncoder().encode(metadata));
}

/** A layer of one feature, as https://github.com/mapbox/vector-tile-spec has it. */
function layer(tile: BinaryWriter, name: string, shape: Shape, properties: Record<string, string | number>): void {
  const names = Object.keys(properties);
  tile.tag(3, 2).fork();
  tile.tag(15, 0).uint32(2).tag(1, 2).string(name);
  tile.tag(2, 2).fork();
  packed(
    tile.tag(2, 2),
    names.flatMap((_, i) => [i, i]),
  ); // each key with its value
  tile.tag(3, 0).uint32(shape.kind);
  packed(tile.tag(4, 2), commands(shape));
  tile.join();
  for (const key of names) tile.tag(3, 2).string(key);
  for (const value of Object.values(properties)) {
    tile.tag(4, 2).fork();
    if (typeof value === "string") tile.tag(1, 2).string(value);
    else tile.tag(5, 0).uint32(value);
    tile.join();
  }
  tile.tag(5, 0).uint32(4096).join();
}

function packed(into: BinaryWriter, values: readonly number[]): void {
  into.fork();
  for (const value of values) into.uint32(value);
  into.join();
}

/** Moves to the first position, draws on to the others, and closes a polygon. */
function commands({ kind, at }: Shape): number[] {
  const out: number[] = [];
  let [x, y] = [0, 0];
  at.forEach((to, i) => {
    if (i === 0) out.push((1 << 3) | 1);
    if (i === 1) out.push(((at.length - 1) << 3) | 2);
    for (const delta of [to[0] - x, to[1] - y]) out.push((delta << 1) ^ (delta >> 31));
    [x, y] = to;
  });
  return kind === 3 ? [...out, (1 << 3) | 7] : out;
}

/** https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md */
function archive(id: number, tile: Uint8Array, metadata: Uint8Array): Uint8Array {
  const root = new BinaryWriter().uint32(1).uint32(id).uint32(1).uint32(tile.length).uint32(1).finish();
  const header = new DataView(new ArrayBuffer(127));
  "PMTiles".split("").forEach((letter, i) => {
    header.setUint8(i, letter.charCodeAt(0));
  });
  header.setUint8(7, 3);
  const parts = [root, metadata, new Uint8Array(), tile];
  let at = header.byteLength;
  parts.forEach((part, i) => {
    header.setBigUint64(8 + 16 * i, BigInt(at), true);
    header.setBigUint64(16 + 16 * i, BigInt(part.length), true);
    at += part.length;
  });
  [1, 1, 1, 1, 10, 10].forEach((value, i) => {
    header.setUint8(96 + i, value); // ordered, neither directory nor tiles compressed, vectors, of zoom 10 alone
  });
  [0, 0, 0.35, 0.35].forEach((degrees, i) => {
    header.setInt32(102 + 4 * i, degrees * 1e7, true);
  });
  return Buffer.concat([new Uint8Array(header.buffer), ...parts]);
}
