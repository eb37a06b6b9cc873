// A server of its own and a browser for a file of journeys.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";

export const wide = { width: 1280, height: 820 };
export const phone = { width: 390, height: 844 };

/** Ports that nobody listens on, and that the system gives to nobody by itself: those are 32768 and higher. */
export async function freeAddresses(count: number): Promise<string[]> {
  const addresses = new Set<string>();
  while (addresses.size < count) {
    const port = 12_000 + Math.floor(20_000 * Math.random());
    const listener = createServer();
    const free = await new Promise<boolean>((resolve) => {
      listener.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!free) continue;
    addresses.add(`127.0.0.1:${port}`);
    await new Promise((resolve) => listener.close(resolve));
  }
  return [...addresses];
}

/** The program with a data directory of its own, which goes with it. */
export class Server {
  readonly #dir: string;
  readonly #address: string;
  #process: ChildProcess | null = null;
  #url = "";
  #closed = false;
  /** What the program said since it was started last. */
  log = "";

  private constructor(dir: string, address: string) {
    this.#dir = dir;
    this.#address = address;
  }

  static async start(...flags: string[]): Promise<Server> {
    const [address] = (await freeAddresses(1)) as [string];
    const server = new Server(await mkdtemp(join(tmpdir(), "routeguide-")), address);
    await server.restart(...flags);
    return server;
  }

  get url(): string {
    return this.#url;
  }

  /** The address of native gRPC. */
  get grpc(): string {
    return /msg="grpc listening" addr=(\S+)/.exec(this.log)?.[1] ?? "";
  }

  /** Starts the program (again), at the address it had before. */
  async restart(...flags: string[]): Promise<void> {
    // A test that ran out of time may still come here.
    if (this.#closed) throw new Error("the server was closed");
    const binary = process.env.ROUTEGUIDE_BIN;
    if (!binary) throw new Error("ROUTEGUIDE_BIN must say where the program is");
    const args = ["-grpc-addr", "127.0.0.1:0", "-http-addr", this.#address, "-data", join(this.#dir, "data"), ...flags];
    const child = spawn(binary, args, { stdio: ["ignore", "inherit", "pipe"] });
    this.#process = child;
    process.once("exit", () => child.kill("SIGKILL"));
    await new Promise<void>((resolve, reject) => {
      this.log = "";
      child.once("exit", (code) => reject(new Error(`the program ended with ${code}:\n${this.log}`)));
      child.stderr?.setEncoding("utf8").on("data", (text: string) => {
        this.log += text;
        const [, url] = /msg="http listening".* url=(\S+)/.exec(this.log) ?? [];
        if (!url) return;
        this.#url = url;
        resolve();
      });
    });
  }

  /** Ends the program in order, or at once. Its data stays. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.stop();
    await rm(this.#dir, { recursive: true, force: true });
  }
}

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    timeout: 200_000,
    args: [
      "--no-sandbox",
      "--use-gl=angle",
      "--use-angle=swiftshader",
      "--enable-unsafe-swiftshader",
      "--disable-background-networking",
    ],
  });
}

export interface VisitOptions extends BrowserContextOptions {
  /** Shows what the page has for developers: calls at its foot, features without a name. */
  readonly developer?: boolean;
}

/** A page of a visitor of its own, without a service worker unless the options say so, who goes when the test ends. The test fails when the page throws an error. */
export async function visit(
  browser: Browser,
  url: string,
  { developer, ...options }: VisitOptions = {},
): Promise<{ page: Page; context: BrowserContext }> {
  const context = await browser.newContext({
    viewport: wide,
    reducedMotion: "reduce",
    serviceWorkers: "block",
    locale: "en", // of no region, so that ways are measured in kilometres
    ...options,
  });
  context.setDefaultTimeout(100_000);
  if (developer)
    await context.addInitScript(() => {
      if (location.protocol !== "about:") localStorage.setItem("routeguide.developer", "true");
    });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (/Content Security Policy/i.test(message.text())) errors.push(message.text());
  });
  onTestFinished(async () => {
    await context.close();
    expect(errors).toEqual([]);
  });
  await page.goto(url);
  return { page, context };
}

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Every rule of axe-core that something on the page breaks, and what. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(axe, "utf8"));
  return page.evaluate(async () => {
    const found = await (globalThis as unknown as { axe: Axe }).axe.run(document, { resultTypes: ["violations"] });
    return found.violations.flatMap((v) => v.nodes.map((node) => `${v.id}: ${node.target.join(" ")}`));
  });
}

/** Nothing of axe-core's rules is broken, once what has just changed is drawn. */
export async function isAccessible(page: Page): Promise<void> {
  await expect.poll(() => violations(page)).toEqual([]);
}

/** Suggests a drive of six stops. Before all features have come there may be fewer to suggest. */
export async function suggestDrive(page: Page, times: string): Promise<void> {
  await page.getByRole("button", { name: "Demo drive" }).click();
  await expect
    .poll(async () => {
      await page.getByRole("button", { name: "Suggest a drive" }).click();
      return page.locator(".stop").count();
    })
    .toBe(6);
  await page.getByLabel("Time goes").selectOption(times);
}

interface Axe {
  run(root: Document, options: object): Promise<{ violations: { id: string; nodes: { target: string[] }[] }[] }>;
}
