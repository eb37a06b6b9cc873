// FeatureService: the features with all that is known of them, and edits.
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { type MapFeature as FeatureMessage, FeatureService } from "../gen/routeguide/v1/feature_service_pb";
import type { Point, Rect } from "../geo";
import { keepCalling } from "./connection";
import { boundsMessage, pointMessage, pointOf } from "./messages";
import { parting, transport } from "./transport";
import { violationsOf } from "./violations";

const features = createClient(FeatureService, transport);
const partingFeatures = createClient(FeatureService, parting);

export interface MapFeature {
  readonly id: string;
  readonly point: Point;
  /** This and the others are "" for none. */
  readonly name: string;
  readonly description: string;
  /** As in `peak`. */
  readonly category: string;
  /** http or https. */
  readonly webAddress: string;
}

/** Those that have all words of a text, the best first, at most 8; in an area, or anywhere. */
export async function searchFeatures(query: string, area: Rect | null, signal: AbortSignal): Promise<MapFeature[]> {
  const bounds = area ? boundsMessage(area) : undefined;
  const answer = await features.searchFeatures({ query, bounds, limit: 8 }, { signal });
  return answer.features.map(mapFeatureOf);
}

/** Metres: what is so near is the same E7 point. */
const EXACT = 0.001;

/** The feature at exactly this point, or null. */
export async function featureAt(point: Point, signal: AbortSignal): Promise<MapFeature | null> {
  const near = { point: pointMessage(point), limit: 1, maxDistance: EXACT };
  const [found] = (await features.nearestFeatures(near, { signal })).neighbors;
  return found?.feature ? mapFeatureOf(found.feature) : null;
}

export type FeatureDraft = Omit<MapFeature, "id">;

/** Adds a feature for everybody; resolves with what the server made of it. */
export async function createFeature(draft: FeatureDraft): Promise<MapFeature> {
  return mapFeatureOf(await features.createFeature({ feature: messageOf(draft) }));
}

/** Changes what is given, and nothing else. */
export async function updateFeature(id: string, change: Partial<FeatureDraft>): Promise<MapFeature> {
  const paths = (Object.keys(change) as (keyof FeatureDraft)[]).map((field) => fields[field]);
  return mapFeatureOf(await features.updateFeature({ feature: { id, ...messageOf(change) }, updateMask: { paths } }));
}

/** Deletes for everybody, also while the page is left. One that is gone already is gone. */
export async function deleteFeature(feature: string): Promise<void> {
  try {
    await partingFeatures.deleteFeature({ feature });
  } catch (failure) {
    if (ConnectError.from(failure).code !== Code.NotFound) throw failure;
  }
}

/** As the contract calls the fields of a feature. */
const fields: Record<keyof FeatureDraft, string> = {
  point: "location",
  name: "name",
  description: "description",
  category: "category",
  webAddress: "web_address",
};

/** What the server says is wrong with fields of a feature; empty when the failure is about something else. */
export function fieldErrors(failure: unknown): Partial<Record<keyof FeatureDraft, string>> {
  const names = Object.keys(fields) as (keyof FeatureDraft)[];
  const errors: Partial<Record<keyof FeatureDraft, string>> = {};
  for (const { field, description } of violationsOf(failure)) {
    const name = names.find((n) => field === `feature.${fields[n]}` || field.startsWith(`feature.${fields[n]}.`));
    if (name) errors[name] ??= description;
  }
  return errors;
}

/** A feature as it is now, or the identifier of one that is no more, or not in the area that was asked for. */
export type FeatureChange = { readonly id: string; readonly feature: MapFeature | null };

export interface FeatureWatch {
  readonly area: Rect;
  /** Changes after this are told. */
  readonly cursor: string;
  onChange(change: FeatureChange, cursor: string): void;
}

/** Tells each change of the features in an area until the signal is aborted. */
export function watchFeatures(watch: FeatureWatch, signal: AbortSignal): Promise<never> {
  let { cursor } = watch;
  return keepCalling(async (attempt, alive) => {
    const request = { bounds: boundsMessage(watch.area), cursor };
    for await (const answer of features.watchFeatures(request, { signal: attempt, onHeader: alive })) {
      if (answer.cursor !== "") cursor = answer.cursor;
      const { event } = answer;
      if (event.case === "feature") watch.onChange({ id: event.value.id, feature: mapFeatureOf(event.value) }, cursor);
      else if (event.case === "deleted") watch.onChange({ id: event.value, feature: null }, cursor);
    }
    throw new ConnectError("the server ended the watch", Code.Unavailable);
  }, signal);
}

/** The features of an area as they are, with all that is known of them, and the cursor from which their changes follow. */
export async function readFeatures(area: Rect, signal: AbortSignal): Promise<{ all: MapFeature[]; cursor: string }> {
  const all: MapFeature[] = [];
  const enough = new AbortController();
  const watch = AbortSignal.any([signal, enough.signal]);
  try {
    for await (const { event, cursor } of features.watchFeatures({ bounds: boundsMessage(area) }, { signal: watch })) {
      if (event.case === "feature") all.push(mapFeatureOf(event.value));
      else if (event.case === "current") return { all, cursor };
    }
  } finally {
    enough.abort();
  }
  throw new ConnectError("the server ended the watch", Code.Unavailable);
}

function messageOf({ point, ...others }: Partial<FeatureDraft>) {
  return { ...others, ...(point && { location: pointMessage(point) }) };
}

export function mapFeatureOf(message: FeatureMessage): MapFeature {
  const { id, name, description, category, webAddress } = message;
  return { id, point: pointOf(message.location), name, description, category, webAddress };
}
