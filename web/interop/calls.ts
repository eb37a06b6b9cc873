// What every client is asked to do, and what must come of it. Runs in Node and in a browser.
import {
  create,
  type DescMessage,
  type DescMethod,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { RouteGuide } from "../src/gen/routeguide/route_guide_pb";
import { NoteService, type WatchNotesResponse } from "../src/gen/routeguide/v1/note_service_pb";

/**
 * One call by somebody's client: sends what `requests` gives, tells each answer as it comes, and rejects with a Refusal
 * when the call ends with another status than OK. Once `until` is aborted, the call is over.
 */
export type Caller = <I extends DescMessage, O extends DescMessage>(
  method: DescMethod & { input: I; output: O },
  requests: AsyncIterable<MessageShape<I>>,
  onAnswer: (answer: MessageShape<O>) => void,
  until?: AbortSignal,
) => Promise<void>;

export class Refusal extends Error {
  /** A gRPC status. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

const trail = { latitude: 409146138, longitude: -746188906 };
const trailName = "Berkshire Valley Management Area Trail, Jefferson, NJ, USA";
const nowhere = { latitude: 409146139, longitude: -746188906 };

/** A place where nobody has written before. */
const somewhere = () => ({
  latitude: Math.trunc(Math.random() * 900_000_000),
  longitude: Math.trunc(Math.random() * 1_800_000_000),
});

/** Each makes one call and throws when it went otherwise than it should. */
export const calls = {
  async GetFeature(call: Caller): Promise<void> {
    const [feature, another] = await answers(call, RouteGuide.method.getFeature, [trail]);
    same({ name: feature?.name, another }, { name: trailName });
  },

  async ListFeatures(call: Caller): Promise<void> {
    const world = {
      lo: { latitude: -900_000_000, longitude: -1_800_000_000 },
      hi: { latitude: 900_000_000, longitude: 1_800_000_000 },
    };
    const features = await answers(call, RouteGuide.method.listFeatures, [world]);
    const found = features.filter((feature) => feature.name === trailName).length;
    same({ features: features.length, found }, { features: 100, found: 1 });
  },

  async RecordRoute(call: Caller): Promise<void> {
    const points = [trail, nowhere, trail, nowhere, trail, nowhere, trail];
    const [summary, another] = await answers(call, RouteGuide.method.recordRoute, points);
    same(
      { points: summary?.pointCount, features: summary?.featureCount, another },
      { points: points.length, features: 4 },
    );
  },

  /** Both sides in turn: each note is sent when the answer to the one before is there. */
  async RouteChat(call: Caller): Promise<void> {
    const location = create(RouteGuide.method.getFeature.input, somewhere());
    const received: string[] = [];
    let look = () => {};
    async function* notes() {
      for (let n = 0; n < 5; n++) {
        yield create(RouteGuide.method.routeChat.input, { location, message: `${n}` });
        // A note is answered with those before it that were not sent yet.
        while (received.length < n) {
          await new Promise<void>((resolve) => {
            look = resolve;
          });
        }
      }
    }
    await call(RouteGuide.method.routeChat, notes(), (note) => {
      received.push(note.message);
      look();
    });
    same(received, ["0", "1", "2", "3"]);
  },

  /** A stream without end: a note arrives while it is open. Somebody else writes it, over REST. */
  async WatchNotes(call: Caller, url: string): Promise<void> {
    const message = crypto.randomUUID();
    const over = new AbortController();
    let begun = false;
    const arrived = new Promise<void>((resolve, reject) => {
      const onAnswer = (answer: WatchNotesResponse) => {
        if (!begun) write(url, message).catch(reject);
        begun = true;
        if (answer.note?.message === message) resolve();
      };
      const requests = [create(NoteService.method.watchNotes.input)];
      call(NoteService.method.watchNotes, iterate(requests), onAnswer, over.signal).then(
        () => reject(new Error("the stream ended")),
        reject,
      );
    });
    await arrived.finally(() => over.abort());
  },

  /** The server's no: it comes without an answer, and says why. */
  async refused(call: Caller): Promise<void> {
    const failure = await answers(call, RouteGuide.method.getFeature, [{ latitude: 900_000_001 }]).catch((why) => why);
    const { code, message } = failure instanceof Refusal ? failure : new Refusal(-1, String(failure));
    same({ code, why: message.includes("latitude") ? "latitude" : message }, { code: 3, why: "latitude" });
  },
};

export type Call = keyof typeof calls;

async function write(url: string, message: string): Promise<void> {
  const response = await fetch(`${url}/v1/notes:chat`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ location: somewhere(), message }),
  });
  const text = await response.text(); // The note is stored once this has ended.
  if (!response.ok) throw new Error(text);
}

async function* iterate<T>(all: T[]) {
  yield* all;
}

/** Makes a call so many times, one after the other, and counts how they went. */
export async function repeat(times: number, call: Call, caller: Caller, url: string): Promise<Record<string, number>> {
  const outcomes: Record<string, number> = {};
  for (let n = 0; n < times; n++) {
    const outcome = await calls[call](caller, url).then(() => "good", String);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  return outcomes;
}

async function answers<I extends DescMessage, O extends DescMessage>(
  call: Caller,
  method: DescMethod & { input: I; output: O },
  requests: MessageInitShape<I>[],
): Promise<MessageShape<O>[]> {
  const all: MessageShape<O>[] = [];
  async function* each() {
    for (const request of requests) yield create(method.input, request);
  }
  await call(method, each(), (answer) => all.push(answer));
  return all;
}

function same(actual: unknown, expected: unknown): void {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== should) throw new Error(`${is} instead of ${should}`);
}
