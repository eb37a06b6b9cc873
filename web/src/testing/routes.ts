// For tests: RecordRoute as the server keeps its promise. Points are stored a few at a time; a kill loses the others.
import { Code } from "@connectrpc/connect";
import { PointSchema, RouteSummarySchema } from "../gen/routeguide/route_guide_pb";
import type { ServerCall } from "./server";

interface Route {
  stored: { lat: number; lng: number }[];
  finished: boolean;
  owner: ServerCall | null;
}

export class TestRoutes {
  /** By the resume token. */
  readonly routes = new Map<string, Route>();
  /** Says that it cannot store points. */
  cannotStore = false;
  /** How many points wait before they are stored. */
  readonly #piece: number;

  constructor(piece = 3) {
    this.#piece = piece;
  }

  /** The one route that there is, or an empty one before it came. */
  get only(): Route {
    const [route = { stored: [], finished: false, owner: null }, another] = this.routes.values();
    if (another) throw new Error(`there are ${this.routes.size} routes`);
    return route;
  }

  handle = (call: ServerCall) => {
    const token = call.headers.get("resume-token") ?? "";
    if (!/^[\w-]{22,64}$/.test(token)) return call.end(Code.InvalidArgument, "resume-token: it is none");
    if (this.cannotStore) return call.end(Code.Unavailable, "the store does not answer");
    const route = this.routes.get(token) ?? { stored: [], finished: false, owner: null };
    this.routes.set(token, route);
    if (!route.finished) route.owner?.end(Code.Aborted, "the route is recorded by another call");
    route.owner = call;
    const waiting: Route["stored"] = [];
    const store = () => route.stored.push(...waiting.splice(0));

    call.header({ "resume-token": token, "route-id": "r1", "route-points": String(route.stored.length) });
    call.decode(PointSchema, (p) => {
      if (this.cannotStore) return call.end(Code.Unavailable, "the store does not answer");
      if (route.finished) return call.end(Code.FailedPrecondition, "the route is finished");
      waiting.push({ lat: p.latitude, lng: p.longitude });
      if (waiting.length === this.#piece) store();
    });
    call.onHalfClose = () => {
      store();
      route.finished = true;
      call.send(RouteSummarySchema, {
        pointCount: route.stored.length,
        featureCount: 2,
        distance: 1234,
        elapsedTime: 56,
      });
      call.end();
    };
    call.onGone = () => {
      if (route.owner === call) route.owner = null;
    };
  };
}
