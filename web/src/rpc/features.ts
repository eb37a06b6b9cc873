// FeatureService: the features with all that is known of them, and edits.
import { createClient } from "@connectrpc/connect";
import { type MapFeature as FeatureMessage, FeatureService } from "../gen/routeguide/v1/feature_service_pb";
import type { Point, Rect } from "../geo";
import { boundsMessage, pointMessage, pointOf } from "./messages";
import { transport } from "./transport";

const features = createClient(FeatureService, transport);

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
  return answer.features.map(featureOf);
}

/** Metres: what is so near is the same E7 point. */
const EXACT = 0.001;

/** The feature at exactly this point, or null. */
export async function featureAt(point: Point, signal: AbortSignal): Promise<MapFeature | null> {
  const near = { point: pointMessage(point), limit: 1, maxDistance: EXACT };
  const [found] = (await features.nearestFeatures(near, { signal })).neighbors;
  return found?.feature ? featureOf(found.feature) : null;
}

function featureOf(message: FeatureMessage): MapFeature {
  const { id, name, description, category, webAddress } = message;
  return { id, point: pointOf(message.location), name, description, category, webAddress };
}
