// The page's routes: those of the list, those on the map, the one that is looked at, and the moment of it.
import { ConnectError } from "@connectrpc/connect";
import { batch, computed, effect, signal, untracked } from "@preact/signals";
import { fitToRect, onDrag, onMark, onPointer } from "../map/map";
import { type ImportedRoutes, importRoutes } from "../rpc/files";
import { deleteRoute, getRoute, listRoutes, type Route, type RouteChange, updateRoute } from "../rpc/routes";
import { connection, lookingBack, say, view } from "../state";
import { colorOf } from "../travelers/person";
import { goTo, roster } from "../travelers/travelers";
import { narrow } from "../ui/sheet";
import { Catalog } from "./catalog";
import { byDay, matching, titleOf } from "./days";
import { drawRoutes } from "./drawing";
import { Importing } from "./importing";
import { Replay } from "./replay";
import { ShownRoute } from "./shown";
import { nearestTo } from "./timeline";
import { Deletion, deleteOnLeave } from "./undo";
import { words } from "./words";

export const catalog = new Catalog(listRoutes);

/** What is looked for in the list. */
export const filter = signal("");
export const withHidden = signal(false);

/** The routes on the map. */
export const shown = signal<readonly ShownRoute[]>([]);
/** The id of the one that is looked at, which is shown; null for none. */
export const focused = signal<string | null>(null);
export const focusedRoute = computed(() => shown.value.find((s) => s.id === focused.value) ?? null);

/** Whether the map stays with the route that is replayed. */
export const following = signal(false);

export const replay = new Replay(() => {
  const fixes = focusedRoute.value?.track.value.fixes ?? [];
  const [first, last] = [fixes[0], fixes.at(-1)];
  return first && last ? { start: first.time, end: last.time } : null;
});

export const deletion = new Deletion(deleteRoute, (id, failure) => {
  const route = catalog.state.peek().routes.find((r) => r.id === id);
  say(words.notRemoved(route ? titleOf(route) : "", ConnectError.from(failure).rawMessage));
});

export const importing = new Importing<ImportedRoutes>({
  send: importRoutes,
  nothing: { routes: [], points: 0, duplicates: 0 },
  add: (a, b) => ({
    routes: [...a.routes, ...b.routes],
    points: a.points + b.points,
    duplicates: a.duplicates + b.duplicates,
  }),
  onDone: ({ routes }) => void showImported(routes),
});

async function showImported(ids: readonly string[]): Promise<void> {
  await catalog.refresh();
  const found = catalog.state.peek().routes.filter((route) => ids.includes(route.id));
  if (found.length === 0) return;
  view.value = "routes";
  shown.value = [...shown.peek(), ...found.slice(0, MOST_SHOWN).map((route) => new ShownRoute(route))];
  const [only, another] = found;
  if (only && !another) focus(only);
  else fitToRoutes(found);
}

/** Routes of one file that are shown by themselves. */
const MOST_SHOWN = 20;

/** The list as it is seen. */
export const rows = computed(() => {
  const listed = catalog.state.value.routes.filter((route) => !deletion.gone.value.has(route.id));
  return byDay(matching(listed, filter.value));
});

export function routeColor({ color, traveler, id }: Pick<Route, "color" | "traveler" | "id">): string {
  return color || colorOf(traveler, id);
}

export function isShown(id: string): boolean {
  return shown.value.some((s) => s.id === id);
}

/** Looks at one route. One that was not on the map takes the place of all that were. */
export function focus(route: Route): void {
  batch(() => {
    if (focused.peek() === route.id) return;
    replay.stop();
    following.value = false;
    if (!isShown(route.id)) {
      for (const s of shown.peek()) s.close();
      shown.value = [new ShownRoute(route)];
    }
    focused.value = route.id;
  });
  fitToRoutes([route]);
}

/** Looks at the route of this id, in the routes' view. */
export async function open(id: string): Promise<void> {
  view.value = "routes";
  try {
    focus(await getRoute(id));
  } catch (failure) {
    say(words.notOpened(ConnectError.from(failure).rawMessage));
  }
}

/** Looks at none any more; what is shown stays. */
export function unfocus(): void {
  batch(() => {
    replay.stop();
    following.value = false;
    focused.value = null;
  });
}

/** Puts a route on the map beside others, or takes it off. */
export function toggleShown(route: Route): void {
  if (!isShown(route.id)) {
    shown.value = [...shown.value, new ShownRoute(route)];
    fitToRoutes(shown.value.map((s) => s.route.value));
  } else takeOff(route.id);
}

function takeOff(id: string): void {
  if (focused.peek() === id) unfocus();
  for (const s of shown.peek()) if (s.id === id) s.close();
  shown.value = shown.peek().filter((s) => s.id !== id);
}

/** Changes a route for everybody; here at once. */
export async function change(route: Route, to: RouteChange): Promise<void> {
  put({ ...route, ...to });
  try {
    put(await updateRoute(route.id, to));
  } catch (failure) {
    put(route);
    void catalog.refresh();
    say(words.notChanged(ConnectError.from(failure).rawMessage));
  }
}

export function remove(route: Route): void {
  takeOff(route.id);
  deletion.later(route.id, titleOf(route));
}

function put(route: Route): void {
  catalog.put(route);
  const one = shown.peek().find((s) => s.id === route.id);
  if (one) one.route.value = route;
}

/** Pixels at the lower edge of a wide map that the replay takes. */
const REPLAY_BAR = 220;

function fitToRoutes(routes: readonly Route[]): void {
  const bounds = routes.flatMap((route) => route.bounds ?? []);
  const [first, ...others] = bounds;
  if (!first) return;
  const all = others.reduce(
    (a, b) => ({
      south: Math.min(a.south, b.south),
      west: Math.min(a.west, b.west),
      north: Math.max(a.north, b.north),
      east: Math.max(a.east, b.east),
    }),
    first,
  );
  fitToRect(all, narrow.peek() || focused.peek() === null ? 0 : REPLAY_BAR);
}

/** Milliseconds after which the list is read again while it is looked at and somebody records. */
const FRESH = 15_000;
/** Pixels from the line in which the pointer chooses a moment of it. */
const REACH = 14;

/** Keeps the list fresh and the map drawn from now on. Call it once. */
export function startRoutes(): void {
  const recorded = computed(() =>
    roster.state.value.travelers
      .map((t) => t.route)
      .toSorted()
      .join(" "),
  );
  effect(() => {
    recorded.value;
    if (view.value !== "routes" || connection.value.kind !== "live") return;
    untracked(() => void catalog.refresh());
    if (recorded.value === "") return;
    const timer = setInterval(() => void catalog.refresh(), FRESH);
    return () => clearInterval(timer);
  });
  deleteOnLeave(deletion);
  onMark(({ kind, route: id, more }) => {
    if (kind === "traveler") {
      const traveler = roster.get(id);
      if (traveler) goTo(traveler);
      view.value = "travelers";
      return;
    }
    const one = shown.peek().find((s) => s.id === id);
    if (!one) return;
    view.value = "routes";
    if (more) takeOff(id);
    else focus(one.route.peek());
  });
  onPointer((pointer) => {
    if (!pointer || replay.playing.peek()) return;
    const fixes = focusedRoute.peek()?.track.peek().fixes ?? [];
    const index = nearestTo(fixes, pointer.point, REACH * pointer.pixel);
    const fix = fixes[index];
    if (fix) replay.seek(fix.time);
  });
  onDrag(() => {
    following.value = false;
  });
  effect(() => {
    if (!replay.playing.value) return;
    let last = performance.now();
    let frame = requestAnimationFrame(function pass(now) {
      replay.pass(now - last);
      last = now;
      frame = requestAnimationFrame(pass);
    });
    return () => cancelAnimationFrame(frame);
  });
  effect(() => {
    if (lookingBack.value) untracked(unfocus);
  });
  const drawn = computed(() => (lookingBack.value ? [] : shown.value));
  drawRoutes({ shown: drawn, focused, at: replay.at, following, colorOf: routeColor });
}
