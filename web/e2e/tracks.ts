// For journeys: routes that others record, over the REST door.
import { once } from "node:events";
import { type ClientRequest, request } from "node:http";

export interface Fix {
  readonly latitude: number;
  readonly longitude: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly elevation?: number;
  readonly speed?: number;
  readonly battery?: number;
}

/** Somebody who is on the way until `finish`. */
export class Walker {
  readonly #request: ClientRequest;

  constructor(url: string, traveler: string) {
    this.#request = request(`${url}/v1/tracks:record`, {
      method: "POST",
      headers: { "content-type": "application/json", traveler: encodeURIComponent(traveler) },
    });
    // Whoever does not finish is cut off with the test's server.
    this.#request.on("error", () => {});
  }

  move({ latitude, longitude, time, ...measured }: Fix): void {
    const location = { latitude: Math.round(latitude * 1e7), longitude: Math.round(longitude * 1e7) };
    this.#request.write(`${JSON.stringify({ fix: { location, time: new Date(time).toISOString(), ...measured } })}\n`);
  }

  /** Ends the route; its id is the answer. */
  async finish(): Promise<string> {
    const answered = once(this.#request, "response");
    this.#request.end();
    const [response] = await answered;
    let body = "";
    for await (const part of response.setEncoding("utf8")) body += part;
    return JSON.parse(body).route.id;
  }
}

/** A finished route: an hour from a time on, a point each half minute, eastward from a place with ups and downs. */
export async function walk(
  url: string,
  traveler: string,
  from: { latitude: number; longitude: number; time: number },
): Promise<string> {
  const walker = new Walker(url, traveler);
  for (let i = 0; i <= 120; i++) {
    walker.move({
      latitude: from.latitude + 0.01 * Math.sin(i / 9),
      longitude: from.longitude + i * 0.001,
      time: from.time + i * 30_000,
      elevation: 200 + 50 * Math.sin(i / 20),
    });
  }
  return walker.finish();
}
