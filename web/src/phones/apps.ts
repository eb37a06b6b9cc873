// What a phone's tracking app has to be told so that it sends its positions to this server: settings to type in, and, for
// an app that can be set up by a link, that link, which it also reads as a QR code.
import { words } from "./words";

export interface Setting {
  readonly label: string;
  readonly value: string;
  /** The value is typed as it stands, so that it can be copied; otherwise it is a choice in the app. */
  readonly typed: boolean;
}

export interface Setup {
  readonly settings: readonly Setting[];
  /** Opens the app and sets it up. */
  readonly link: string | null;
}

export interface App {
  readonly id: string;
  readonly name: string;
  readonly systems: string;
  readonly home: string;
  setup(server: string, name: string): Setup;
}

const typed = (label: string, value: string): Setting => ({ label, value, typed: true });
const chosen = (label: string, value: string): Setting => ({ label, value, typed: false });

/** Base64 of UTF-8. */
function base64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));
}

/** The apps, with their addresses relative to a server like "https://map.example.org". */
export const apps: readonly App[] = [
  {
    id: "owntracks",
    name: "OwnTracks",
    systems: "iPhone, Android",
    home: "https://owntracks.org",
    setup(server, name) {
      const url = `${server}/ingest/owntracks?u=${encodeURIComponent(name)}&d=phone`;
      // Mode 3 is HTTP: https://owntracks.org/booklet/tech/json/#_typeconfiguration
      const configuration = { _type: "configuration", mode: 3, url, username: name, deviceId: "phone", auth: false };
      return {
        settings: [chosen(words.mode, "HTTP"), typed(words.url, url)],
        link: `owntracks:///config?inline=${encodeURIComponent(base64(JSON.stringify(configuration)))}`,
      };
    },
  },
  {
    id: "traccar",
    name: "Traccar Client",
    systems: "iPhone, Android",
    home: "https://www.traccar.org/client/",
    setup(server, name) {
      const url = `${server}/ingest/osmand`;
      return {
        settings: [typed(words.device, name), typed(words.url, url)],
        // The app takes an address with parameters as its settings.
        link: `${url}?id=${encodeURIComponent(name)}`,
      };
    },
  },
  {
    id: "overland",
    name: "Overland",
    systems: "iPhone",
    home: "https://overland.p3k.app",
    setup(server, name) {
      const url = `${server}/ingest/overland`;
      return {
        settings: [typed(words.url, url), typed(words.device, name)],
        link: `overland://setup?url=${encodeURIComponent(url)}&device_id=${encodeURIComponent(name)}`,
      };
    },
  },
  {
    id: "gpslogger",
    name: "GPSLogger",
    systems: "Android",
    home: "https://gpslogger.app",
    setup(server, name) {
      const query = "lat=%LAT&lon=%LON&timestamp=%TIMESTAMP&alt=%ALT&acc=%ACC&spd=%SPD&dir=%DIR&batt=%BATT";
      return {
        settings: [
          chosen(words.gpslogger, words.on),
          typed(words.url, `${server}/ingest/gpslogger?user=${encodeURIComponent(name)}&${query}`),
        ],
        link: null,
      };
    },
  },
  {
    id: "osmand",
    name: "OsmAnd",
    systems: "Android, iPhone",
    home: "https://osmand.net",
    setup(server, name) {
      const query = "lat={0}&lon={1}&timestamp={2}&hdop={3}&altitude={4}&speed={5}&bearing={6}";
      return {
        settings: [
          chosen(words.osmand, words.on),
          typed(words.url, `${server}/ingest/osmand?id=${encodeURIComponent(name)}&${query}`),
        ],
        link: null,
      };
    },
  },
  {
    id: "phonetrack",
    name: "PhoneTrack",
    systems: "Android",
    home: "https://f-droid.org/packages/net.eneiluj.nextcloud.phonetrack/",
    setup(server, name) {
      const query = "lat=%LAT&lon=%LON&timestamp=%TIMESTAMP&alt=%ALT&acc=%ACC&speed=%SPD&bearing=%DIR&bat=%BATT";
      return {
        settings: [
          chosen(words.phonetrack, words.on),
          typed(words.url, `${server}/ingest/phonetrack?user=${encodeURIComponent(name)}&${query}`),
        ],
        link: null,
      };
    },
  },
];

/** Whether a phone in the same network cannot reach a page's address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127\./.test(host) || host.endsWith(".localhost");
}
