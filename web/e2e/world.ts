// A server of its own and a browser for a file of journeys.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";

export const wide = { width: 1280, height: 820 };
export const phone = { width: 390, height: 844 };

/** The program with a data directory of its own, which goes with it. */
export class Server {
  readonly #dir: string;
  #process: ChildProcess | null = null;
  #address = "127.0.0.1:0";
  #closed = false;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  static async start(...flags: string[]): Promise<Server> {
    const server = new Server(await mkdtemp(join(tmpdir(), "routeguide-")));
    await server.restart(...flags);
    return server;
  }

  get url(): string {
    return `http://${this.#address}`;
  }

  /** Starts the program (again), at the address it had before. */
  async restart(...flags: string[]): Promise<void> {
    // A test that ran out of time may still be on its way here.
    if (this.#closed) throw new Error("the server was closed");
    const binary = process.env.ROUTEGUIDE_BIN;
    if (!binary) throw new Error("ROUTEGUIDE_BIN must say where the program is");
    const args = ["-grpc-addr", "127.0.0.1:0", "-http-addr", this.#address, "-data", join(this.#dir, "data"), ...flags];
    const child = spawn(binary, args, { stdio: ["ignore", "inherit", "pipe"] });
    this.#process = child;
    process.once("exit", () => child.kill("SIGKILL"));
    this.#address = await new Promise<string>((resolve, reject) => {
      let log = "";
      child.once("exit", (code) => reject(new Error(`the program ended with ${code}:\n${log}`)));
      child.stderr?.setEncoding("utf8").on("data", (text: string) => {
        log += text;
        const address = /msg="http listening" addr=(\S+)/.exec(log)?.[1];
        if (address) resolve(address);
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
    args: [
      "--no-sandbox",
      "--use-gl=angle",
      "--use-angle=swiftshader",
      "--enable-unsafe-swiftshader",
      "--disable-background-networking",
    ],
  });
}

/** A page of a visitor of its own, who goes when the test ends. The test fails when the page throws an error. */
export async function visit(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; context: BrowserContext }> {
  const context = await browser.newContext({ viewport: wide, reducedMotion: "reduce", ...options });
  // Maps drawn in software, on a machine that is busy with other tests, take their time.
  context.setDefaultTimeout(45_000);
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
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(axe, "utf8"));
  return page.evaluate(async () => {
    const found = await (globalThis as unknown as { axe: Axe }).axe.run(document, { resultTypes: ["violations"] });
    return found.violations.flatMap((v) => v.nodes.map((node) => `${v.id}: ${node.target.join(" ")}`));
  });
}

interface Axe {
  run(root: Document, options: object): Promise<{ violations: { id: string; nodes: { target: string[] }[] }[] }>;
}
