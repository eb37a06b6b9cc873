// Two programs on one NATS cluster of three nodes, and pages that reach them through a balancer, while a program is killed.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server as Listener, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { freeAddresses, launch, Server, suggestDrive, visit } from "./world";

/** NATS servers that keep every record three times. */
class Cluster {
  readonly #nodes: ChildProcess[] = [];
  #dir = "";
  url = "";

  static async start(): Promise<Cluster> {
    const cluster = new Cluster();
    const binary = process.env.ROUTEGUIDE_NODE_BIN;
    if (!binary) throw new Error("ROUTEGUIDE_NODE_BIN must say where the program is that is a node");
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
      const node = spawn(binary, ["node", ...flags, ...routes], { stdio: ["ignore", "ignore", "pipe"] });
      process.once("exit", () => node.kill("SIGKILL"));
      cluster.#nodes.push(node);
    }
    await Promise.all(cluster.#nodes.map(({ stderr }) => stderr && once(stderr, "data"))); // each says that it serves
    return cluster;
  }

  async close(): Promise<void> {
    for (const node of this.#nodes) {
      const gone = once(node, "exit");
      node.kill("SIGKILL");
      await gone;
    }
    await rm(this.#dir, { recursive: true, force: true });
  }
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

const place = "place=400000000,-750000000&map=11/40/-75";
const note = (page: Page, text: string) =>
  page.getByRole("log", { name: "Notes" }).locator(".bubble:not(.pending)").getByText(text, { exact: true });

async function write(page: Page, text: string): Promise<void> {
  const composer = page.getByRole("textbox", { name: "Your note" });
  await composer.fill(text);
  await composer.press("Enter");
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
  const response = await fetch(`${second.url}/v1/notes`);
  const { notes } = (await response.json()) as { notes: { message: string }[] };
  expect(notes.map((n) => n.message)).toEqual(["one", "two", "three", "four"]);
});

test("a recording goes on at another program when the one that began it is killed", async () => {
  const { page } = await visit(browser, `${balancer.url}/#view=record&map=8/40.75/-74.5`);
  await suggestDrive(page, "10"); // it takes longer than a test may
  await page.getByRole("button", { name: "Start recording" }).click();
  const says = (text: string) => page.locator(".record").getByText(text).first().waitFor();
  const points = async () =>
    Number((await page.locator(".stat").filter({ hasText: "points" }).locator("b").textContent())?.replaceAll(",", ""));
  await says("points, all sent");
  await expect.poll(points).toBeGreaterThan(8);
  await first.stop("SIGKILL");
  const before = await points();
  await expect.poll(points).toBeGreaterThan(before + 8);
  // Metres are rounded here and cut there.
  await page.locator(".stat").filter({ hasText: "km" }).waitFor();
  await says("points, all sent");
  await page.getByRole("button", { name: "Finish" }).click();
  await says("Route stored");
  for (const what of ["Points", "Features passed", "Distance"]) {
    const cells = page.getByRole("row", { name: new RegExp(`^${what}`) }).getByRole("cell");
    expect(await cells.nth(0).textContent()).toBe(await cells.nth(1).textContent());
  }
});
