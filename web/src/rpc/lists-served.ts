// The other side of lists.ts: the network, and the decoding of what comes.
import { RouteGuide } from "../gen/routeguide/route_guide_pb";
import { streamBatches } from "./batches";
import { understood } from "./failure";
import type { Port, Tell, Wish } from "./lists";

/** Makes the calls that a page asks for through this port, each for as long as it is wanted. */
export function serveLists(port: Port<Wish, Tell>): void {
  const running = new Map<number, AbortController>();
  port.onmessage = ({ data: wish }) => {
    if (wish.kind === "abort") running.get(wish.id)?.abort();
    else void list(wish);
  };

  async function list({ id, baseUrl, area, most }: Wish & { kind: "list" }): Promise<void> {
    const control = new AbortController();
    running.set(id, control);
    const { south, west, north, east } = area;
    try {
      await streamBatches(
        baseUrl,
        {
          method: RouteGuide.method.listFeatures,
          input: { lo: { latitude: south, longitude: west }, hi: { latitude: north, longitude: east } },
          metadata: { "features-at-most": String(most) },
          onHeader: (header) =>
            port.postMessage({ kind: "header", id, count: Number(header.get("feature-count") ?? 0) }, []),
          onBatch(batch, bytes) {
            const positions = new Int32Array(2 * batch.length);
            batch.forEach(({ location }, i) => {
              positions[2 * i] = location?.latitude ?? 0;
              positions[2 * i + 1] = location?.longitude ?? 0;
            });
            const names = batch.map((feature) => feature.name);
            port.postMessage({ kind: "batch", id, positions, names, bytes }, [positions.buffer]);
          },
        },
        control.signal,
      );
      port.postMessage({ kind: "end", id }, []);
    } catch (failure) {
      const { code, rawMessage } = understood(failure);
      port.postMessage({ kind: "failed", id, code, reason: rawMessage }, []);
    } finally {
      running.delete(id);
    }
  }
}
