// @ts-check
/** A real server over an archive of its own for each test, and a page that may not complain. */

import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test as base, expect } from "@playwright/test";

const BIN = process.env["WAVEKEEP_BIN"];
if (!BIN) throw new Error("WAVEKEEP_BIN must name the built program: run `make e2e`");
const SAMPLES = resolve(import.meta.dirname, "..", "samples");

/** @param {string} name */
export const sample = (name) => join(SAMPLES, name);

/** The ten Blastware events and their reports; the twins and the page about them stay behind. */
export const samples = readdirSync(SAMPLES).filter((name) => !/\.(json|md)$|^UM|^TXT$/.test(name)).map(sample);

/** @param {string} folder @param {string[]} [more] Further arguments. @param {string} [listen] @returns {Promise<{ url: string, end: () => Promise<void> }>} */
export async function serve(folder, more = [], listen = "127.0.0.1:0") {
  const child = spawn(/** @type {string} */ (BIN), ["serve", "--create", "--archive", folder, "--listen", listen, ...more], { stdio: ["ignore", "pipe", "pipe"] });
  const url = await new Promise((done, failed) => {
    let said = "";
    const hear = (/** @type {Buffer} */ some) => {
      said += some;
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
      if (found) done(found[0]);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("exit", (code) => failed(new Error(`the server ended with ${code}: ${said}`)));
  });
  const ended = new Promise((done) => child.on("exit", done));
  return { url, end: async () => { child.kill("SIGTERM"); await ended; } };
}

/** Where a link leads, from the page that it is on. @param {import("@playwright/test").Locator} link @returns {Promise<string>} */
export const target = (link) => link.evaluate((element) => /** @type {HTMLAnchorElement} */ (element).href);

/** A token of an archive. @param {string} folder @param {string} name @param {string} role */
export const addToken = (folder, name, role) =>
  execFileSync(/** @type {string} */ (BIN), ["token", "add", name, "--archive", folder, "--role", role], { encoding: "utf8" }).trim();

/** @param {string} url @param {string[]} files */
export async function importInto(url, files) {
  const form = new FormData();
  for (const file of files) form.append("files", new Blob([readFileSync(file)]), /** @type {string} */ (file.split("/").pop()));
  const answer = await fetch(`${url}/api/v1/import`, { method: "POST", body: form });
  expect(answer.status, await answer.clone().text()).toBe(200);
}

/** @param {string} url @param {string} [query] @returns {Promise<any[]>} */
export const eventsOf = async (url, query = "") => (await (await fetch(`${url}/api/v1/events?limit=100&${query}`)).json()).events;

/** Puts a run of the emulator into an archive: 64 channels, 12,000 frames, 1,000 of them missing. @param {string} folder */
function addStream(folder) {
  const run = join(folder, "crate1", "run.dat");
  mkdirSync(join(folder, "crate1"), { recursive: true });
  execFileSync(/** @type {string} */ (BIN), ["record", "--quiet", "--output", run, "--channels", "64", "--frames", "12000", "--rate", "0", "--period", "900"]);
  const bytes = readFileSync(run);
  const record = bytes.length / 12_000;
  writeFileSync(run, Buffer.concat([bytes.subarray(0, record * 5_000), bytes.subarray(record * 6_000)]));
  writeFileSync(`${run}.sfm.json`, JSON.stringify({
    schema_version: 1, kind: "sfm.stream", event: { serial: "crate1", filename: "run.dat", record_type: "stream" },
    blastware: { filename: "run.dat", filesize: record * 11_000, available: true },
    source: { kind: "stream", captured_at: "2026-06-30T06:00:00Z" }, review: {}, wavekeep: { id: 1 },
  }));
}

/** What the page wrote to its console, or threw. @param {import("@playwright/test").Page} page */
export function complaintsOf(page) {
  /** @type {string[]} */
  const complaints = [];
  page.on("console", (message) => { if (message.type() === "error" || message.type() === "warning") complaints.push(message.text()); });
  page.on("pageerror", (error) => complaints.push(error.message));
  return complaints;
}

/** Touches a plot, as a browser hears of it. @param {import("@playwright/test").Page} page @param {string} selector @param {{ id: number, from: number, to: number }[]} fingers Pixels from the left. */
const touch = (page, selector, fingers) => page.locator(selector).first().evaluate(async (element, fingers) => {
  const box = element.getBoundingClientRect();
  const tell = (/** @type {string} */ type, /** @type {number} */ id, /** @type {number} */ x) => element.dispatchEvent(new PointerEvent(type, {
    pointerId: id, pointerType: "touch", isPrimary: id === fingers[0]?.id, bubbles: true, cancelable: true, button: 0, clientX: box.left + x, clientY: box.top + 30,
  }));
  // What is made by a script cannot be captured.
  element.setPointerCapture = () => {};
  for (const { id, from } of fingers) tell("pointerdown", id, from);
  for (let step = 1; step <= 8; step += 1) {
    for (const { id, from, to } of fingers) if (from !== to) tell("pointermove", id, from + ((to - from) * step) / 8);
    await new Promise(requestAnimationFrame);
  }
  for (const { id, to } of fingers) tell("pointerup", id, to);
}, fingers);

/** Two fingers that go apart around the middle. @param {import("@playwright/test").Page} page @param {string} selector @param {number} from @param {number} to Pixels between them. */
export async function pinch(page, selector, from, to) {
  const middle = ((await page.locator(selector).first().boundingBox())?.width ?? 0) / 2;
  await touch(page, selector, [{ id: 11, from: middle - from / 2, to: middle - to / 2 }, { id: 12, from: middle + from / 2, to: middle + to / 2 }]);
}

/** One finger from the middle; by nothing it is a tap. @param {import("@playwright/test").Page} page @param {string} selector @param {number} by Pixels. */
export async function swipe(page, selector, by) {
  const middle = ((await page.locator(selector).first().boundingBox())?.width ?? 0) / 2;
  await touch(page, selector, [{ id: 11, from: middle, to: middle + by }]);
}

/** @typedef {{ url: string, end: () => Promise<void> }} Server */
/** @typedef {{ folder: string, page: import("@playwright/test").Page }} Fixed */
/** @typedef {import("@playwright/test").PlaywrightTestArgs & import("@playwright/test").PlaywrightTestOptions} Own */
/** @typedef {import("@playwright/test").PlaywrightWorkerArgs & import("@playwright/test").PlaywrightWorkerOptions} Workers */
/** @typedef {import("@playwright/test").TestType<Own & { folder: string, empty: Server, full: Server, run: Server }, Workers>} Test */

/**
 * `empty`: a server of an empty archive; `full`: one with the samples; `run`: one with a stream.
 * Whatever a page complains of fails its test.
 */
export const test = /** @type {Test} */ (base.extend(/** @type {any} */ ({
  folder: async (/** @type {{}} */ {}, /** @type {(folder: string) => Promise<void>} */ use) => {
    const folder = mkdtempSync(join(tmpdir(), "wavekeep-e2e-"));
    await use(folder);
    rmSync(folder, { recursive: true });
  },
  empty: async (/** @type {Fixed} */ { folder, page }, /** @type {(server: Server) => Promise<void>} */ use) => {
    const server = await serve(folder);
    await use(server);
    // A page that listens would complain of the server's end.
    await page.goto("about:blank");
    await server.end();
  },
  full: async (/** @type {{ empty: Server }} */ { empty }, /** @type {(server: Server) => Promise<void>} */ use) => {
    await importInto(empty.url, samples);
    await use(empty);
  },
  run: async (/** @type {Fixed} */ { folder, page }, /** @type {(server: Server) => Promise<void>} */ use) => {
    addStream(folder);
    const server = await serve(folder);
    await use(server);
    await page.goto("about:blank");
    await server.end();
  },
  page: async (/** @type {{ page: import("@playwright/test").Page }} */ { page }, /** @type {(page: import("@playwright/test").Page) => Promise<void>} */ use) => {
    const complaints = complaintsOf(page);
    await use(page);
    expect(complaints, "the page complained").toEqual([]);
  },
})));

export { expect };
