// The list as it is seen: routes in groups by day, those that match what is looked for.
import { formatDistance } from "../geo";
import type { Route } from "../rpc/routes";
import { dayOf, timeOf } from "../ui/dates";
import { words } from "./words";

export type DayRow =
  | { readonly kind: "day"; readonly key: string; readonly text: string }
  | { readonly kind: "route"; readonly key: string; readonly route: Route };

/** What a route is called, named or not. */
export function titleOf(route: Pick<Route, "name" | "traveler" | "start">): string {
  return route.name || words.title(route.traveler, timeOf(route.start));
}

/** Routes whose name or traveler has each of the words, in whatever case and with or without accents. */
export function matching(routes: readonly Route[], text: string): readonly Route[] {
  const wanted = plain(text).split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return routes;
  return routes.filter((route) => {
    const has = plain(`${route.name} ${route.traveler}`);
    return wanted.every((word) => has.includes(word));
  });
}

/** A heading for each day before its routes; these come the newest first. */
export function byDay(routes: readonly Route[], now = Date.now()): DayRow[] {
  const rows: DayRow[] = [];
  for (let i = 0; i < routes.length; ) {
    const day = dayOf((routes[i] as Route).start, now);
    const rest = routes.slice(i);
    const end = rest.findIndex((route) => dayOf(route.start, now) !== day);
    const of = end < 0 ? rest : rest.slice(0, end);
    const metres = of.reduce((sum, route) => sum + route.statistics.distance, 0);
    const text = words.day(day.charAt(0).toUpperCase() + day.slice(1), of.length, formatDistance(metres));
    rows.push({ kind: "day", key: day, text });
    for (const route of of) rows.push({ kind: "route", key: route.id, route });
    i += of.length;
  }
  return rows;
}

function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
