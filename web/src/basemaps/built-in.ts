import type { GeoJSONSource, Map as LibreMap } from "maplibre-gl";
import { basemapLayers, basemapSources, detail, fileOf, type Shade, stages } from "../map/basemap";
import type { Base } from "./base";

/** The map that the page has by itself. */
export function builtInBase(shade: Shade): Base {
  return { key: "built-in", sources: basemapSources(), layers: basemapLayers(shade), fill };
}

function fill(map: LibreMap): () => void {
  let stopped = false;
  let detailed = false;
  const set = async (source: string): Promise<void> => {
    if (!stopped) await map.getSource<GeoJSONSource>(source)?.setData(fileOf(source));
  };

  /** Fetches the detailed coast when the map first looks that closely, and lets go of the coarse one when it is drawn. */
  function look(): void {
    if (detailed || map.getZoom() < detail.zoom - 0.5) return;
    detailed = true;
    void set(detail.source);
    map.once("idle", () => {
      if (stopped) return;
      for (const layer of detail.coarse) map.setLayerZoomRange(layer, 0, detail.zoom);
    });
  }

  /** Stage after stage, so that the land does not wait for its labels. What cannot be loaded is not drawn. */
  async function load(): Promise<void> {
    for (const stage of stages) await Promise.allSettled(stage.map(set));
    if (stopped) return;
    look();
    map.on("zoom", look);
  }

  void load();
  return () => {
    stopped = true;
    map.off("zoom", look);
  };
}
