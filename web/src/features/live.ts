// Keeps what the page has of features as the server has it: one watch over all areas that are kept.
import { Code, ConnectError } from "@connectrpc/connect";
import { effect } from "@preact/signals";
import type { Rect } from "../geo";
import { keepCalling } from "../rpc/connection";
import { type FeatureChange, readFeatures, watchFeatures } from "../rpc/features";
import type { FeatureFinder } from "./features";
import { holds } from "./grid";

/** An area that is asked about only for the cursor of the present. */
const POLE: Rect = { south: -900_000_000, west: 0, north: -900_000_000, east: 0 };
/** Milliseconds in which changes are gathered. */
const GATHER = 100;

/** Takes up changes of the finder's areas from now on, until the signal is aborted. */
export function followFeatures(finder: FeatureFinder, signal: AbortSignal = new AbortController().signal): void {
  /** All that is kept is as new as this, or newer. "": not known yet. */
  let cursor = "";
  let watched: Rect | null = null;
  let call = new AbortController();
  let waiting: FeatureChange[] = [];

  const take = () => {
    const changes = waiting;
    waiting = [];
    finder.change(changes);
  };

  async function begin(): Promise<void> {
    ({ cursor } = await keepCalling((attempt) => readFeatures(POLE, attempt), signal));
    watch();
  }

  /** Watches a larger area when more is kept than is watched, from where it was before. */
  function watch(): void {
    const { kept } = finder;
    if (cursor === "" || !kept || (watched && holds(watched, kept))) return;
    watched = kept;
    call.abort();
    call = new AbortController();
    const own = call.signal;
    const onChange = (change: FeatureChange, at: string) => {
      if (own.aborted) return;
      cursor = at;
      if (waiting.length === 0) setTimeout(take, GATHER);
      waiting.push(change);
    };
    watchFeatures({ area: kept, cursor, onChange }, AbortSignal.any([own, signal])).catch((failure) => {
      if (own.aborted || signal.aborted || ConnectError.from(failure).code !== Code.OutOfRange) return;
      // The server has begun anew: what is kept may be of another one.
      cursor = "";
      watched = null;
      finder.again();
      begin().catch(() => {});
    });
  }

  effect(() => {
    void finder.parts.value;
    watch();
  });
  begin().catch(() => {}); // The page does without changes.
}
