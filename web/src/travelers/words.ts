// All that the travelers' room says.

const directions = ["north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"];

/** Metres per second up to which one walks. */
const WALKING = 2.5;

export const words = {
  tab: "Travelers",
  list: "Who is on the way",
  unnamed: "Somebody",
  you: "you",
  looking: "Looking who is on the way…",
  nobody: "Nobody is on the way here",
  nobodyHint: "Whoever records a route is seen here while it lasts, by everybody.",
  elsewhere: (count: number) => (count === 1 ? "One is on the way elsewhere" : `${count} are on the way elsewhere`),
  showElsewhere: "Show them",
  record: "Record this device",
  addPhone: "Add a phone",
  failed: (reason: string) => `Who is on the way cannot be read: ${reason}.`,
  again: "Try again",
  count: (count: number) => (count === 1 ? "1 on the way here" : `${count} on the way here`),
  fromCentre: "distance from the map’s centre",
  fromYou: "distance from you",
  follow: (name: string) => `Follow ${name}`,
  following: (name: string) => `The map follows ${name}. Drag it to stop.`,
  gone: (name: string) => `${name} is no longer on the way.`,
  now: "now",
  minutes: (n: number) => (n < 60 ? `${n} min` : `${Math.floor(n / 60)} h ${n % 60} min`),
  ago: (age: string) => `${age} ago`,
  lastSeen: (age: string) => `last seen ${age} ago`,
  standing: "standing",
  walking: "walking",
  onTheWay: "on the way",
  battery: (percent: number) => `battery ${percent} %`,
  high: (metres: number) => `${metres} m up`,
  speed: (metresPerSecond: number) => `${Math.round(metresPerSecond * 3.6)} km/h`,
  /** How somebody moves: `52 km/h north-east`, `walking north`, `standing`. */
  motion(speed: number | null, heading: number | null): string {
    if (speed === null) return words.onTheWay;
    if (speed < 0.5) return words.standing;
    const way = heading === null ? "" : ` ${directions[Math.round(heading / 45) % 8]}`;
    return (speed <= WALKING ? words.walking : words.speed(speed)) + way;
  },
} as const;
