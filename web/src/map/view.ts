// The map. Only this room runs MapLibre; positions go in and out as E7 points.
import {
  AttributionControl,
  Map as LibreMap,
  ScaleControl,
  type StyleSpecification,
  setWorkerCount,
  setWorkerUrl,
} from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import "maplibre-gl/dist/maplibre-gl.css";
import type { Base } from "../basemaps/base";
import { Underlay } from "../basemaps/underlay";
import { placePictureOf } from "../places/picture";
import type { Camera } from "../state";
import { PIXELS, pictureOf } from "../travelers/picture";
import { coarse } from "../ui/words";
import { isOwnFace, loadFonts, type Shade } from "./basemap";
import { Drawings } from "./drawings";
import { FeatureDrawing } from "./feature-drawing";
import { Hits } from "./hits";
import { Markers } from "./markers";
import { Moves } from "./moves";
import { lineLayers, overlayLayers, overlaySources } from "./overlay";
import { Pointing } from "./pointing";
import { Stage } from "./stage";

/** A map. All but `open` may be called at any time, before it is drawn as well: it shows what was said last. */
export class MapView {
  readonly #stage = new Stage();
  readonly moves = new Moves(this.#stage);
  readonly features = new FeatureDrawing(this.#stage);
  readonly drawings = new Drawings(this.#stage);
  readonly markers = new Markers(this.#stage);
  readonly pointing = new Pointing(this.#stage, new Hits(this.#stage, this.features, this.drawings), this.features);
  #base: Base | null = null;
  #underlay: Underlay | null = null;

  /** Draws the map; resolves when it can be drawn on, which is before the basemap is there. Call it once. */
  async open(container: HTMLElement, camera: Camera, shade: Shade): Promise<void> {
    this.moves.announce(container, camera);
    setWorkerUrl(workerUrl);
    setWorkerCount(2);
    await loadFonts();
    const map = new LibreMap({
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
    this.#stage.map = map;
    this.moves.follow();
    this.pointing.follow();
    furnish(map);
    await map.once("style.load");
    this.#stage.drawn = map;
    for (const part of [this.drawings, this.features, this.markers]) part.draw();
    this.pointing.begin();
    this.moves.report();
    this.#underlay = new Underlay(map, lineLayers(shade)[0]?.id, overlayLayers(shade)[0]?.id);
    if (this.#base) this.#underlay.show(this.#base);
  }

  /** Puts another map under everything that is drawn, or the same in other colours. */
  setBase(next: Base): void {
    this.#base = next;
    this.#underlay?.show(next);
  }

  /** Repaints what is ours in another palette without loading anything again. */
  setShade(shade: Shade): void {
    for (const layer of styleOf(shade).layers) {
      for (const [name, value] of Object.entries(layer.paint ?? {})) {
        this.#stage.map?.setPaintProperty(layer.id, name as Parameters<LibreMap["setPaintProperty"]>[1], value);
      }
    }
  }
}

/** Our own layers: what lies under them is put there by `setBase`. */
function styleOf(shade: Shade): StyleSpecification {
  return { version: 8, sources: overlaySources(), layers: [...lineLayers(shade), ...overlayLayers(shade)] };
}

function furnish(map: LibreMap): void {
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new AttributionControl({ compact: innerWidth <= 600 }), "bottom-right");
  // On a phone the attribution goes behind a button once the map is drawn.
  map.once("idle", () =>
    map.getContainer().querySelector(".maplibregl-compact-show")?.classList.remove("maplibregl-compact-show"),
  );
  map.addControl(new ScaleControl({ maxWidth: 88 }), "bottom-right");
  map.setMissingStyleImageResolver((id) => {
    const picture = pictureOf(id) ?? placePictureOf(id);
    if (picture) map.addImage(id, picture, { pixelRatio: PIXELS });
  });
}
