// For tests: RecordTrack as the server keeps its promise. Points are stored a few at a time; a kill loses the others.
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { RecordTrackRequestSchema, RecordTrackResponseSchema } from "../gen/routeguide/v1/route_service_pb";
import type { Point } from "../geo";
import type { Fix } from "../record/fix";
import { fixOf } from "../rpc/messages";
import type { ServerCall } from "./server";

interface Route {
  stored: Point[];
  /** The same with what was measured. */
  fixes: Fix[];
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
    const [route = { stored: [], fixes: [], finished: false, owner: null }, another] = this.routes.values();
    if (another) throw new Error(`there are ${this.routes.size} routes`);
    return route;
  }

  handle = (call: ServerCall) => {
    const token = call.headers.get("resume-token") ?? "";
    if (!/^[\w-]{22,64}$/.test(token)) return call.end(Code.InvalidArgument, "resume-token: it is none");
    if (this.cannotStore) return call.end(Code.Unavailable, "the store does not answer");
    const route = this.routes.get(token) ?? { stored: [], fixes: [], finished: false, owner: null };
    this.routes.set(token, route);
    if (!route.finished) route.owner?.end(Code.Aborted, "the route is recorded by another call");
    route.owner = call;
    const waiting: Fix[] = [];
    const store = () => {
      route.stored.push(...waiting.map((fix) => fix.point));
      route.fixes.push(...waiting.splice(0));
    };

    call.header({ "resume-token": token, "route-id": "r1", "route-points": String(route.stored.length) });
    call.decode(RecordTrackRequestSchema, ({ fix }) => {
      if (this.cannotStore) return call.end(Code.Unavailable, "the store does not answer");
      if (route.finished) return call.end(Code.FailedPrecondition, "the route is finished");
      waiting.push(fixOf(fix));
      if (waiting.length === this.#piece) store();
    });
    call.onHalfClose = () => {
      store();
      route.finished = true;
      call.send(RecordTrackResponseSchema, {
        route: {
          pointCount: BigInt(route.stored.length),
          featureCount: 2n,
          startTime: timestampFromMs(1_000_000),
          endTime: timestampFromMs(1_056_000),
          statistics: { distance: 1234 },
        },
      });
      call.end();
    };
    call.onGone = () => {
      if (route.owner === call) route.owner = null;
    };
  };
}
