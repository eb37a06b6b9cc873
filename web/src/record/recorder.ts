// The page's recorder: what makes its points, and how the map follows it.
import { computed, effect, signal, untracked } from "@preact/signals";
import { featureName } from "../features/finder";
import type { Point } from "../geo";
import * as map from "../map/map";
import { addWaypoint, type Place, say, traveler, view, waypoints } from "../state";
import { persisted } from "../ui/persist";
import { claimDraft, type Draft, drafts, dropDraft, type Source, sources } from "./draft";
import { planDrive, wayOf } from "./drive";
import { Recorder, type RecordingState } from "./recording";
import { canFollowDevice, type DeviceNews, DriveRun, followDevice } from "./sources";
import { words } from "./words";

export const recorder = new Recorder({ traveler: () => traveler.value, featureAt: featureName });

/** How the next points will be made. */
export const source = persisted<Source>(
  "source",
  canFollowDevice() ? "device" : "draw",
  (text) => sources.find((s) => s === text) ?? null,
);
/** Of a drive, in km/h. */
export const speed = persisted("speed", 80, numberFrom(1, 2000));
/** Seconds of a drive that pass in one. */
export const speedUp = persisted("speedup", 60, numberFrom(1, 3600));

export const deviceNews = signal<DeviceNews>({ accuracy: null, trouble: null });
/** The drive that is under way, or was when the recording paused. */
export const run = signal<DriveRun | null>(null);
/** Whether the line of the route that was just finished stays on the map. */
export const keepLine = signal(true);

/** Routes that earlier pages left unfinished, and this one has not taken up. */
export const unfinished = signal<readonly Draft[]>([]);

export const plannedDrive = computed(() => planDrive(waypoints.value, speed.value));

/** Whether points can be made the chosen way. */
export const canStart = computed(() => source.value !== "drive" || waypoints.value.length > 1 || run.value !== null);

export function start(): void {
  if (!canStart.value) return;
  keepLine.value = true;
  recorder.start(source.value);
}

/** Records where this device goes, or shows the route that is being recorded. */
export function recordDevice(): void {
  view.value = "record";
  if (kind.value !== "idle") return;
  source.value = "device";
  start();
}

export function resume(): void {
  if (canStart.value) recorder.resume(source.value);
}

/** Starts, pauses or resumes, as the state has it. */
export function toggleRecording(): void {
  if (kind.value === "idle") start();
  else if (kind.value === "recording") recorder.pause();
  else resume();
}

export function takeUp(draft: Draft): void {
  if (kind.value !== "idle") return;
  source.value = draft.source;
  recorder.takeUp(draft);
  unfinished.value = unfinished.value.filter((d) => d !== draft);
}

export function discard(draft: Draft): void {
  dropDraft(draft.id);
  unfinished.value = unfinished.value.filter((d) => d !== draft);
}

/** What a click on the map is for while routes are looked at: a point of the route, a stop of the drive, or nothing. */
export const wantsClicks = computed<"points" | "stops" | null>(() => {
  const { kind } = recorder.state.value;
  if (kind === "recording") return making.value === "draw" ? "points" : null;
  return (kind === "idle" || kind === "paused") && source.value === "drive" && !run.value ? "stops" : null;
});

export function takeClick(place: Place): void {
  if (wantsClicks.value === "points") recorder.add([place]);
  else if (wantsClicks.value === "stops") addWaypoint(place);
}

/** Undoes the newest click. */
export function takeBack(): void {
  if (wantsClicks.value === "points") {
    if (!recorder.takeBack()) say(words.storedAlready);
  } else if (wantsClicks.value === "stops") waypoints.value = waypoints.value.slice(0, -1);
}

/** The way that points are being made right now. */
const making = computed(() => {
  const state = recorder.state.value;
  return state.kind === "recording" ? state.track.source : null;
});
const kind = computed(() => recorder.state.value.kind);
const routeId = computed(() => ("track" in recorder.state.value ? recorder.state.value.track.id : null));

/** What the server calls the route that is being recorded here; "" when none is. */
export const ownRoute = computed(() => {
  const state = recorder.state.value;
  return state.kind === "recording" || state.kind === "paused" ? state.track.route : "";
});

/** Where this device is, while it tells. */
export const ownPoint = computed(() => {
  const state = recorder.state.value;
  return state.kind === "recording" && making.value === "device" ? (state.track.fixes.at(-1)?.point ?? null) : null;
});

/** Makes points and shows them on the map from now on. Call it once. */
export function startRecorder(): void {
  for (const { id } of drafts()) claimDraft(id, () => offer(id));
  effect(() => {
    if (routeId.value && !offered.has(routeId.value)) claimDraft(routeId.value, () => {});
  });
  effect(() => {
    if (making.value === "device")
      return followDevice(
        (fix) => recorder.add([{ point: fix.point, name: "", fix }]),
        (news) => {
          deviceNews.value = news;
        },
      );
    if (making.value === "drive") return untracked(drive);
  });
  effect(() => {
    const state = recorder.state.value;
    if (state.kind === "idle" || state.kind === "finished") run.value = null;
  });
  effect(showWay);
  effect(() => {
    drawSoon(recorder.state.value, keepLine.value);
  });
}

const offered = new Set<string>();

/** Offers a route that no page holds, unless one has just finished or discarded it. One that only has to end is ended. */
function offer(id: string): void {
  const draft = drafts().find((d) => d.id === id);
  if (!draft) return;
  offered.add(id);
  unfinished.value = [...unfinished.value, draft];
  if (draft.finishing) takeUp(draft);
}

/** Drives on, or begins a drive through the stops. It ends the recording when it arrives. */
function drive(): () => void {
  const current = run.value ?? new DriveRun(plannedDrive.value, speedUp.value, (places) => recorder.add(places));
  run.value = current;
  current.go();
  const stopLooking = current.seconds.subscribe(() => {
    if (current.arrived) queueMicrotask(() => recorder.finish());
  });
  return () => {
    stopLooking();
    current.stop();
  };
}

function showWay(): void {
  const ended = kind.value === "finishing" || kind.value === "finished" || kind.value === "failed";
  const stops =
    run.value?.drive.stops ?? (source.value === "drive" && !ended && view.value === "record" ? waypoints.value : []);
  if (ended || (kind.value === "recording" && making.value !== "drive")) map.setRoutePreview([]);
  else
    map.setRoutePreview(
      wayOf(stops),
      stops.map((stop) => stop.point),
    );
}

let next: (() => void) | null = null;
let traveled: Point | null = null;

/** Draws the newest state with the next frame: a long line costs too much to be drawn for every point. */
function drawSoon(state: RecordingState, keep: boolean): void {
  if (!next)
    requestAnimationFrame(() => {
      next?.();
      next = null;
    });
  next = () => {
    const isOver = state.kind === "finished";
    const track = state.kind === "idle" || (isOver && !keep) ? null : state.track;
    const points = track?.fixes.map((fix) => fix.point) ?? [];
    if (track) map.setTrack(points, isOver ? track.count : track.sent);
    else map.setTrack([]);
    const here = (!isOver && points.at(-1)) || null;
    map.setTraveler(here);
    if (traveled && here) map.follow(traveled, here);
    else if (here && track?.source === "device") map.flyTo(here);
    traveled = here;
  };
}

function numberFrom(least: number, most: number) {
  return (text: string) => {
    const n = Number(text);
    return n >= least && n <= most ? n : null;
  };
}
