// A place while it is made or changed, and those that were just deleted.
import { ConnectError } from "@connectrpc/connect";
import { batch, effect, signal } from "@preact/signals";
import { finder } from "../features/finder";
import { type Point, samePoint } from "../geo";
import { onPinned, setPin } from "../map/map";
import { Importing } from "../routes/importing";
import { Deletion, deleteOnLeave } from "../routes/undo";
import {
  createFeature,
  deleteFeature,
  type FeatureDraft,
  fieldErrors,
  type MapFeature,
  updateFeature,
} from "../rpc/features";
import { type ImportedFeatures, importFeatures } from "../rpc/files";
import { place, say, view } from "../state";
import { sheet } from "../ui/sheet";
import { words } from "./words";

export interface Draft extends FeatureDraft {
  /** What is changed; null for a new one. */
  readonly original: MapFeature | null;
}

/** The next click on the map says where a new place is. */
export const placing = signal(false);
/** What is being made or changed; null for nothing. */
export const draft = signal<Draft | null>(null);
export const saving = signal(false);
/** What is wrong with a field. */
export const errors = signal<Partial<Record<keyof FeatureDraft, string>>>({});
/** Why it was not saved, when that is not about a field. */
export const problem = signal<string | null>(null);

function begin(next: Draft): void {
  batch(() => {
    placing.value = false;
    draft.value = next;
    errors.value = {};
    problem.value = null;
    place.value = null;
    view.value = "features";
    if (sheet.peek() === "peek") sheet.value = "half";
  });
}

export function addAt(point: Point): void {
  begin({ ...blank(point), original: null });
}

export function edit(feature: MapFeature): void {
  begin({ ...feature, original: feature });
}

/** Changes what is written; what was wrong with it is no longer said. */
export function write(change: Partial<FeatureDraft>): void {
  const now = draft.peek();
  if (!now) return;
  draft.value = { ...now, ...change };
  const rest = { ...errors.peek() };
  for (const field of Object.keys(change) as (keyof FeatureDraft)[]) delete rest[field];
  errors.value = rest;
}

export function cancel(): void {
  const original = draft.peek()?.original;
  draft.value = null;
  if (original) place.value = original;
}

/** Cancels when nothing would be lost. */
export function leave(): void {
  const now = draft.peek();
  if (now && Object.keys(changes(now)).length === 0) cancel();
}

/** Saves for everybody. What the server does not take is said at its field, and nothing is lost. */
export async function save(): Promise<void> {
  const now = draft.peek();
  if (!now || saving.peek()) return;
  saving.value = true;
  problem.value = null;
  try {
    const saved = await send(now);
    finder.change([{ id: saved.id, feature: saved }]);
    if (draft.peek()?.original !== now.original) return;
    draft.value = null;
    place.value = saved;
    say(words.saved(titleOf(saved)));
  } catch (failure) {
    errors.value = fieldErrors(failure);
    if (Object.keys(errors.peek()).length === 0) problem.value = ConnectError.from(failure).rawMessage;
  } finally {
    saving.value = false;
  }
}

function send(draft: Draft): Promise<MapFeature> {
  const { original } = draft;
  const change = changes(draft);
  if (!original) return createFeature({ ...blank(draft.point), ...change });
  // Only what was changed: somebody else may be changing the rest.
  return Object.keys(change).length === 0 ? Promise.resolve(original) : updateFeature(original.id, change);
}

/** What is written otherwise than it was. */
function changes(draft: Draft): Partial<FeatureDraft> {
  const before: FeatureDraft = draft.original ?? blank(draft.point);
  const change: Partial<Record<(typeof texts)[number], string>> = {};
  for (const field of texts) if (draft[field] !== before[field]) change[field] = draft[field].trim();
  return samePoint(draft.point, before.point) ? change : { ...change, point: draft.point };
}

const texts = ["name", "description", "category", "webAddress"] as const;

function blank(point: Point): FeatureDraft {
  return { point, name: "", description: "", category: "", webAddress: "" };
}

/** Those that were deleted here, by their identifiers: they may have to come back. */
const removed = new Map<string, MapFeature>();

export const deletion = new Deletion(deleteFeature, (id, failure) => {
  const feature = finder.find(id);
  say(words.notRemoved(titleOf(feature ?? { name: "" }), ConnectError.from(failure).rawMessage));
});

export const importing = new Importing<ImportedFeatures>({
  send: importFeatures,
  nothing: { features: 0, duplicates: 0 },
  add: (a, b) => ({ features: a.features + b.features, duplicates: a.duplicates + b.duplicates }),
  onDone() {}, // The list and the map are told of them by the watch.
});

export function remove(feature: MapFeature): void {
  draft.value = null;
  place.value = null;
  removed.set(feature.id, feature);
  finder.change([{ id: feature.id, feature: null }]);
  deletion.later(feature.id, titleOf(feature));
}

export function titleOf({ name }: Pick<MapFeature, "name">): string {
  return name || words.unnamed;
}

/** Shows the pin of what is edited from now on. Call it once. */
export function startPlaces(): void {
  effect(() => setPin(draft.value?.point ?? null));
  effect(() => {
    if (view.value !== "features") placing.value = false;
  });
  onPinned((point) => write({ point }));
  deleteOnLeave(deletion);
  effect(() => {
    const gone = deletion.gone.value;
    for (const [id, feature] of removed) {
      if (gone.has(id)) continue;
      removed.delete(id);
      finder.change([{ id, feature }]);
    }
  });
}
