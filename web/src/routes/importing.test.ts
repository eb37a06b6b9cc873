import { expect, test } from "vitest";
import { ImportError, type ImportProgress } from "../rpc/files";
import { Importing } from "./importing";

const file = (name: string) => new File(["x"], name);
const answer: ImportProgress = { routes: ["a"], points: 3, duplicates: 1 };

test("files are sent one after another, and come to one sum", async () => {
  const done: ImportProgress[] = [];
  const order: string[] = [];
  const importing = new Importing(
    (progress) => done.push(progress),
    async (sent, onPart) => {
      order.push((sent as File).name);
      onPart(0.5);
      expect(importing.state.value).toMatchObject({ kind: "sending", name: (sent as File).name, part: 0.5 });
      return answer;
    },
  );
  await importing.start([file("one.gpx"), file("two.gpx")]);
  expect(order).toEqual(["one.gpx", "two.gpx"]);
  expect(done).toEqual([{ routes: ["a", "a"], points: 6, duplicates: 2 }]);
  expect(importing.state.value.kind).toBe("done");
});

test("a file that is not taken is named with the reason, and what came before it counts", async () => {
  const done: ImportProgress[] = [];
  const importing = new Importing(
    (progress) => done.push(progress),
    async (sent) => {
      if ((sent as File).name === "bad.gpx") throw new ImportError("line 7: no longitude");
      return answer;
    },
  );
  await importing.start([file("one.gpx"), file("bad.gpx"), file("never.gpx")]);
  expect(importing.state.value).toEqual({ kind: "failed", name: "bad.gpx", reason: "line 7: no longitude" });
  expect(done).toEqual([answer]);
});
