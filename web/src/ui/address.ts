// Keeps the address and the page's state alike: a change of view or place is a step to go back to, a move of the map
// rewrites the newest one.
import { batch, effect } from "@preact/signals";
import { samePoint } from "../geo";
import { setCamera } from "../map/map";
import { camera, consoleLink, home, place, view } from "../state";
import { formatLink, parseLink } from "./link";

/** Takes view, place and map from the address. Call it before the page is drawn. */
export function openAddress(): void {
  const link = parseLink(location.hash);
  batch(() => {
    view.value = link.view;
    consoleLink.value = link.console;
    place.value = link.place && { point: link.place, name: "" };
    if (link.camera) camera.value = link.camera;
    else if (link.place)
      camera.value = { ...home, zoom: 11, latitude: link.place.lat / 1e7, longitude: link.place.lng / 1e7 };
  });
}

/** Follows the state from now on, and the browser's back and forward buttons. */
export function followAddress(): void {
  effect(() => {
    const link = {
      view: view.value,
      console: consoleLink.value,
      place: place.value?.point ?? null,
      camera: camera.value,
    };
    const now = parseLink(location.hash);
    const samePlace = link.place && now.place ? samePoint(link.place, now.place) : link.place === now.place;
    const sameView = link.console
      ? now.console?.method === link.console.method
      : !now.console && now.view === link.view;
    const step = location.hash !== "" && !(sameView && samePlace);
    history[step ? "pushState" : "replaceState"](null, "", formatLink(link));
  });
  addEventListener("popstate", () => {
    const link = parseLink(location.hash);
    batch(() => {
      if (!link.console) view.value = link.view;
      consoleLink.value = link.console;
      const before = place.peek();
      if (!link.place) place.value = null;
      else if (!before || !samePoint(before.point, link.place)) place.value = { point: link.place, name: "" };
      if (link.camera) camera.value = link.camera;
    });
    if (link.camera) setCamera(link.camera);
  });
}
