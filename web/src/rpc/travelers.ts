// TravelerService: who is on the way just now.
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { type Traveler as TravelerMessage, TravelerService } from "../gen/routeguide/v1/traveler_service_pb";
import type { Rect } from "../geo";
import type { Fix } from "../record/fix";
import { keepCalling } from "./connection";
import { boundsMessage, fixOf, timeOf } from "./messages";
import { transport } from "./transport";

const travelers = createClient(TravelerService, transport);

export interface Traveler {
  /** The route that is being recorded: what tells two of one name apart. */
  readonly route: string;
  /** "" for none. */
  readonly name: string;
  readonly position: Fix;
  /** The points before, the oldest first. */
  readonly trail: readonly Fix[];
  /** When the traveler is no longer on the way, if nothing more comes; milliseconds of the server's clock. */
  readonly expires: number;
}

export interface TravelerWatch {
  readonly area: Rect;
  /** A call was taken: everybody in the area comes now, then `onCurrent`. Again after each reconnection. */
  onOpen(): void;
  /** Somebody is there, or somewhere else; the trail comes with the first word of a call only. `clock` is the server's. */
  onMoved(traveler: Traveler, clock: number): void;
  onLeft(route: string, clock: number): void;
  onCurrent(clock: number): void;
}

/** Tells who is on the way in an area until the signal is aborted. */
export function watchTravelers(watch: TravelerWatch, signal: AbortSignal): Promise<never> {
  return keepCalling(async (attempt, alive) => {
    const answers = travelers.watchTravelers(
      { bounds: boundsMessage(watch.area) },
      {
        signal: attempt,
        onHeader() {
          alive();
          watch.onOpen();
        },
      },
    );
    for await (const { event, serverTime } of answers) {
      const clock = timeOf(serverTime);
      if (event.case === "moved") watch.onMoved(travelerOf(event.value), clock);
      else if (event.case === "left") watch.onLeft(event.value, clock);
      else if (event.case === "current") watch.onCurrent(clock);
    }
    throw new ConnectError("the server ended the watch", Code.Unavailable);
  }, signal);
}

/** Those in the whole world whose newest points came last, at most 1,000, without trails. */
export async function listTravelers(signal: AbortSignal): Promise<Traveler[]> {
  const answer = await travelers.listTravelers({ pageSize: 1000 }, { signal });
  return answer.travelers.map(travelerOf);
}

function travelerOf(message: TravelerMessage): Traveler {
  const position = fixOf(message.position);
  return {
    route: message.route,
    name: message.name,
    position: position.time ? position : { ...position, time: timeOf(message.updateTime) },
    trail: message.trail.map(fixOf),
    expires: timeOf(message.expireTime),
  };
}
