import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isAccessible, launch, phone, Server, visit, wide } from "./world";

let server: Server;
let browser: Browser;

beforeAll(async () => {
  server = await Server.start();
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** An empty part of the map: it is covered anyway. */
const sea = "map=9/0/-30";

/** A link to a method of the console, with a message. */
function link(method: string, input?: unknown): string {
  const message = input === undefined ? "" : `&input=${encodeURIComponent(JSON.stringify(input))}`;
  return `${server.url}/#view=console&method=${method}${message}&${sea}`;
}

async function open(method: string, input?: unknown, options = {}): Promise<Page> {
  const { page } = await visit(browser, link(method, input), options);
  await page.getByRole("heading", { level: 2, name: method.split("/")[1] as string }).waitFor();
  return page;
}

const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();
const send = (page: Page) => page.locator(".console-actions .primary").click();
const ends = (page: Page, status: string) => page.locator(".pill").filter({ hasText: status }).waitFor();
const frames = (page: Page, kind: "sent" | "received") => page.locator(`li[data-kind="${kind}"]`);
const field = (page: Page, name: string) => page.locator(".form").getByLabel(name, { exact: true });

/** The only answer, which the page opens by itself. */
async function answer(page: Page): Promise<unknown> {
  return JSON.parse((await page.locator(".frame-open pre").textContent()) ?? "");
}

/** What a shell makes of the copied curl line, a value for each line of its output. */
async function curl(page: Page): Promise<unknown[]> {
  await press(page, "Copy as curl");
  const line = await page.locator(".console-command").textContent();
  const { stdout } = await promisify(execFile)("sh", ["-c", `${line}`], { timeout: 200_000 });
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((text) => JSON.parse(text));
}

describe("the console", () => {
  test("comes when it is asked for, lists every service, and is closed again", async () => {
    const { page } = await visit(browser, `${server.url}/#${sea}`);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await page.getByRole("tab", { name: "Features" }).waitFor();
    expect(asked.filter((path) => path.includes("console"))).toEqual([]);
    await page.keyboard.press("c");
    for (const service of ["routeguide.RouteGuide", "Cal", "Contact", "helloworld.Greeter", "grpc.health.v1.Health"])
      await page.getByRole("region", { name: service, exact: true }).waitFor();
    expect(asked.filter((path) => path.includes("console")).length).toBeGreaterThan(0);
    await expect.poll(() => new URL(page.url()).hash).toMatch(/^#view=console/);
    await page.keyboard.press("Escape");
    await page.getByRole("tab", { name: "Features" }).waitFor();
    await page.getByRole("button", { name: "Menu" }).click();
    await page.getByRole("button", { name: /^Console/ }).click();
    await page.getByRole("heading", { name: "Console" }).waitFor();
  });

  test("is worked by keyboard alone: search, choose, fill in, send", async () => {
    const { page } = await visit(browser, `${server.url}/#view=console&${sea}`);
    await page.getByRole("region", { name: "Cal", exact: true }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("cal add");
    await page.getByRole("region", { name: "Greeter", exact: true }).waitFor({ state: "detached" });
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.locator("#field-number1:focus").waitFor();
    await page.keyboard.type("20");
    await page.keyboard.press("Tab");
    await page.keyboard.type("22");
    await page.keyboard.press("Control+Enter");
    await ends(page, "OK");
    await page.locator("pre.json").filter({ hasText: '"number": 42' }).waitFor();
  });

  test("shows the contract's comments", async () => {
    const page = await open("routeguide.RouteGuide/GetFeature");
    await page.getByText("Returns the feature at exactly the given position.").waitFor();
    await page.getByText("North is positive; from -900000000 to 900000000.").first().waitFor();
  });
});

describe("a call", () => {
  test("with one answer shows it, and is in the address with its input", async () => {
    const page = await open("routeguide.RouteGuide/GetFeature");
    await field(page, "latitude").fill("409146138");
    await field(page, "longitude").fill("-746188906");
    await send(page);
    await ends(page, "OK");
    await page.locator("pre.json").filter({ hasText: "Berkshire Valley Management Area Trail" }).waitFor();
    await expect.poll(() => page.url()).toContain(encodeURIComponent('"longitude":-746188906'));
    await page.reload();
    await expect.poll(() => field(page, "latitude").inputValue()).toBe("409146138");
  });

  test("is made from a link, and another one from a link that the page is given later", async () => {
    const page = await open("Cal/Add", { number1: 20, number2: 22 });
    await page.locator(".console:focus").waitFor();
    await page.keyboard.press("Control+Enter");
    await ends(page, "OK");
    expect(await answer(page)).toEqual({ number: 42 });
    await page.goto(link("Cal/Multiply", { number1: 6, number2: -7 }));
    await page.getByRole("heading", { level: 2, name: "Multiply" }).waitFor();
    await send(page);
    await page.locator("pre.json").filter({ hasText: "-42" }).waitFor();
    await page.goBack();
    await page.getByRole("heading", { level: 2, name: "Add" }).waitFor();
    await expect.poll(() => field(page, "number2").inputValue()).toBe("22");
  });

  test("that fails says its status, its details, and at the field what is wrong", async () => {
    const page = await open("routeguide.RouteGuide/GetFeature", { latitude: 900000001 });
    await send(page);
    await ends(page, "INVALID_ARGUMENT");
    await page.getByRole("heading", { name: "google.rpc.BadRequest" }).waitFor();
    await page.locator(".console-detail dt").filter({ hasText: "latitude" }).waitFor();
    await page.locator(".form-field").filter({ hasText: "latitude" }).locator(".wrong").waitFor();
  });

  test("with a stream of answers lists each one, and keeps the document small", async () => {
    const world = {
      lo: { latitude: -900000000, longitude: -1800000000 },
      hi: { latitude: 900000000, longitude: 1800000000 },
    };
    const page = await open("routeguide.RouteGuide/ListFeatures", world);
    await send(page);
    await ends(page, "OK");
    await page.locator(".console-status").filter({ hasText: "1 sent · 100 received" }).waitFor();
    expect(await page.locator(".frame").count()).toBeLessThan(50);
    await page.locator(".frame").last().focus();
    await page.keyboard.press("Home");
    await page.locator("#frame-0:focus").waitFor();
    await page.keyboard.press("Enter");
    await page.locator("pre.json").filter({ hasText: '"latitude": -900000000' }).waitFor();
    await page.keyboard.press("End");
    await page.locator("#frame-102:focus").waitFor();
  });

  test("with a stream of messages sends them one by one until the half-close", async () => {
    const page = await open("routeguide.RouteGuide/RecordRoute", { latitude: 409146138, longitude: -746188906 });
    await send(page);
    await page.locator(".pill.open").waitFor();
    await page.locator('li[data-kind="header"]').filter({ hasText: "route-id" }).waitFor();
    await field(page, "latitude").fill("410000000");
    await send(page);
    await expect.poll(() => frames(page, "sent").count()).toBe(2);
    await press(page, "Half-close");
    await ends(page, "OK");
    await page.locator("pre.json").filter({ hasText: '"pointCount": 2' }).waitFor();
    await page.locator("pre.json").filter({ hasText: '"featureCount": 1' }).waitFor();
  });

  test("with streams both ways answers while messages are sent", async () => {
    const page = await open("helloworld.Greeter/SayHelloBidiStream");
    for (const name of ["Ada", "Zoë"]) {
      await field(page, "name").fill(name);
      await send(page);
      await frames(page, "received").filter({ hasText: name }).waitFor();
    }
    await page.locator(".pill.open").waitFor();
    await press(page, "Half-close");
    await ends(page, "OK");
  });

  test("is cancelled, or ended by its deadline", async () => {
    const page = await open("Contact/getTask");
    await send(page);
    await page.locator('li[data-kind="header"]').waitFor();
    await press(page, "Cancel");
    await ends(page, "CANCELLED");
    await page.getByLabel("Deadline").fill("0.5");
    await send(page);
    await ends(page, "DEADLINE_EXCEEDED");
  });

  test("carries metadata", async () => {
    const page = await open("routeguide.RouteGuide/RecordRoute", { latitude: 1 });
    await page.locator(".console-metadata").getByRole("button", { name: "Add" }).click();
    await page.getByLabel("Name of metadata 1").fill("resume-token");
    await page.getByLabel("Value of metadata 1").fill("typed-into-the-console");
    await send(page);
    await page.locator('li[data-kind="header"]').filter({ hasText: "typed-into-the-console" }).waitFor();
  });
});

describe("what is written", () => {
  test("is the same as a form and as JSON", async () => {
    const graph = { nodes: [{ id: "A", features: [1] }], edges: [{ sourceId: "A", targetId: "A" }] };
    const page = await open("GCNService/ProcessGraph", graph);
    await press(page, "Add to nodes");
    await page.locator('[id="field-nodes[1].id"]:focus').fill("it's");
    await press(page, "JSON");
    const json = page.getByLabel("Message as JSON");
    await expect.poll(async () => JSON.parse(await json.inputValue()).nodes).toEqual([...graph.nodes, { id: "it's" }]);
    await json.fill('{"nodes":');
    await press(page, "Form");
    await page.getByText("It cannot be shown as a form yet.").waitFor();
    expect(await json.inputValue()).toBe('{"nodes":');
    await json.fill('{"nodes":[{"id":"B","features":[2]}]}');
    await press(page, "Form");
    await send(page);
    await page.locator("pre.json").filter({ hasText: '"B": 2' }).waitFor();
  });

  test("that is no message says why, and is not sent", async () => {
    const page = await open("Cal/Add");
    await field(page, "number1").fill("2147483648");
    await page.getByText("From -2147483648 to 2147483647").waitFor();
    await send(page);
    await page.getByRole("alert").filter({ hasText: "number1" }).waitFor();
    expect(await page.locator(".pill").count()).toBe(0);
  });

  test("is in the history, and comes back from there", async () => {
    const page = await open("Cal/Multiply", { number1: 6, number2: 7 });
    await send(page);
    await ends(page, "OK");
    await page.reload();
    await page.getByRole("region", { name: "Cal", exact: true }).getByRole("button", { name: "Add" }).click();
    await page.getByRole("heading", { level: 2, name: "Add" }).waitFor();
    await press(page, "History");
    await page.getByRole("button", { name: /Cal \/ Multiply/ }).click();
    await page.getByRole("heading", { level: 2, name: "Multiply" }).waitFor();
    await expect.poll(() => field(page, "number2").inputValue()).toBe("7");
  });
});

describe("a copied curl line", () => {
  test.each([
    ["routeguide.RouteGuide/GetFeature", { latitude: 409146138, longitude: -746188906 }],
    ["MyService/User", { userIDs: [1, 2, 404] }],
    [
      "GCNService/ProcessGraph",
      {
        nodes: [
          { id: "it's", features: [0.5, 2] },
          { id: '"Zoë" $HOME `id`', features: [1, 0] },
        ],
      },
    ],
  ])("of %s gets the answer that the page gets", async (method, input) => {
    const page = await open(method, input);
    await send(page);
    await ends(page, "OK");
    expect(await curl(page)).toEqual([await answer(page)]);
  });

  test("gets every message of a stream", async () => {
    const area = {
      lo: { latitude: 400000000, longitude: -750000000 },
      hi: { latitude: 420000000, longitude: -730000000 },
    };
    const page = await open("routeguide.RouteGuide/ListFeatures", area);
    await send(page);
    await ends(page, "OK");
    const features = await curl(page);
    expect(features[0]).toMatchObject({ result: { name: expect.any(String), location: expect.any(Object) } });
    await page
      .locator(".console-status")
      .filter({ hasText: `1 sent · ${features.length} received` })
      .waitFor();
  });

  test("carries any text", async () => {
    const task = 'it\'s "quoted" $HOME `id` \\ 100% Zoë 東京\nsecond line';
    const page = await open("tutorial.contact.v1.DispatchService/AddTask", { task });
    await curl(page);
    const tasks = await open("Contact/getTask");
    await send(tasks);
    await frames(tasks, "received")
      .filter({ hasText: JSON.stringify(task).slice(1, -1) })
      .waitFor();
  });

  test("sends what a stream has sent", async () => {
    const page = await open("routeguide.RouteGuide/RecordRoute", { latitude: 409146138, longitude: -746188906 });
    await send(page);
    await send(page);
    await expect.poll(() => frames(page, "sent").count()).toBe(2);
    expect(await curl(page)).toMatchObject([{ pointCount: 2, featureCount: 2 }]);
    // The server has made a secret for the call, which nobody means to hand on with the line.
    await page.locator('li[data-kind="header"]').filter({ hasText: "resume-token" }).waitFor();
    expect(await page.locator(".console-command").textContent()).not.toContain("resume-token");
  });

  test("sends and gets streams both ways", async () => {
    const page = await open("helloworld.Greeter/SayHelloBidiStream", { name: "Ada" });
    await send(page);
    await frames(page, "received").filter({ hasText: "Ada" }).waitFor();
    await field(page, "name").fill("Zoë");
    await send(page);
    await frames(page, "received").filter({ hasText: "Zoë" }).waitFor();
    expect(await curl(page)).toEqual([{ result: { message: "Hello, Ada!" } }, { result: { message: "Hello, Zoë!" } }]);
  });

  test("carries metadata and the deadline", async () => {
    const page = await open("Contact/getTask");
    await page.locator(".console-metadata").getByRole("button", { name: "Add" }).click();
    await page.getByLabel("Name of metadata 1").fill("traveler");
    await page.getByLabel("Value of metadata 1").fill("Ada");
    await page.getByLabel("Deadline").fill("2");
    const told = await curl(page);
    expect(JSON.stringify(told.at(-1))).toContain('"code":4');
    expect(await page.locator(".console-command").textContent()).toContain("Grpc-Metadata-traveler: Ada");
  });

  test("is not offered where there is no REST path", async () => {
    const page = await open("grpc.health.v1.Health/Check", { service: "Cal" });
    expect(await page.getByRole("button", { name: "Copy as curl" }).isDisabled()).toBe(true);
    await press(page, "Copy as grpcurl");
    expect(await page.locator(".console-command").textContent()).toBe(
      `grpcurl -plaintext -d '{"service":"Cal"}' 127.0.0.1:50051 grpc.health.v1.Health/Check`,
    );
  });
});

describe.each([
  ["wide", wide, "light"],
  ["wide", wide, "dark"],
  ["phone", phone, "light"],
  ["phone", phone, "dark"],
] as const)("on a %s screen", (_, viewport, colorScheme) => {
  test(`in ${colorScheme} it breaks no rule of axe-core, and fits`, async () => {
    const { page } = await visit(browser, `${server.url}/#view=console&${sea}`, { viewport, colorScheme });
    await page.getByRole("region", { name: "Cal", exact: true }).waitFor();
    await isAccessible(page);
    await page
      .getByRole("region", { name: "routeguide.RouteGuide" })
      .getByRole("button", { name: "GetFeature" })
      .click();
    await field(page, "latitude").fill("900000001");
    await send(page);
    await ends(page, "INVALID_ARGUMENT");
    await isAccessible(page);
    await page.goto(link("GCNService/ProcessGraph", { nodes: [{ id: "A", features: [1, 2] }], edges: [{}] }));
    await page.getByRole("heading", { level: 2, name: "ProcessGraph" }).waitFor();
    await send(page);
    await ends(page, "INVALID_ARGUMENT");
    await field(page, "source_id").fill("A");
    await field(page, "target_id").fill("A");
    await send(page);
    await ends(page, "OK");
    await page.locator(".frame-open pre").waitFor();
    await press(page, "Copy as curl");
    await page.locator(".console-command").waitFor();
    await isAccessible(page);
    const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    await expect.poll(overflow).toBeLessThanOrEqual(0);
  });
});
