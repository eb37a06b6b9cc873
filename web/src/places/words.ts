// All that is said of places while they are made, changed and deleted.
import { formatCount } from "../geo";

export const words = {
  add: "Add a place",
  addHere: "Add a place here",
  placing: "Click on the map where the place is.",
  placingByKey: "By keyboard: Tab to the map, move it under the cross, Enter.",
  cancel: "Cancel",
  newPlace: "New place",
  editPlace: "Edit the place",
  edit: "Edit",
  name: "Name",
  namePlaceholder: "As it is called",
  description: "Description",
  category: "Kind",
  none: "No kind",
  webAddress: "Web address",
  position: "Position",
  positionHint: "Drag the pin on the map, or write coordinates.",
  badPosition: "These are no coordinates; they look like 40.9146, -74.6189.",
  save: "Save",
  saving: "Saving…",
  saved: (name: string) => `${name} is saved, for everybody.`,
  notSaved: (reason: string) => `Not saved: ${reason}.`,
  remove: "Delete",
  removed: (name: string) => `${name} is deleted for everybody.`,
  notRemoved: (name: string, reason: string) => `${name} could not be deleted: ${reason}.`,
  unnamed: "The place",
  import: "Import",
  imported(features: number, again: number): string {
    const fresh = features === 1 ? "1 place is added" : `${formatCount(features)} places are added`;
    return again === 0 ? `${fresh}.` : `${fresh}; ${formatCount(again)} ${again === 1 ? "was" : "were"} there already.`;
  },
  kinds: {
    peak: "Peak",
    viewpoint: "Viewpoint",
    hut: "Hut",
    camp: "Camp site",
    water: "Water",
    food: "Food",
    parking: "Parking",
    station: "Station",
    sight: "Sight",
    meeting: "Meeting point",
    danger: "Danger",
  } as Record<string, string>,
} as const;

/** A category as it is said; one of others as they wrote it. */
export function kindOf(category: string): string {
  return words.kinds[category] ?? category;
}
