// What the map costs a browser: `npm run bench -- [NAME=PROGRAM …]` measures programs in turns and prints a Markdown table.
// Without arguments it measures $ROUTEGUIDE_BIN. Features stand on a grid of 20° × 20°, one somewhere in each cell.
//
// Chromium draws without a graphics card here, so frames are slow: a task is counted from when the main thread takes it up,
// and what it draws is drawn by another process. First and all drawn are seen in pictures of the page, taken all the time.
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "playwright-core";

const counts = (process.env.COUNTS ?? "100000,1000000").split(",").map(Number);
const rounds = Number(process.env.ROUNDS ?? 3);
const programs = process.argv.slice(2).map((arg) => arg.split("="));
if (programs.length === 0) programs.push(["now", process.env.ROUTEGUIDE_BIN]);

const view = { width: 1280, height: 820 };
const map = { x: 420, y: 100, width: 760, height: 640 };
/** All of the features are seen; the search box and the card cover some. */
const camera = "4.5/40/-80";
const port = 18_080;

async function writeFeatures(path, count) {
  const file = createWriteStream(path);
  const side = Math.sqrt(count);
  file.write("name,latitude,longitude\n");
  for (let row = 0; row < side; row++) {
    let lines = "";
    for (let column = 0; column < side; column++) {
      const at = (i, salt) => ((i + ((row * 7919 + column * 104_729 + salt) % 1000) / 1000) * 20) / side;
      lines += `Row ${row} ${column},${(30 + at(row, 1)).toFixed(7)},${(-90 + at(column, 500)).toFixed(7)}\n`;
    }
    if (!file.write(lines)) await new Promise((resolve) => file.once("drain", resolve));
  }
  await new Promise((resolve) => file.end(resolve));
}

async function start(program, features, data) {
  const address = `127.0.0.1:${port}`;
  const child = spawn(
    program,
    ["-grpc-addr", "127.0.0.1:0", "-http-addr", address, "-data", data, "-features", features],
    {
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  await new Promise((resolve, reject) => {
    child.once("exit", () => reject(new Error(`${program} ended`)));
    child.stderr.on("data", (text) => String(text).includes('msg="http listening"') && resolve());
  });
  return { url: `http://${address}`, stop: () => child.kill("SIGKILL") };
}

/** How many points of the map have the colour of features. */
async function colored(page, reader) {
  const picture = (await page.screenshot({ clip: map, timeout: 120_000 })).toString("base64");
  return reader.evaluate(async (base64) => {
    const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
    const pen = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    pen.drawImage(bitmap, 0, 0);
    const { data } = pen.getImageData(0, 0, bitmap.width, bitmap.height);
    let n = 0;
    for (let i = 0; i < data.length; i += 4) if (data[i] > 200 && data[i] - data[i + 2] > 60) n++;
    return n;
  }, picture);
}

async function measure(url, browser) {
  const context = await browser.newContext({ viewport: view, reducedMotion: "reduce" });
  const reader = await browser.newPage();
  await context.addInitScript(() => {
    globalThis.tasks = [];
    new PerformanceObserver((list) => globalThis.tasks.push(...list.getEntries().map((e) => e.duration))).observe({
      type: "longtask",
      buffered: true,
    });
  });
  const page = await context.newPage();
  let bytes = 0;
  let open = 0;
  page.on("request", () => open++);
  page.on("requestfailed", () => open--);
  page.on("requestfinished", async (request) => {
    open--;
    bytes += await request.sizes().then(
      (sizes) => sizes.responseBodySize,
      () => 0,
    );
  });
  const rest = async () => {
    for (let quiet = 0; quiet < 10; quiet = open > 0 ? 0 : quiet + 1) await sleep(100);
  };
  const longest = () => page.evaluate(() => Math.max(0, ...globalThis.tasks.splice(0)));
  const began = performance.now();
  await page.goto(`${url}/#view=features&map=${camera}`);
  let [first, all, drawn] = [0, 0, 0];
  while (first === 0 || performance.now() - Math.max(all, first) < 5000) {
    const n = await colored(page, reader);
    if (n > 200 && first === 0) first = performance.now();
    if (n !== drawn) all = performance.now();
    drawn = n;
    if (performance.now() - began > 120_000) break;
  }
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0);
  const opening = { longest: await longest(), bytes };
  bytes = 0;
  const [x, y] = [800, 400];
  await page.mouse.move(x, y);
  await page.mouse.down();
  for (let i = 1; i <= 30; i++) {
    await page.mouse.move(x - 10 * i, y);
    await sleep(30);
  }
  await page.mouse.up();
  await sleep(500);
  await rest();
  const pan = { longest: await longest(), bytes };
  await context.close();
  await reader.close();
  return {
    paint,
    first: first - began,
    all: all - began,
    opening: opening.longest,
    loaded: opening.bytes,
    pan: pan.longest,
    moved: pan.bytes,
  };
}

const dir = await mkdtemp(join(tmpdir(), "routeguide-bench-"));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
});
const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const units = {
  paint: "first paint, ms",
  first: "first feature drawn, ms",
  all: "all drawn, ms",
  opening: "longest task while opening, ms",
  loaded: "bytes of opening",
  pan: "longest task while panning, ms",
  moved: "bytes of a pan",
};
try {
  console.log(`| | ${programs.map(([name]) => name).join(" | ")} |\n| --- |${" --: |".repeat(programs.length)}`);
  for (const count of counts) {
    const features = join(dir, `${count}.csv`);
    await writeFeatures(features, count);
    const measured = programs.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [i, [name, program]] of programs.entries()) {
        const server = await start(program, features, join(dir, `${name}-${count}-${round}`));
        measured[i].push(await measure(server.url, browser).finally(server.stop));
        console.error(count, name, JSON.stringify(measured[i].at(-1)));
      }
    }
    for (const [key, what] of Object.entries(units)) {
      const cells = measured.map((list) => Math.round(median(list.map((one) => one[key]))).toLocaleString("en"));
      console.log(`| ${count.toLocaleString("en")} features: ${what} | ${cells.join(" | ")} |`);
    }
  }
} finally {
  await browser.close();
  await rm(dir, { recursive: true });
}
