import { effect } from "@preact/signals";
import { h, render } from "preact";
import { followAddress, openAddress } from "./address";
import { base, startBasemaps } from "./basemaps/basemaps";
import { startChats } from "./chats";
import { followClicks } from "./clicks";
import { lookWithoutMap, startFinder } from "./finder";
import { followKeys } from "./keys";
import * as map from "./map";
import { startClock } from "./panel/clock";
import { NoMap } from "./panel/no-map";
import { PlaceCard } from "./panel/place";
import { Shell } from "./panel/shell";
import { followDetails } from "./places/details";
import { startPlaces } from "./places/editing";
import { startRecorder } from "./recorder";
import { startRoutes } from "./routes/routes";
import { startSearch } from "./search/sources";
import { followKeyLinks, signIn } from "./session";
import { narrow, PLACE_CARD } from "./sheet";
import { camera, place, view } from "./state";
import { applyTheme, shade } from "./theme";
import { startTravelers } from "./travelers/travelers";
import "./styles/tokens.css";
import "./styles/parts.css";
import "./styles/shell.css";
import "./styles/dialogs.css";
import "./styles/map.css";
import "./styles/features.css";
import "./styles/record.css";
import "./styles/chat.css";
import "./travelers/travelers.css";
import "./routes/routes.css";
import "./search/search.css";
import "./places/places.css";
import "./basemaps/basemaps.css";

await signIn(); // before anything is asked for
followKeyLinks();
openAddress();
applyTheme();
startClock();

const [mapElement, appElement] = ["map", "app"].map((id) => document.getElementById(id));
if (!mapElement || !appElement) throw new Error("the document has no place for the page");
render(h(Shell, {}), appElement);
followAddress();
startBasemaps();
startFinder();
startRecorder();
startChats();
startTravelers();
startRoutes();
followClicks();
startSearch();
startPlaces();
followDetails();

map.onRest((viewport) => {
  camera.value = viewport.camera;
});
map.onSelect((hit) => {
  if (hit || view.value !== "chat") place.value = hit;
  if (hit && narrow.value && view.value === "features") map.reveal(hit.point, PLACE_CARD);
});
effect(() => {
  if (base.value) map.setBase(base.value);
});
effect(() => map.setSelection(place.value?.point ?? null, view.value === "chat" ? "note" : "feature"));

const card = document.createElement("div");
render(h(PlaceCard, {}), card);
effect(() => map.setPopup(view.value === "chat" || narrow.value ? null : (place.value?.point ?? null), card));

followKeys();

try {
  await map.createMap(mapElement, camera.value, shade.value);
  effect(() => map.setShade(shade.value));
} catch (failure) {
  render(h(NoMap, {}), mapElement);
  lookWithoutMap();
  throw failure;
}
