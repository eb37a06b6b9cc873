import { expect, test } from "vitest";
import { ImportError, type SendFile } from "../rpc/files";
import { Importing } from "./importing";

const file = (name: string) => new File(["x"], name);
const answer = ["a"];
const importing = (send: SendFile<string[]>, onDone: (sum: string[]) => void) =>
  new Importing<string[]>({ send, nothing: [], add: (a, b) => [...a, ...b], onDone });

test("files are sent one after another, and come to one sum", async () => {
  const done: string[][] = [];
  const order: string[] = [];
  const files = importing(
    async (sent, onPart) => {
      order.push((sent as File).name);
      onPart(0.5);
      expect(files.state.value).toMatchObject({ kind: "sending", name: (sent as File).name, part: 0.5 });
      return answer;
    },
    (sum) => done.push(sum),
  );
  await files.start([file("one.gpx"), file("two.gpx")]);
  expect(order).toEqual(["one.gpx", "two.gpx"]);
  expect(done).toEqual([["a", "a"]]);
  expect(files.state.value.kind).toBe("done");
});

test("a file that is not taken is named with the reason, and what came before it counts", async () => {
  const done: string[][] = [];
  const files = importing(
    async (sent) => {
      if ((sent as File).name === "bad.gpx") throw new ImportError("line 7: no longitude");
      return answer;
    },
    (sum) => done.push(sum),
  );
  await files.start([file("one.gpx"), file("bad.gpx"), file("never.gpx")]);
  expect(files.state.value).toEqual({ kind: "failed", name: "bad.gpx", reason: "line 7: no longitude" });
  expect(done).toEqual([answer]);
});
