// RouteService: everybody's routes.
import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import {
  type RouteFormat,
  type Route as RouteMessage,
  RouteService,
  RouteState,
} from "../gen/routeguide/v1/route_service_pb";
import type { Point, Rect } from "../geo";
import type { Fix } from "../record/fix";
import { keepCalling } from "./connection";
import { fixOf, pointOf, rectOf, timeOf } from "./messages";
import { parting, transport } from "./transport";

const routes = createClient(RouteService, transport);
const partingRoutes = createClient(RouteService, parting);

export type RouteKind = "recording" | "finished" | "interrupted";

export interface Route {
  readonly id: string;
  /** "" for none. */
  readonly traveler: string;
  readonly state: RouteKind;
  /** "" when nobody named it. */
  readonly name: string;
  /** `#rrggbb`; "" when nobody chose: it is drawn in its traveler's colour. */
  readonly color: string;
  readonly hidden: boolean;
  /** When the first and the newest point were measured; milliseconds since the epoch. */
  readonly start: number;
  readonly end: number;
  /** null while there is no point. */
  readonly bounds: Rect | null;
  readonly points: number;
  /** Points that lie exactly on a feature. */
  readonly features: number;
  readonly statistics: Statistics;
  /** Enough points for a small picture. */
  readonly sketch: readonly Point[];
}

/** Metres, milliseconds and metres per second, as the contract defines them. */
export interface Statistics {
  readonly distance: number;
  readonly moving: number;
  readonly stops: number;
  readonly average: number;
  readonly top: number;
  readonly climb: number;
  readonly descent: number;
}

export interface RoutePage {
  /** The one that was begun last first. */
  readonly routes: readonly Route[];
  /** "" on the last page. */
  readonly next: string;
}

/** A page of routes; `page` is "" for the first, or the `next` of the page before. */
export async function listRoutes(page: string, hidden: boolean, signal: AbortSignal): Promise<RoutePage> {
  const answer = await routes.listRoutes({ pageToken: page, showHidden: hidden, pageSize: 50 }, { signal });
  return { routes: answer.routes.map(routeOf), next: answer.nextPageToken };
}

export async function getRoute(route: string): Promise<Route> {
  return routeOf(await routes.getRoute({ route }));
}

/** Gives all points of a route, many at a time. */
export async function readTrack(route: string, onFixes: (fixes: Fix[]) => void, signal: AbortSignal): Promise<void> {
  for await (const { fixes } of routes.readTrack({ route }, { signal })) onFixes(fixes.map(fixOf));
}

export interface RouteWatch {
  readonly route: string;
  onRoute(route: Route): void;
  onFixes(fixes: Fix[]): void;
  /** All that was recorded has been given; from now on points come as they are made. */
  onCurrent(): void;
}

/** Gives a route and its points as they come, each once; resolves when the route is finished. */
export function watchRoute(watch: RouteWatch, signal: AbortSignal): Promise<void> {
  let cursor = "";
  return keepCalling(async (attempt, alive) => {
    const request = { route: watch.route, cursor };
    for await (const answer of routes.watchRoute(request, { signal: attempt, onHeader: alive })) {
      if (answer.cursor !== "") cursor = answer.cursor;
      if (answer.route) watch.onRoute(routeOf(answer.route));
      if (answer.fixes.length > 0) watch.onFixes(answer.fixes.map(fixOf));
      if (answer.current) watch.onCurrent();
    }
  }, signal);
}

export type RouteChange = Partial<Pick<Route, "name" | "color" | "hidden">>;

/** Changes what is given, and nothing else. */
export async function updateRoute(id: string, change: RouteChange): Promise<Route> {
  return routeOf(await routes.updateRoute({ route: { id, ...change }, updateMask: { paths: Object.keys(change) } }));
}

/** Deletes for everybody, also while the page is left. One that is gone already is gone. */
export async function deleteRoute(route: string): Promise<void> {
  try {
    await partingRoutes.deleteRoute({ route });
  } catch (failure) {
    if (ConnectError.from(failure).code !== Code.NotFound) throw failure;
  }
}

export const formats = ["GPX", "GEOJSON", "KML"] as const satisfies (keyof typeof RouteFormat)[];

/** Where a route is as a file. */
export function exportAddress(route: string, format: (typeof formats)[number]): string {
  return `/v1/routes/${encodeURIComponent(route)}:export?format=${format}`;
}

const kinds: Partial<Record<RouteState, RouteKind>> = {
  [RouteState.RECORDING]: "recording",
  [RouteState.INTERRUPTED]: "interrupted",
};

function routeOf(message: RouteMessage): Route {
  const { statistics: s } = message;
  return {
    id: message.id,
    traveler: message.traveler,
    state: kinds[message.state] ?? "finished",
    name: message.name,
    color: message.color,
    hidden: message.hidden,
    start: timeOf(message.startTime),
    end: timeOf(message.endTime),
    bounds: message.bounds ? rectOf(message.bounds) : null,
    points: Number(message.pointCount),
    features: Number(message.featureCount),
    statistics: {
      distance: s?.distance ?? 0,
      moving: s?.movingTime ? durationMs(s.movingTime) : 0,
      stops: s?.stopCount ?? 0,
      average: s?.averageSpeed ?? 0,
      top: s?.topSpeed ?? 0,
      climb: s?.climb ?? 0,
      descent: s?.descent ?? 0,
    },
    sketch: message.sketch.map(pointOf),
  };
}
