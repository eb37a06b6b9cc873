// For tests: a route with little in it.
import type { Route } from "../rpc/routes";

export function testRoute(id: string, start: number, more: Partial<Route> = {}): Route {
  return {
    id,
    traveler: "",
    state: "finished",
    name: "",
    color: "",
    hidden: false,
    start,
    end: start + 3_600_000,
    bounds: null,
    points: 2,
    features: 0,
    statistics: { distance: 1000, moving: 600_000, stops: 0, average: 1, top: 2, climb: 0, descent: 0 },
    sketch: [],
    ...more,
  };
}
