// AreaService: what happened in an area.
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { AreaService, type ReplayAreaResponse } from "../gen/routeguide/v1/area_service_pb";
import type { Rect } from "../geo";
import type { Fix } from "../record/fix";
import { type Note, noteOf } from "../rpc";
import { keepCalling } from "./connection";
import { type MapFeature, mapFeatureOf } from "./features";
import { boundsMessage, fixOf, timeOf } from "./messages";
import { transport } from "./transport";

const areas = createClient(AreaService, transport);

/** One thing that happened; `time` is in milliseconds since the epoch. */
export type Happening =
  | {
      readonly kind: "step";
      readonly time: number;
      readonly route: string;
      readonly traveler: string;
      readonly fix: Fix;
    }
  | { readonly kind: "note"; readonly time: number; readonly note: Note }
  | { readonly kind: "feature"; readonly time: number; readonly feature: MapFeature }
  | { readonly kind: "gone"; readonly time: number; readonly feature: string };

export interface Past {
  readonly area: Rect;
  /** From this time up to and without the other; milliseconds since the epoch. */
  readonly start: number;
  readonly end: number;
}

/** Gives all that happened, each once and in the order of time; false from `onHappening` ends it. */
export function readPast(
  { area, start, end }: Past,
  onHappening: (happening: Happening) => boolean,
  signal: AbortSignal,
): Promise<void> {
  let cursor = "";
  return keepCalling(async (attempt, alive) => {
    const request = {
      bounds: boundsMessage(area),
      startTime: timestampFromMs(start),
      endTime: timestampFromMs(end),
      cursor,
    };
    for await (const answer of areas.replayArea(request, { signal: attempt, onHeader: alive })) {
      cursor = answer.cursor;
      const happening = happeningOf(answer);
      if (happening && !onHappening(happening)) return;
    }
  }, signal);
}

function happeningOf({ time: at, event }: ReplayAreaResponse): Happening | null {
  const time = timeOf(at);
  switch (event.case) {
    case "step":
      return {
        kind: "step",
        time,
        route: event.value.route,
        traveler: event.value.traveler,
        fix: fixOf(event.value.fix),
      };
    case "note":
      return { kind: "note", time, note: { ...noteOf(event.value), time } }; // the replay goes by milliseconds
    case "feature":
      return { kind: "feature", time, feature: mapFeatureOf(event.value) };
    case "deletedFeature":
      return { kind: "gone", time, feature: event.value };
    default:
      return null;
  }
}
