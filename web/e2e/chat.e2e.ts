import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
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

/** A place of its own for each test. */
let places = 0;
function newPlace(): { hash: string; latitude: number; longitude: number } {
  const latitude = 400_000_000 + ++places * 1_000_000;
  const longitude = -750_000_000;
  const map = `map=11/${latitude / 1e7}/${longitude / 1e7}`;
  return { hash: `#view=chat&place=${latitude},${longitude}&${map}`, latitude, longitude };
}

const composer = (page: Page) => page.getByRole("textbox", { name: "Your note" });
const thread = (page: Page) => page.getByRole("log", { name: "Notes" });
const note = (page: Page, text: string) => thread(page).getByText(text, { exact: true });
const shown = (page: Page) => thread(page).locator(".bubble:not(.pending) p").allTextContents();
const pending = (page: Page) => thread(page).locator(".bubble.pending p").allTextContents();

async function write(page: Page, ...texts: string[]): Promise<void> {
  for (const text of texts) {
    await composer(page).fill(text);
    await composer(page).press("Enter");
  }
}

async function introduce(page: Page, name: string): Promise<void> {
  await page.getByLabel("What should the others call you?").fill(name);
  await page.getByRole("button", { name: "Send with this name" }).click();
}

/** The messages that the server has at a place, the oldest first. */
async function stored(server: Server, place: { latitude: number; longitude: number }): Promise<string[]> {
  const query = new URLSearchParams({ page_size: "1000" });
  for (const corner of ["southwest", "northeast"]) {
    query.set(`bounds.${corner}.latitude`, String(place.latitude));
    query.set(`bounds.${corner}.longitude`, String(place.longitude));
  }
  const response = await fetch(`${server.url}/v1/notes?${query}`);
  const { notes } = (await response.json()) as { notes: { message: string }[] };
  return notes.map((n) => n.message);
}

describe("two people at a place", () => {
  test("see each other's notes at once, under the names they gave", async () => {
    const { hash } = newPlace();
    const { page: ada } = await visit(browser, `${server.url}/${hash}`);
    const { page: lin } = await visit(browser, `${server.url}/${hash}`);
    await ada.getByRole("heading", { name: "No notes here yet" }).waitFor();
    await write(ada, "Parking lot is full.");
    await introduce(ada, "Ada");
    await note(lin, "Parking lot is full.").waitFor();
    await thread(lin).getByText("Ada ·").waitFor();
    await write(lin, "谢谢!");
    await introduce(lin, "林");
    await note(ada, "谢谢!").waitFor();
    await thread(ada).getByText("林 ·").waitFor();
    await write(ada, "one", "two");
    await expect.poll(() => shown(lin)).toEqual(["Parking lot is full.", "谢谢!", "one", "two"]);
    await expect.poll(() => shown(ada)).toEqual(await shown(lin));
    await expect.poll(() => ada.locator(".bubble.mine").count()).toBe(3);
    await expect.poll(() => lin.locator(".bubble.mine").count()).toBe(1);
  });

  test("keep their names, and can change them", async () => {
    const { hash } = newPlace();
    const { page } = await visit(browser, `${server.url}/${hash}`);
    await write(page, "first");
    await introduce(page, "Ada");
    await note(page, "first").waitFor();
    await page.reload();
    await write(page, "second");
    await note(page, "second").waitFor();
    await page.getByRole("button", { name: "as Ada, change" }).click();
    await page.locator(".composer").getByLabel("Your name").fill("Ada L.");
    await page.getByRole("button", { name: "Use this name" }).click();
    await page.getByRole("button", { name: "as Ada L., change" }).waitFor();
    await expect.poll(() => page.locator(".bubble.mine").count()).toBe(2);
  });
});

describe("a place", () => {
  test("is any point of the map, and is found again among the recent notes in view", async () => {
    const { page } = await visit(browser, `${server.url}/#view=chat&map=11/10/10`);
    await page.getByRole("heading", { name: "No notes in view" }).waitFor();
    await expect
      .poll(async () => {
        await page.mouse.click(900, 300);
        return composer(page).count();
      })
      .toBe(1);
    await write(page, "Nice fields");
    await page.getByRole("button", { name: "Without a name", exact: true }).click();
    await note(page, "Nice fields").waitFor();
    await page.getByRole("button", { name: "Back to the recent notes" }).click();
    await page.getByRole("button", { name: /someone: Nice fields/ }).click();
    await note(page, "Nice fields").waitFor();
    await expect.poll(() => page.locator(".bubble.mine").count()).toBe(1);
    // A click on its mark finds the place too.
    const here = () => page.evaluate(() => /place=[-\d,]+/.exec(location.hash)?.[0]);
    const place = await here();
    const back = page.getByRole("button", { name: "Back to the recent notes" });
    await expect
      .poll(async () => {
        // Before the mark is drawn there is any point under the pointer.
        await back.click();
        await page.mouse.click(902, 302);
        await back.waitFor();
        return here();
      })
      .toBe(place);
    await note(page, "Nice fields").waitFor();
  });

  test("is a feature when it is chosen in the list, and called so", async () => {
    const { page } = await visit(browser, `${server.url}/#view=features&map=9/40.9/-74.5`);
    await page.getByRole("option", { name: /Berkshire Valley/ }).click();
    await page.getByRole("button", { name: "Chat here" }).click();
    await page.locator(".chat-place").getByText("Berkshire Valley Management Area Trail").waitFor();
    await page.locator(".chat-place").getByText("40.9146138, -74.6188906").waitFor();
  });

  test("keeps what was begun to be written there", async () => {
    const { hash } = newPlace();
    const { page } = await visit(browser, `${server.url}/${hash}`);
    await composer(page).fill("not yet");
    await page.getByRole("tab", { name: "Features" }).click();
    await page.getByRole("tab", { name: "Chat" }).click();
    await expect.poll(() => composer(page).inputValue()).toBe("not yet");
  });
});

describe("a note", () => {
  test("may have lines, and no more than 4,096 bytes", async () => {
    const place = newPlace();
    const { page } = await visit(browser, `${server.url}/${place.hash}`);
    await composer(page).fill("one");
    await composer(page).press("Shift+Enter");
    await composer(page).pressSequentially("two");
    await composer(page).press("Enter");
    await introduce(page, "Ada");
    await expect.poll(() => shown(page)).toEqual(["one\ntwo"]);
    const send = page.getByRole("button", { name: "Send" });
    await composer(page).fill("é".repeat(2000));
    await page.getByText("4,000 of 4,096 bytes").waitFor();
    await composer(page).fill("é".repeat(2050));
    await page.getByText("4 bytes too long").waitFor();
    await expect.poll(() => send.isDisabled()).toBe(true);
    // The field has grown, and the newest note is still to be seen above it.
    await note(page, "one\ntwo").waitFor();
    const [bubble, line] = [thread(page).locator(".bubble").last(), page.locator(".composer")];
    await expect
      .poll(async () => {
        const [above, below] = [await bubble.boundingBox(), await line.boundingBox()];
        return above !== null && below !== null && above.y + above.height <= below.y;
      })
      .toBe(true);
    await composer(page).fill("é".repeat(2048));
    await send.click();
    await expect.poll(() => stored(server, place)).toEqual(["one\ntwo", "é".repeat(2048)]);
  });
});

describe("while the server is away", () => {
  let server: Server;

  beforeEach(async () => {
    server = await Server.start();
  });

  afterEach(() => server.close());

  test("notes wait, and each is stored once and in order when it is back", async () => {
    const place = newPlace();
    const { page: ada } = await visit(browser, `${server.url}/${place.hash}`);
    const { page: lin } = await visit(browser, `${server.url}/${place.hash}`);
    await write(ada, "a1");
    await introduce(ada, "Ada");
    await write(lin, "l1");
    await introduce(lin, "Lin");
    await expect.poll(() => shown(ada)).toHaveLength(2);
    await server.stop("SIGKILL");
    await thread(ada).locator("..").getByText("No connection.").waitFor();
    await write(ada, "a2", "a3", "a4");
    await write(lin, "l2", "l3");
    await expect.poll(() => pending(ada)).toEqual(["a2", "a3", "a4"]);
    await thread(ada).getByText("waits for the connection").first().waitFor();
    await isAccessible(ada);
    await server.restart();
    await expect.poll(() => shown(ada)).toHaveLength(7);
    await expect.poll(() => shown(lin)).toHaveLength(7);
    const all = await stored(server, place);
    await expect.poll(() => shown(ada)).toEqual(all);
    await expect.poll(() => shown(lin)).toEqual(all);
    expect(all.filter((m) => m.startsWith("a"))).toEqual(["a1", "a2", "a3", "a4"]);
    expect(all.filter((m) => m.startsWith("l"))).toEqual(["l1", "l2", "l3"]);
    await expect.poll(() => pending(ada)).toEqual([]);
  });

  test("killed again and again while notes are written, it has each of them once", async () => {
    const place = newPlace();
    const { page } = await visit(browser, `${server.url}/${place.hash}`);
    await write(page, "0");
    await introduce(page, "Ada");
    await note(page, "0").waitFor();
    for (let round = 0; round < 3; round++) {
      await write(page, `${round * 4 + 1}`, `${round * 4 + 2}`);
      await server.stop("SIGKILL");
      await write(page, `${round * 4 + 3}`, `${round * 4 + 4}`);
      await server.restart();
      await expect.poll(() => pending(page)).toEqual([]);
    }
    const all = Array.from({ length: 13 }, (_, n) => `${n}`);
    expect(await stored(server, place)).toEqual(all);
    await expect.poll(() => shown(page)).toEqual(all);
  });
});

describe("after a reload", () => {
  test("what was pending is stored once, also of a place that is not open any more", async () => {
    const [here, there] = [newPlace(), newPlace()];
    const { page } = await visit(browser, `${server.url}/${here.hash}`);
    let blocked = true;
    await page.routeWebSocket(/RouteChat/, (socket) => {
      if (blocked) void socket.close();
      else socket.connectToServer();
    });
    await write(page, "h1");
    await introduce(page, "Ada");
    await write(page, "h2");
    await page.goto(`${server.url}/${there.hash}`);
    await write(page, "t1");
    await expect.poll(() => pending(page)).toEqual(["t1"]);
    await page.reload();
    await expect.poll(() => pending(page)).toEqual(["t1"]);
    blocked = false;
    await expect.poll(() => stored(server, here)).toEqual(["h1", "h2"]);
    await expect.poll(() => stored(server, there)).toEqual(["t1"]);
    await expect.poll(() => shown(page)).toEqual(["t1"]);
    await expect.poll(() => pending(page)).toEqual([]);
  });

  test("what a page kept when chats had no tokens is stored once", async () => {
    const place = newPlace();
    const { page } = await visit(browser, `${server.url}/#view=features`);
    const chatId = "0123456789abcdef-0123456789abcdef";
    const waiting = { number: 3, message: "from before", written: Date.now(), refused: null };
    const point = { lat: place.latitude, lng: place.longitude };
    const kept = { chatId, place: { point, name: "" }, next: 4, pending: [waiting] };
    await page.evaluate(([name, text]) => localStorage.setItem(name, text), [
      `routeguide.chat.${chatId}`,
      JSON.stringify(kept),
    ] as const);
    await page.reload();
    await expect.poll(() => stored(server, place)).toEqual(["from before"]);
    await page.goto(`${server.url}/${place.hash}`);
    await page.reload();
    await note(page, "from before").waitFor();
    await expect.poll(() => page.locator(".bubble.mine").count()).toBe(1);
    expect(await stored(server, place)).toEqual(["from before"]);
  });
});

describe.each([
  ["wide, light", { viewport: wide }],
  ["wide, dark", { viewport: wide, colorScheme: "dark" }],
  ["on a phone", { viewport: phone, hasTouch: true, isMobile: true }],
] as const)("%s", (_, options) => {
  test("nothing stands in anybody's way", async () => {
    const { hash } = newPlace();
    const { page } = await visit(browser, `${server.url}/${hash}`, options);
    await page.getByRole("heading", { name: "No notes here yet" }).waitFor();
    await isAccessible(page);
    await write(page, "Bring water");
    await isAccessible(page);
    await introduce(page, "Ada");
    await note(page, "Bring water").waitFor();
    await isAccessible(page);
    await page.getByRole("button", { name: "Back to the recent notes" }).click();
    await page
      .getByRole("button", { name: /Ada: Bring water/ })
      .first()
      .waitFor();
    await isAccessible(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  });
});
