import { ConnectError } from "@connectrpc/connect";
import { beforeEach, expect, test } from "vitest";
import type { Route } from "../rpc/routes";
import { testRoute } from "../testing/route";
import { Catalog } from "./catalog";

let stored: Route[];
let asked: string[];
let catalog: Catalog;

const ids = () => catalog.state.value.routes.map((route) => route.id);

/** Three a page; a token is the id of the last route before it. */
async function list(page: string, hidden: boolean) {
  asked.push(page);
  const visible = stored.filter((route) => hidden || !route.hidden);
  const from = page === "" ? 0 : visible.findIndex((route) => route.id === page) + 1;
  const routes = visible.slice(from, from + 3);
  return { routes, next: visible.length > from + 3 ? (routes.at(-1)?.id ?? "") : "" };
}

beforeEach(() => {
  asked = [];
  stored = Array.from({ length: 7 }, (_, i) => testRoute(`r${7 - i}`, 7 - i));
  catalog = new Catalog(list);
});

test("pages come one after another until there are no more", async () => {
  await catalog.refresh();
  expect(ids()).toEqual(["r7", "r6", "r5"]);
  expect(catalog.state.value.more).toBe(true);
  await Promise.all([catalog.more(), catalog.more()]);
  expect(ids()).toEqual(["r7", "r6", "r5", "r4", "r3", "r2"]);
  await catalog.more();
  await catalog.more();
  expect(ids()).toHaveLength(7);
  expect(catalog.state.value.more).toBe(false);
  expect(asked).toEqual(["", "r5", "r2"]);
});

test("a look for what is new keeps the pages that were read, without what was deleted", async () => {
  await catalog.refresh();
  await catalog.more();
  stored = [testRoute("r8", 8), ...stored.filter((route) => route.id !== "r6")];
  await catalog.refresh();
  expect(ids()).toEqual(["r8", "r7", "r5", "r4", "r3", "r2"]);
  await catalog.more();
  expect(ids()).toEqual(["r8", "r7", "r5", "r4", "r3", "r2", "r1"]);
});

test("when all fit on a page nothing else is left", async () => {
  await catalog.refresh();
  await catalog.more();
  stored = stored.slice(0, 2);
  await catalog.refresh();
  expect(ids()).toEqual(["r7", "r6"]);
  expect(catalog.state.value.more).toBe(false);
});

test("a hidden route goes, and comes with the others that are hidden", async () => {
  await catalog.refresh();
  const hidden = testRoute("r6", 6, { hidden: true });
  stored = stored.map((route) => (route.id === "r6" ? hidden : route));
  catalog.put(hidden);
  expect(ids()).toEqual(["r7", "r5"]);
  await catalog.showHidden(true);
  expect(ids()).toEqual(["r7", "r6", "r5"]);
});

test("a failure keeps what is known and says why", async () => {
  await catalog.refresh();
  const broken = new Catalog(() => Promise.reject(new ConnectError("the store does not answer")));
  await broken.refresh();
  expect(broken.state.value).toMatchObject({ kind: "failed", reason: "the store does not answer", routes: [] });
});
