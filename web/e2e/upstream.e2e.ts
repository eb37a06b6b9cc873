// Services in Python behind the server's doors, called from the page.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, Server, visit } from "./world";

let browser: Browser;
let server: Server;
let code: string;
let python: ChildProcess;
let address: string;

/** Generates Python's code out of the contract, as whoever writes such a service does, and starts the services. */
async function startPython(): Promise<void> {
  code = await mkdtemp(join(tmpdir(), "routeguide-python-"));
  await promisify(execFile)("sh", [
    "-c",
    `protoc -I../proto --python_out="$0" --grpc_python_out="$0" \
      --plugin=protoc-gen-grpc_python="$(command -v grpc_python_plugin)" \
      tutorial/myservice/myservice.proto tutorial/gcn/gcn.proto`,
    code,
  ]);
  python = spawn("/usr/bin/python3", ["../server/lab/doors/testdata/upstream.py"], {
    env: { ...process.env, PYTHONPATH: code, PYTHONDONTWRITEBYTECODE: "1" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: python.stdout as NonNullable<ChildProcess["stdout"]> });
  const [line] = (await once(lines, "line")) as [string];
  address = line.replace("port ", "127.0.0.1:");
}

beforeAll(async () => {
  await startPython();
  server = await Server.start("-upstream", `MyService=${address}`, "-upstream", `GCNService=${address}`);
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  python?.kill();
  await rm(code, { recursive: true, force: true });
});

async function open(method: string, input: unknown): Promise<Page> {
  const message = encodeURIComponent(JSON.stringify(input));
  const { page } = await visit(browser, `${server.url}/#view=console&method=${method}&input=${message}&map=9/0/-30`);
  await page.getByRole("heading", { level: 2, name: method.replace("/", " / ") }).waitFor();
  return page;
}

/** Makes the call and returns what the page shows as its only answer. */
async function call(page: Page, status: string): Promise<unknown> {
  await page.locator(".console-actions .primary").click();
  await page.locator(".pill").filter({ hasText: status }).waitFor();
  return status === "OK" ? JSON.parse((await page.locator(".frame-open pre").textContent()) ?? "") : null;
}

test("the tutorials' services in Python answer in the console", async () => {
  const users = await open("MyService/User", { userIDs: [7] });
  expect(await call(users, "OK")).toEqual({
    message: "from Python",
    data: [{ name: "Zoë", age: 7, email: "zoe@example.org" }],
  });
  const nodes = [
    { id: "A", features: [1] },
    { id: "B", features: [3] },
  ];
  const graph = await open("GCNService/ProcessGraph", { nodes, edges: [{ sourceId: "A", targetId: "B" }] });
  expect(await call(graph, "OK")).toEqual({ nodeScores: { A: 2, B: 2 } });
});

test("a service that has gone is named as unavailable", async () => {
  const page = await open("MyService/Health", {});
  await call(page, "OK");
  const gone = once(python, "exit");
  python.kill();
  await gone;
  await call(page, "UNAVAILABLE");
  await page.getByText(address).first().waitFor();
});
