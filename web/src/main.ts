import { effect } from "@preact/signals";
import { h, render } from "preact";
import { base, startBasemaps } from "./basemaps/basemaps";
import { startChats } from "./chat/chats";
import { lookWithoutMap, startFinder } from "./features/finder";
import { followClicks } from "./map/clicks";
import { NoMap } from "./map/no-map";
import { map, provideMap } from "./map/provided";
import { MapView } from "./map/view";
import { startPast } from "./past/past";
import { PlaceCard } from "./places/card";
import { followDetails } from "./places/details";
import { startPlaces } from "./places/editing";
import { startRecorder } from "./record/recorder";
import { startRoutes } from "./routes/routes";
import { startSearch } from "./search/sources";
import { camera, lookingBack, place, view } from "./state";
import { startTravelers } from "./travelers/travelers";
import { followAddress, openAddress } from "./ui/address";
import { startClock } from "./ui/clock";
import { followKeys } from "./ui/keys";
import { followKeyLinks, signIn } from "./ui/session";
import { narrow, PLACE_CARD } from "./ui/sheet";
import { Shell } from "./ui/shell";
import { applyTheme, shade } from "./ui/theme";
import { coarse } from "./ui/words";
import { followLanguage } from "./words/language";
import "./ui/tokens.css";
import "./ui/parts.css";
import "./ui/shell.css";
import "./ui/dialogs.css";
import "./map/map.css";
import "./features/features.css";
import "./record/record.css";
import "./chat/chat.css";
import "./chat/map-notes.css";
import "./travelers/travelers.css";
import "./routes/routes.css";
import "./past/past.css";
import "./search/search.css";
import "./places/places.css";
import "./basemaps/basemaps.css";

await signIn(); // before anything is asked for
followKeyLinks();
openAddress();
applyTheme();
followLanguage();
startClock();

const [mapElement, appElement] = ["map", "app"].map((id) => document.getElementById(id));
if (!mapElement || !appElement) throw new Error("the document has no place for the page");
provideMap(new MapView());
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
startPast();
followDetails();

map.moves.onRest((viewport) => {
  camera.value = viewport.camera;
});
map.pointing.onSelect(({ hit, here }) => {
  if (lookingBack.value) return;
  // Beside what is chosen a click leaves it; with nothing chosen it opens any point, which fingers do with a long press. While a
  // route is made, nothing opens where the next point goes.
  place.value = hit ?? (place.value || coarse || narrow.value || view.value === "record" ? null : here);
  if (place.value && narrow.value) map.moves.reveal(place.value.point, PLACE_CARD);
});
effect(() => {
  if (base.value) map.setBase(base.value);
});
effect(() => map.drawings.setSelection(place.value?.point ?? null, view.value === "chat" ? "note" : "feature"));

const card = document.createElement("div");
render(h(PlaceCard, {}), card);
effect(() => map.markers.setPopup(view.value === "chat" || narrow.value ? null : (place.value?.point ?? null), card));

followKeys();

try {
  await map.open(mapElement, camera.value, shade.value);
  effect(() => map.setShade(shade.value));
} catch (failure) {
  render(h(NoMap, {}), mapElement);
  lookWithoutMap();
  throw failure;
}
