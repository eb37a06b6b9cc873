// Two programs on one NATS cluster of three nodes, and pages that reach them through a balancer, while a program is killed.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server as Listener, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { freeAddresses, isAccessible, launch, phone, Server, suggestDrive, visit, wide } from "./world";

/** NATS servers that keep every record three times. */
class Cluster {
  readonly #nodes: { readonly args: string[]; process: ChildProcess }[] = [];
  #binary = "";
  #dir = "";
  url = "";

  static async start(): Promise<Cluster> {
    const cluster = new Cluster();
    const binary = process.env.ROUTEGUIDE_NODE_BIN;
    if (!binary) throw new Error("ROUTEGUIDE_NODE_BIN must say where the program is that is a node");
    cluster.#binary = binary;
    process.once("exit", () => {
      for (const node of cluster.#nodes) node.process.kill("SIGKILL");
    });
    cluster.#dir = await mkdtemp(join(tmpdir(), "routeguide-nodes-"));
    const [a, b, c, ...others] = await freeAddresses(6);
    cluster.url = `nats://${a},nats://${b},nats://${c}`;
    for (const [n, client] of [a, b, c].entries()) {
      const flags = [
        `-name=node-${n}`,
        `-dir=${join(cluster.#dir, `${n}`)}`,
        `-client=${client}`,
        `-cluster=${others[n]}`,
      ];
      const routes = others.filter((_, other) => other !== n);
      const args = ["node", ...flags, ...routes];
      cluster.#nodes.push({ args, process: cluster.#run(args) });
    }
    await Promise.all(cluster.#nodes.map((node) => serves(node.process)));
    return cluster;
  }

  #run(args: string[]): ChildProcess {
    return spawn(this.#binary, args, { stdio: ["ignore", "ignore", "pipe"] });
  }

  /** Kills two of the nodes; the third cannot choose a leader. They are back, with what they had, when it ends. */
  async withoutLeader(during: () => Promise<void>): Promise<void> {
    const two = this.#nodes.slice(0, 2);
    await Promise.all(two.map((node) => killed(node.process)));
    try {
      await during();
    } finally {
      for (const node of two) node.process = this.#run(node.args);
      await Promise.all(two.map((node) => serves(node.process)));
    }
  }

  async close(): Promise<void> {
    for (const node of this.#nodes) await killed(node.process);
    await rm(this.#dir, { recursive: true, force: true });
  }
}

/** Waits for the first line of a node: it says that it serves. */
async function serves({ stderr }: ChildProcess): Promise<void> {
  if (stderr) await once(stderr, "data");
}

async function killed(process: ChildProcess): Promise<void> {
  if (process.signalCode) return;
  const gone = once(process, "exit");
  process.kill("SIGKILL");
  await gone;
}

/** Joins each connection with the first of the servers that takes one, as balancers do that know nothing of HTTP. */
class Balancer {
  readonly #listener: Listener;
  readonly #open = new Set<Socket>();

  constructor(servers: () => Server[]) {
    this.#listener = createServer((client) => this.#join(client, servers()));
  }

  static async start(servers: () => Server[]): Promise<Balancer> {
    const balancer = new Balancer(servers);
    balancer.#listener.listen(0, "127.0.0.1");
    await once(balancer.#listener, "listening");
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#listener.address() as AddressInfo).port}`;
  }

  #join(client: Socket, [first, ...others]: Server[]): void {
    if (!first) {
      client.destroy();
      return;
    }
    const { hostname, port } = new URL(first.url);
    const server = connect(Number(port), hostname);
    const refused = () => this.#join(client, others);
    server.once("error", refused);
    server.once("connect", () => {
      server.off("error", refused);
      this.#pipe(client, server);
      this.#pipe(server, client);
    });
  }

  #pipe(from: Socket, to: Socket): void {
    this.#open.add(from);
    from
      .on("error", () => from.destroy())
      .once("close", () => {
        this.#open.delete(from);
        to.destroy();
      });
    from.pipe(to);
  }

  close(): void {
    this.#listener.close();
    for (const socket of this.#open) socket.destroy();
  }
}

let cluster: Cluster;
let browser: Browser;
let first: Server;
let second: Server;
let balancer: Balancer;

beforeAll(async () => {
  cluster = await Cluster.start();
  browser = await launch();
});

beforeEach(async () => {
  // The first to come makes the logs, as soon as the cluster has a leader.
  [first, second] = await Promise.all([Server.start("-nats-url", cluster.url), Server.start("-nats-url", cluster.url)]);
  balancer = await Balancer.start(() => [first, second]);
});

afterEach(async () => {
  balancer?.close();
  await first?.close();
  await second?.close();
});

afterAll(async () => {
  await browser?.close();
  await cluster?.close();
});

const placeAt = (latitude: number) => `place=${latitude},-750000000&map=11/${latitude / 1e7}/-75`;
const place = placeAt(400_000_000);
const note = (page: Page, text: string) =>
  page.getByRole("log", { name: "Notes" }).locator(".bubble:not(.pending)").getByText(text, { exact: true });

async function write(page: Page, text: string): Promise<void> {
  const composer = page.getByRole("textbox", { name: "Your note" });
  await composer.fill(text);
  await composer.press("Enter");
}

/** What was left at a place, as a server has it. */
async function messages(server: Server, latitude: number): Promise<string[]> {
  const response = await fetch(`${server.url}/v1/notes`);
  const { notes } = (await response.json()) as { notes: { message: string; location: { latitude: number } }[] };
  return notes.filter((n) => n.location.latitude === latitude).map((n) => n.message);
}

async function says(page: Page, text: string): Promise<void> {
  await page.locator(".record").getByText(text).first().waitFor();
}

async function points(page: Page): Promise<number> {
  const count = await page.locator(".stat").filter({ hasText: "points" }).locator("b").textContent();
  return Number(count?.replaceAll(",", ""));
}

/** Ends a route of which the server has all that the page has. */
async function finish(page: Page): Promise<void> {
  // The page rounds metres, the server cuts them.
  await page.locator(".stat").filter({ hasText: "km" }).waitFor();
  await says(page, "points, all sent");
  await page.getByRole("button", { name: "Finish" }).click();
  await says(page, "Route stored");
  for (const what of ["Points", "Features passed", "Distance"]) {
    const cells = page.getByRole("row", { name: new RegExp(`^${what}`) }).getByRole("cell");
    expect(await cells.nth(0).textContent()).toBe(await cells.nth(1).textContent());
  }
}

/** A sentence can be read on a wide screen and on a phone, in light and in dark. */
async function looksWell(page: Page, sentence: Locator): Promise<void> {
  for (const viewport of [phone, wide]) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await expect.poll(() => sentence.isVisible()).toBe(true);
      await isAccessible(page);
    }
  }
}

test("two pages at two programs chat, and go on when one program is killed", async () => {
  const { page: ada } = await visit(browser, `${balancer.url}/#view=chat&${place}`);
  const { page: lin } = await visit(browser, `${second.url}/#view=chat&${place}`);
  await write(ada, "one");
  await ada.getByLabel("What should the others call you?").fill("Ada");
  await ada.getByRole("button", { name: "Send with this name" }).click();
  await note(lin, "one").waitFor();
  await write(lin, "two");
  await lin.getByLabel("What should the others call you?").fill("Lin");
  await lin.getByRole("button", { name: "Send with this name" }).click();
  await note(ada, "two").waitFor();

  await first.stop("SIGKILL");
  await write(ada, "three");
  await note(lin, "three").waitFor();
  await write(lin, "four");
  await note(ada, "four").waitFor();
  await note(ada, "three").waitFor();
  expect(await messages(second, 400_000_000)).toEqual(["one", "two", "three", "four"]);
});

test("a recording goes on at another program when the one that began it is killed", async () => {
  const { page } = await visit(browser, `${balancer.url}/#view=record&map=8/40.75/-74.5`);
  await suggestDrive(page, "10"); // it takes longer than a test may
  await page.getByRole("button", { name: "Start recording" }).click();
  await says(page, "points, all sent");
  await expect.poll(() => points(page)).toBeGreaterThan(8);
  await first.stop("SIGKILL");
  const before = await points(page);
  await expect.poll(() => points(page)).toBeGreaterThan(before + 8);
  await finish(page);
});

test("while the cluster has no leader, notes and points wait, the page says so, and goes on by itself", async () => {
  const { page: ada } = await visit(browser, `${balancer.url}/#view=chat&${placeAt(410_000_000)}`);
  await write(ada, "one");
  await ada.getByLabel("What should the others call you?").fill("Ada");
  await ada.getByRole("button", { name: "Send with this name" }).click();
  await note(ada, "one").waitFor();
  const { page: lin } = await visit(browser, `${balancer.url}/#view=record&map=8/40.75/-74.5`);
  await suggestDrive(lin, "10");
  await lin.getByRole("button", { name: "Start recording" }).click();
  await says(lin, "points, all sent");
  await expect.poll(() => points(lin)).toBeGreaterThan(8);

  const notesWait = ada.getByText(
    "The server cannot store notes just now. They wait here and are sent when it can again.",
  );
  const pointsWait = lin.getByText(
    "The server cannot store points just now. Recording goes on; the points are sent when it can again.",
  );
  await cluster.withoutLeader(async () => {
    await write(ada, "two");
    const pending = ada.locator(".bubble.pending");
    await pending.getByText("two", { exact: true }).waitFor();
    for (const [page, sentence] of [
      [ada, notesWait],
      [lin, pointsWait],
    ] as const) {
      await sentence.waitFor();
      await page.locator(".reached", { hasText: "live" }).waitFor();
      await looksWell(page, sentence);
    }
    await write(ada, "three");
    await pending.getByText("three", { exact: true }).waitFor();
    await pending.getByText("waits for the server").nth(1).waitFor();
    const before = await points(lin);
    await expect.poll(() => points(lin)).toBeGreaterThan(before + 8);
  });

  for (const text of ["two", "three"]) await note(ada, text).waitFor();
  await notesWait.waitFor({ state: "detached" });
  await ada.locator(".bubble.pending").first().waitFor({ state: "detached" });
  expect(await messages(second, 410_000_000)).toEqual(["one", "two", "three"]);
  await pointsWait.waitFor({ state: "detached" });
  await finish(lin);
});
