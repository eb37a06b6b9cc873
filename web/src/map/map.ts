// The map, and the only file that runs MapLibre. Positions go in and out as E7 points.
//
// Everything but `createMap` may be called at any time, before the map is drawn as well: it shows what was said last.
//
//   setMode("browse" | "draw" | "choose")  what a click means. "browse": it selects what it hits. "draw" and "choose": it
//                                          goes to onPick instead. A click on a cluster goes nearer, except in "draw".
//                                          Go back to "browse" when done.
//                                          The keyboard does the same: Enter where the cross is, in the middle.
//   onPick(handler) → stop                 handler(place): the feature that was hit, at its exact position, or any point
//                                          with the name ""
//   setBase(base)                          the map under all that; what is ours stays when it changes
//   setTrack(points, stored?)              the recorded route; from index `stored` on it is drawn as not stored yet
//   setRoutePreview(points, stops?)        the way that a drive will go and its numbered stops
//   setTraveler(point | null)              where the traveler is now
//   setNotes(groups), pulse(point)         places with notes; something just happened at one of them
//   attach(point, element) → take off      an element that stands over a point
//   reveal(point), follow(from, to)        move if it is not seen; move along if it is leaving
//   flyTo(point), fitTo(points)            move until it is seen beside the card (at once when motion is to be reduced)
import {
  AttributionControl,
  type GeoJSONSource,
  Map as LibreMap,
  type MapMouseEvent,
  Marker,
  Popup,
  ScaleControl,
  type StyleSpecification,
  setWorkerCount,
  setWorkerUrl,
} from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import "maplibre-gl/dist/maplibre-gl.css";
import type { Base } from "../basemaps/base";
import { Underlay } from "../basemaps/underlay";
import type { Group } from "../chat/arrange";
import { noteLayer, notePoints } from "../chat/layers";
import type { Feature } from "../features/features";
import { boundsOf, EARTH_RADIUS, fromDegrees, type Point, type Rect, samePoint, toLngLat } from "../geo";
import { placePictureOf } from "../places/picture";
import { routeLayer } from "../routes/layers";
import type { Camera, Place } from "../state";
import { travelerLayer } from "../travelers/layers";
import { PIXELS, pictureOf } from "../travelers/picture";
import { coarse } from "../ui/words";
import { isOwnFace, loadFonts, type Shade } from "./basemap";
import {
  type Collection,
  clusterLayer,
  clusterMaxZoom,
  empty,
  featureLayers,
  featurePoints,
  line,
  lineLayers,
  type Overlay,
  overlayLayers,
  overlaySources,
  palette,
  points,
} from "./overlay";
import { lookAt, MANY, PointLayer } from "./point-layer";
import { type Insets, rectOf, type Viewport, viewportOf } from "./viewport";

export type Mode = "browse" | "draw" | "choose";

/** A traveler or a route on the map, by the route's id. `more` is whether it was clicked with the shift key. */
export interface Mark {
  readonly kind: "traveler" | "route";
  readonly route: string;
  readonly more: boolean;
}

/** What was hit, null for nothing, and that or the exact point. */
export interface Aimed {
  readonly hit: Place | null;
  readonly here: Place;
}

/** Where the pointer is, and how many metres a pixel is there. */
export interface Pointer {
  readonly point: Point;
  readonly pixel: number;
}

let map: LibreMap | null = null;
let drawn = false;
let base: Base | null = null;
let underlay: Underlay | null = null;
let mode: Mode = "browse";
let parts: readonly (readonly Feature[])[] = [];
let inView: readonly Feature[] = [];
/** The arrays that the features' source has, each with the id of its first feature. */
const placed = new Map<readonly Feature[], number>();
let nextId = 0;
let marked: Mark | null = null;
let notes: readonly Group[] = [];
let hovered: Feature | null = null;
let pressed = false;
let clustered = clusterMaxZoom(0);
const manyPoints = new PointLayer(() => {
  const bounds = map?.getBounds();
  return lookAt(map?.getZoom() ?? 0, bounds?.getWest() ?? 0, bounds?.getEast() ?? 0);
});
let insets: Insets = { top: 0, right: 0, bottom: 0, left: 0 };
let traveler: Marker | null = null;
let pin: Marker | null = null;
const crosshair = element("crosshair");
let popup: { readonly box: Popup; readonly point: Point } | null = null;
const attached = new Set<Marker>();
const shown = new Map<Overlay, Collection>();

type Handler<T> = (value: T) => void;
const pick = new Set<Handler<Place>>();
const select = new Set<Handler<Aimed>>();
const key = new Set<Handler<"back" | "leave">>();
const hover = new Set<Handler<Place | null>>();
const rest = new Set<Handler<Viewport>>();

const mark = new Set<Handler<Mark>>();
const pointer = new Set<Handler<Pointer | null>>();
const dragged = new Set<Handler<void>>();
const pinned = new Set<Handler<Point>>();

function listen<T>(handlers: Set<Handler<T>>, handler: Handler<T>): () => void {
  handlers.add(handler);
  return () => handlers.delete(handler);
}

export const onPick = (handler: Handler<Place>) => listen(pick, handler);
/** A click in "browse"; with the other button, or a long press, any point counts as hit. */
export const onSelect = (handler: Handler<Aimed>) => listen(select, handler);
/** In "draw" and "choose", while the map has the focus: Backspace takes the newest point back, Escape leaves the map. */
export const onKey = (handler: Handler<"back" | "leave">) => listen(key, handler);
export const onHover = (handler: Handler<Place | null>) => listen(hover, handler);
/** A click on a traveler or on a route, in "browse". */
export const onMark = (handler: Handler<Mark>) => listen(mark, handler);
/** Where the pointer is over the map; null when it has left. */
export const onPointer = (handler: Handler<Pointer | null>) => listen(pointer, handler);
/** Somebody begins to drag the map. */
export const onDrag = (handler: Handler<void>) => listen(dragged, handler);
/** Where the pin was let go. */
export const onPinned = (handler: Handler<Point>) => listen(pinned, handler);
/** When the map has come to rest after a move; at first before it is drawn, with what it is going to show. */
export const onRest = (handler: Handler<Viewport>) => listen(rest, handler);

/** Draws the map; resolves when it can be drawn on, which is before the basemap is there. */
export async function createMap(container: HTMLElement, camera: Camera, shade: Shade): Promise<void> {
  tell(rest, viewportOf(camera, container.clientWidth, container.clientHeight, insets));
  setWorkerUrl(workerUrl);
  setWorkerCount(2);
  await loadFonts();
  map = new LibreMap({
    container,
    style: styleOf(shade),
    center: [camera.longitude, camera.latitude],
    zoom: camera.zoom,
    maxZoom: 18,
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    // Pixels that a finger may wander while it taps or rests.
    clickTolerance: coarse ? 10 : 3,
    maxPitch: 0,
    fadeDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 300,
    // Our faces are here: the glyphs of somebody else's style are not asked for them.
    transformRequest: (url, type) => {
      if (type === "Glyphs" && isOwnFace(url)) throw new Error("it is drawn here");
      return { url };
    },
    locale: { "Map.Title": "Map, moved with the arrow keys" },
  });
  map.setPadding(insets);
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new AttributionControl({ compact: innerWidth <= 600 }), "bottom-right");
  // On a phone the attribution goes behind a button once the map is drawn.
  map.once("idle", () =>
    container.querySelector(".maplibregl-compact-show")?.classList.remove("maplibregl-compact-show"),
  );
  map.addControl(new ScaleControl({ maxWidth: 88 }), "bottom-right");
  const report = () => {
    const viewport = currentViewport();
    if (viewport) tell(rest, viewport);
  };
  map.on("moveend", report);
  map.on("click", click);
  container.append(crosshair);
  map.getCanvas().addEventListener("keydown", press);
  const open = (event: Aim) => {
    const { here } = aimAt(event, 5);
    if (mode === "browse") tell(select, { hit: here, here });
  };
  map.on("contextmenu", (event) => {
    // MapLibre makes this event of a finger that rests; on some phones a click follows when it is lifted.
    pressed = !event.originalEvent.isTrusted;
    open(event);
  });
  map.on("touchstart", () => {
    pressed = false;
  });
  map.on("mousemove", (event) => {
    setHovered(featureAt(event, 4));
    setMarked(markAt(event, 4));
    tell(pointer, { point: fromDegrees(event.lngLat.lat, event.lngLat.lng), pixel: metresPerPixel(event.lngLat.lat) });
  });
  map.on("mouseout", () => {
    setHovered(null);
    setMarked(null);
    tell(pointer, null);
  });
  map.on("dragstart", () => tell(dragged, undefined));
  map.setMissingStyleImageResolver((id) => {
    const picture = pictureOf(id) ?? placePictureOf(id);
    if (picture) map?.addImage(id, picture, { pixelRatio: PIXELS });
  });
  await map.once("style.load");
  drawn = true;
  for (const [overlay, data] of shown) put(overlay, data);
  drawFeatures();
  manyPoints.setColor(palette[shade].feature);
  traveler?.addTo(map);
  pin?.addTo(map);
  for (const marker of attached) marker.addTo(map);
  popup?.box.addTo(map);
  cursor();
  report();
  underlay = new Underlay(map, lineLayers(shade)[0]?.id, overlayLayers(shade)[0]?.id);
  if (base) underlay.show(base);
}

/** Our own layers: what lies under them is put there by `setBase`. */
function styleOf(shade: Shade): StyleSpecification {
  return { version: 8, sources: overlaySources(), layers: [...lineLayers(shade), ...overlayLayers(shade)] };
}

/** Puts another map under everything that is drawn, or the same in other colours. */
export function setBase(next: Base): void {
  base = next;
  underlay?.show(next);
}

/** Repaints what is ours in another palette without loading anything again. */
export function setShade(shade: Shade): void {
  manyPoints.setColor(palette[shade].feature);
  for (const layer of styleOf(shade).layers) {
    for (const [name, value] of Object.entries(layer.paint ?? {})) {
      map?.setPaintProperty(layer.id, name as Parameters<LibreMap["setPaintProperty"]>[1], value);
    }
  }
}

/** Draws this in place of what the overlay had. */
export function put(overlay: Overlay, data: Collection): void {
  shown.set(overlay, data);
  if (drawn) map?.getSource<GeoJSONSource>(overlay)?.setData(data);
}

function tell<T>(handlers: Set<Handler<T>>, value: T): void {
  for (const handler of handlers) handler(value);
}

function currentViewport(): Viewport | null {
  if (!map) return null;
  const center = map.getCenter().wrap();
  const bounds = map.getBounds();
  return {
    camera: { zoom: map.getZoom(), latitude: center.lat, longitude: center.lng },
    rect: rectOf(bounds.getSouth(), bounds.getWest(), bounds.getNorth(), bounds.getEast()),
  };
}

/** Where somebody points: a pixel, and what is there. */
type Aim = Pick<MapMouseEvent, "point" | "lngLat">;

function featureAt(event: Aim, reach: number): Feature | null {
  if (inView.length > MANY) {
    const point = fromDegrees(event.lngLat.lat, event.lngLat.lng);
    const world = 512 * 2 ** (map?.getZoom() ?? 0);
    return manyPoints.nearest(point, (reach + 2) / world);
  }
  const id = indexAt(event, reach, featureLayers);
  for (const [part, first] of placed) if (id >= first && id < first + part.length) return part[id - first] ?? null;
  return null;
}

/** Places with notes, which need not be features. */
function notesAt(event: Aim, reach: number): Group | null {
  return notes[indexAt(event, reach, [noteLayer])] ?? null;
}

/** The index, in its list, of what these layers show there; -1 for nothing. */
function indexAt(event: Aim, reach: number, layers: string[]): number {
  const { x, y } = event.point;
  const hits = map?.queryRenderedFeatures(
    [
      [x - reach, y - reach],
      [x + reach, y + reach],
    ],
    { layers },
  );
  return Number(hits?.[0]?.properties.i ?? -1);
}

/** The traveler there, or the route where there is nothing else. */
function markAt(event: MapMouseEvent, reach: number): Mark | null {
  const { x, y } = event.point;
  const box: [[number, number], [number, number]] = [
    [x - reach, y - reach],
    [x + reach, y + reach],
  ];
  const more = event.originalEvent.shiftKey;
  for (const [kind, layer] of [
    ["traveler", travelerLayer],
    ["route", routeLayer],
  ] as const) {
    const hit = map?.queryRenderedFeatures(box, { layers: [layer] })[0];
    if (hit) return { kind, route: String(hit.properties.route), more };
  }
  return null;
}

function metresPerPixel(latitude: number): number {
  return (2 * Math.PI * EARTH_RADIUS * Math.cos((latitude * Math.PI) / 180)) / (512 * 2 ** (map?.getZoom() ?? 0));
}

function aimAt(event: Aim, reach: number): Aimed {
  const noted = notesAt(event, reach);
  const hit = featureAt(event, reach) ?? (noted && { point: noted.place.point, name: "" });
  return { hit, here: hit ?? { point: fromDegrees(event.lngLat.lat, event.lngLat.lng), name: "" } };
}

function press(event: KeyboardEvent): void {
  if (mode === "browse" || !map) return;
  const lngLat = map.getCenter();
  if (event.key === "Enter") tell(pick, aimAt({ point: map.project(lngLat), lngLat }, 10).here);
  else if (event.key === "Backspace") tell(key, "back");
  else if (event.key === "Escape") tell(key, "leave");
  else return;
  event.preventDefault();
}

/** Gives the keyboard to the map. */
export function focusMap(): void {
  map?.getCanvas().focus();
}

async function click(event: MapMouseEvent): Promise<void> {
  if (pressed) {
    pressed = false;
    return;
  }
  const reach = matchMedia("(pointer: coarse)").matches ? 14 : 5;
  const at = mode === "browse" ? markAt(event, reach) : null;
  if (at?.kind === "traveler") return tell(mark, at);
  const { hit, here } = aimAt(event, reach);
  if (mode === "draw") return tell(pick, here);
  const choose = () => (mode === "choose" ? tell(pick, here) : tell(select, { hit, here }));
  const noted = featureAt(event, reach) ? null : notesAt(event, reach);
  if (noted && noted.places > 1) return nearer(noted.place.point);
  if (hit) return choose();
  if (at) return tell(mark, at);
  const cluster = map?.queryRenderedFeatures(event.point, { layers: [clusterLayer] })[0];
  const source = map?.getSource<GeoJSONSource>("features");
  if (!cluster || !source || cluster.geometry.type !== "Point") return choose();
  const zoom = await source.getClusterExpansionZoom(Number(cluster.properties.cluster_id));
  const [lng = 0, lat = 0] = cluster.geometry.coordinates;
  map?.easeTo({ center: [lng, lat], zoom: zoom + 0.2 });
}

/** Goes where places that were drawn as one part. */
function nearer(point: Point): void {
  map?.easeTo({ center: toLngLat(point), zoom: map.getZoom() + 2 });
}

function setHovered(next: Feature | null): void {
  if (next === hovered) return;
  hovered = next;
  cursor();
  tell(hover, next);
}

function setMarked(next: Mark | null): void {
  if (next?.route === marked?.route) return;
  marked = next;
  cursor();
}

function cursor(): void {
  const over = hovered || marked;
  if (map) map.getContainer().dataset.mode = mode;
  if (map) map.getCanvas().style.cursor = mode === "browse" ? (over ? "pointer" : "") : "crosshair";
}

export function setMode(next: Mode): void {
  mode = next;
  cursor();
}

/** Pixels that the card or the sheet covers: the map's centre is that of what remains. */
export function setInsets(next: Insets): void {
  insets = next;
  crosshair.style.translate = `${(next.left - next.right) / 2}px ${(next.top - next.bottom) / 2}px`;
  if (drawn) map?.easeTo({ padding: next, duration: 200 });
  else map?.setPadding(next);
}

export function zoomBy(levels: number): void {
  map?.easeTo({ zoom: map.getZoom() + levels });
}

export function setCamera(camera: Camera): void {
  map?.jumpTo({ center: [camera.longitude, camera.latitude], zoom: camera.zoom });
}

/** Zooms in to at least 11 where the map looks from further away, or to exactly the zoom that is given. */
export function flyTo(point: Point, zoom?: number): void {
  map?.flyTo({ center: toLngLat(point), zoom: zoom ?? Math.max(map.getZoom(), 11), maxDuration: 1500 });
}

/** Moves only when the point is not seen; `below` pixels at the lower edge of what is seen are about to be covered. */
export function reveal(point: Point, below = 0): void {
  if (!isSeen(point, below)) map?.easeTo({ center: toLngLat(point) });
}

/** Moves along with what goes from one point to another and leaves the part of the map that is seen. */
export function follow(from: Point, to: Point): void {
  if (isSeen(from) && !isSeen(to)) map?.easeTo({ center: toLngLat(to) });
}

/** Moves before the point leaves the middle of what is seen. */
export function keepCentral(point: Point): void {
  if (!map || map.isMoving()) return;
  const { x, y } = map.project(toLngLat(point));
  const { top = 0, right = 0, bottom = 0, left = 0 } = map.getPadding();
  const { clientWidth, clientHeight } = map.getContainer();
  const [width, height] = [clientWidth - left - right, clientHeight - top - bottom];
  const central = Math.abs(x - left - width / 2) < width / 5 && Math.abs(y - top - height / 2) < height / 5;
  if (!central) map.easeTo({ center: toLngLat(point), duration: 900 });
}

/** Whether a point is well inside what no card covers, `above` pixels at its lower edge left out. */
function isSeen(point: Point, above = 0): boolean {
  if (!map) return false;
  const { x, y } = map.project(toLngLat(point));
  const { top = 0, right = 0, bottom = 0, left = 0 } = map.getPadding();
  const { clientWidth, clientHeight } = map.getContainer();
  return x > left + 24 && x < clientWidth - right - 24 && y > top + 24 && y < clientHeight - bottom - above - 24;
}

export function fitTo(list: readonly Point[]): void {
  const bounds = boundsOf(list);
  if (bounds) fitToRect(bounds);
}

/** Shows all of an area, also one across the antimeridian, `below` pixels at the lower edge left out. */
export function fitToRect(area: Rect, below = 0): void {
  const bounds = { ...area, east: area.east < area.west ? area.east + 3_600_000_000 : area.east };
  map?.fitBounds([bounds.west / 1e7, bounds.south / 1e7, bounds.east / 1e7, bounds.north / 1e7], {
    padding: { top: 48, right: 48, bottom: 48 + below, left: 48 },
    maxZoom: 13,
    maxDuration: 1500,
  });
}

/**
 * Draws features. `all` may have more than is in view, so that they are there when the map moves; what is drawn of an array
 * is drawn once.
 */
export function setFeatures(all: readonly (readonly Feature[])[], seen: readonly Feature[]): void {
  parts = all;
  inView = seen;
  setHovered(null);
  drawFeatures();
}

/** As clusters and circles that MapLibre makes of them, or, when there are too many for that, as bare points. */
function drawFeatures(): void {
  if (!drawn || !map) return;
  const many = inView.length > MANY;
  const kept = parts.reduce((n, part) => n + part.length, 0);
  const few = many ? [] : kept > MANY ? [inView] : parts;
  drawFew(
    map,
    few.filter((part) => part.length > 0),
  );
  if (!many && !map.getLayer(manyPoints.id)) return;
  manyPoints.setPoints(many ? parts : []);
  if (!map.getLayer(manyPoints.id)) map.addLayer(manyPoints, "hover");
  map.triggerRepaint();
}

function drawFew(on: LibreMap, list: readonly (readonly Feature[])[]): void {
  const source = on.getSource<GeoJSONSource>("features");
  const zoom = clusterMaxZoom(inView.length > MANY ? 0 : inView.length);
  if (zoom !== clustered) {
    source?.setClusterOptions({ cluster: true, clusterMaxZoom: zoom });
    clustered = zoom;
  }
  const wanted = new Set(list);
  const remove: number[] = [];
  for (const [part, first] of placed) {
    if (wanted.has(part)) continue;
    placed.delete(part);
    for (let i = 0; i < part.length; i++) remove.push(first + i);
  }
  const add: Collection["features"] = [];
  for (const part of list) {
    if (placed.has(part)) continue;
    placed.set(part, nextId);
    for (const feature of featurePoints(part, nextId)) add.push(feature);
    nextId += part.length;
  }
  if (remove.length + add.length === 0) return;
  source?.updateData(placed.size === 0 ? { removeAll: true } : { remove, add });
}

/** The ring around a feature that the pointer is over, here or in the list. */
export function setHighlight(point: Point | null): void {
  put("hover", point ? points([point]) : empty);
}

export function setSelection(point: Point | null, tone: "feature" | "note"): void {
  put("selection", point ? points([point], () => ({ tone })) : empty);
}

export function setTrack(list: readonly Point[], stored = list.length): void {
  put("track", line(list.slice(0, stored)));
  put("unsent", line(list.slice(Math.max(0, stored - 1))));
}

export function setRoutePreview(list: readonly Point[], stops: readonly Point[] = []): void {
  put("preview", line(list));
  put(
    "stops",
    points(stops, (i) => ({ number: String(i + 1) })),
  );
}

export function setNotes(groups: readonly Group[]): void {
  notes = groups;
  put("notes", notePoints(groups));
}

/** Stands an element over a point, its foot there; what is returned takes it off. */
export function attach(point: Point, content: HTMLElement): () => void {
  const marker = new Marker({ element: content, anchor: "bottom" }).setLngLat(toLngLat(point));
  attached.add(marker);
  if (drawn && map) marker.addTo(map);
  return () => {
    attached.delete(marker);
    marker.remove();
  };
}

export function setTraveler(point: Point | null): void {
  if (!point) {
    traveler?.remove();
    traveler = null;
    return;
  }
  if (!traveler) {
    traveler = new Marker({ element: element("traveler-dot") }).setLngLat(toLngLat(point));
    if (drawn && map) traveler.addTo(map);
  }
  traveler.setLngLat(toLngLat(point));
}

/** A pin that is dragged to another place; null takes it off. */
export function setPin(point: Point | null): void {
  if (!point) {
    pin?.remove();
    pin = null;
    return;
  }
  if (!pin) {
    pin = new Marker({ element: element("pin"), anchor: "bottom", draggable: true }).setLngLat(toLngLat(point));
    pin.on("dragend", ({ target }: { target: Marker }) => {
      const { lat, lng } = target.getLngLat();
      tell(pinned, fromDegrees(lat, lng));
    });
    if (drawn && map) pin.addTo(map);
  }
  pin.setLngLat(toLngLat(point));
}

/** A ring that spreads once from a place where a note has just arrived. */
export function pulse(point: Point): void {
  if (!map) return;
  const marker = new Marker({ element: element("pulse") }).setLngLat(toLngLat(point)).addTo(map);
  marker.getElement().firstElementChild?.addEventListener("animationend", () => marker.remove(), { once: true });
}

/** MapLibre moves the outer element; the inner one is free to be animated. */
function element(className: string): HTMLElement {
  const outer = document.createElement("div");
  outer.className = className;
  outer.append(document.createElement("i"));
  return outer;
}

/** Shows an element at a point, or nothing. */
export function setPopup(point: Point | null, content: HTMLElement): void {
  if (popup && point && samePoint(popup.point, point)) return;
  popup?.box.remove();
  popup = null;
  if (!point) return;
  const box = new Popup({
    closeButton: false,
    closeOnClick: false,
    focusAfterOpen: false,
    offset: 14,
    maxWidth: "none",
  });
  box.setLngLat(toLngLat(point)).setDOMContent(content);
  if (drawn && map) box.addTo(map);
  popup = { box, point };
}
