// All that the search says.

export const words = {
  label: "Search",
  placeholder: "Search places, travelers, coordinates",
  results: "What was found",
  clear: "Clear the search",
  searching: "Searching…",
  none: (query: string) => `Nothing is called “${query}”`,
  noneHint: "Try the beginning of another word, or coordinates as 40.91, -74.62.",
  failed: (reason: string) => `The places of this map cannot be searched: ${reason}.`,
  count: (count: number) => (count === 1 ? "1 found" : `${count} found`),
  coordinates: "Coordinates",
  traveler: "Traveler",
  here: "in view",
  elsewhere: (distance: string) => `${distance} away`,
  unnamed: "Place without a name",
  kinds: { city: "Town", county: "County", state: "State", country: "Country", water: "Water" } as Record<
    string,
    string
  >,
} as const;
