// What is known of the chosen place: whether it is a feature, and all of that.
import { computed, effect, signal, untracked } from "@preact/signals";
import { finder } from "../features/finder";
import { type Point, samePoint } from "../geo";
import { featureAt, type MapFeature } from "../rpc/features";
import { place, view } from "../state";

interface Answer {
  readonly point: Point;
  readonly feature: MapFeature | null;
}
const answer = signal<Answer | null>(null);

/** The feature that is chosen; null for a place that is none; undefined while that is not known. */
export const details = computed<MapFeature | null | undefined>(() => {
  const point = place.value?.point;
  if (!point) return undefined;
  const kept = finder.at(point);
  if (kept?.id !== undefined) return kept as MapFeature;
  const asked = answer.value;
  return asked && samePoint(asked.point, point) ? asked.feature : undefined;
});

/** Asks for what is not known of the chosen place, and stays with it when somebody moves or renames it. Call it once. */
export function followDetails(): void {
  effect(() => {
    const chosen = place.value;
    if (!chosen || untracked(() => finder.at(chosen.point))?.id !== undefined) return;
    const { point } = chosen;
    const control = new AbortController();
    featureAt(point, control.signal).then(
      (feature) => {
        if (control.signal.aborted) return;
        answer.value = { point, feature };
        if (feature) finder.change([{ id: feature.id, feature }]);
      },
      () => {}, // The place does without.
    );
    return () => control.abort();
  });
  let last: MapFeature | null = null;
  effect(() => {
    const chosen = place.value;
    if (!chosen) {
      last = null;
      return;
    }
    const now = details.value;
    if (now) {
      last = now;
      if (now.name !== chosen.name) place.value = now;
      return;
    }
    // It is no longer there: somebody may have moved it. A conversation stays where it is.
    const moved = last && samePoint(last.point, chosen.point) ? finder.find(last.id) : null;
    if (moved && view.peek() !== "chat") place.value = moved;
  });
}
