// @ts-check
import { readFileSync } from "node:fs";
import { eventsOf, expect, importInto, sample, samples, test } from "../archive.js";

/** Drops files on the page as a hand would. @param {import("@playwright/test").Page} page @param {string[]} files */
async function drop(page, files) {
  const contents = files.map((file) => ({ name: file.split("/").pop() ?? "", base64: readFileSync(file).toString("base64") }));
  const transfer = await page.evaluateHandle((contents) => {
    const transfer = new DataTransfer();
    for (const { name, base64 } of contents) {
      transfer.items.add(new File([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))], name));
    }
    return transfer;
  }, contents);
  await page.dispatchEvent("body", "dragenter", { dataTransfer: transfer });
  await expect(page.getByText("Drop event files and their reports here")).toBeVisible();
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
}

test("files that are dropped are imported, and each gets an answer", async ({ page, empty }) => {
  await page.goto(empty.url);
  await expect(page.getByText("The archive is empty.")).toBeVisible();
  await drop(page, [...samples, sample("README.md")]);
  await expect(page.getByRole("row", { name: /M529LMOK\.DK0W BE11529 new with M529LMOK_DK0W_ASCII\.TXT/ })).toBeVisible();
  await expect(page.getByRole("row", { name: /README\.md refused: / })).toBeVisible();
  await page.getByRole("link", { name: "M529LMOK.DK0W" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("BE11529 2026-06-12 14:03:20 unit-local time, no zone");
});

test("an event that arrives appears by itself", async ({ page, empty }) => {
  await page.goto(empty.url);
  await expect(page.getByText("Live updates: on")).toBeAttached();
  await importInto(empty.url, [sample("M529LMOK.DK0W"), sample("M529LMOK_DK0W_ASCII.TXT")]);
  await expect(page.getByRole("row", { name: /2026-06-12 14:03:20 BE11529/ })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Events" })).toBeVisible();
});

test("filters live in the address and in the counts beside the table", async ({ page, full }) => {
  await page.goto(full.url);
  await expect(page.getByText("10 events", { exact: true })).toBeVisible();
  await page.getByRole("complementary").getByRole("link", { name: /BE18190/ }).click();
  await expect(page).toHaveURL(/serial=BE18190/);
  await expect(page.getByText("1 event matching the filters")).toBeVisible();
  await page.goto(`${full.url}/?kind=histogram&min_ppv_in_s=1`);
  await expect(page.getByText("1 event matching the filters")).toBeVisible();
  await expect(page.getByRole("row", { name: /BE12844/ })).toBeVisible();
  await page.getByLabel("Search in").fill("nothing has this in it");
  await expect(page.getByText("No event matches these filters.")).toBeVisible();
  await expect(page).toHaveURL(/text=nothing/);
});

test("units are changed everywhere", async ({ page, full }) => {
  await page.goto(`${full.url}/?text=M529LMOK`);
  const row = page.getByRole("row", { name: /2026-06-12 14:03:20/ });
  await expect(row).toContainText("0.410");
  await expect(row).toContainText("127.1");
  await page.getByLabel("Unit of velocity").selectOption("mm/s");
  await page.getByLabel("Unit of air pressure").selectOption("Pa");
  await expect(row).toContainText("10.41");
  await expect(row).toContainText("45.50");
  await row.click();
  await expect(page.getByText("PPV 10.41 mm/s at 0.015 s, 28 Hz")).toBeVisible();
  await expect(page.getByText("PSPL 45.50 Pa at 0.368 s")).toBeVisible();
  await expect(page.getByRole("cell", { name: "10.41" }).first()).toBeVisible();
  const id = new URL(page.url()).searchParams.get("event");
  const { limit } = await (await fetch(`${full.url}/api/v1/events/${id}/verdict`)).json();
  await expect(page.getByText(`Tran: 8.38 mm/s at 20 Hz is 67.2 % below the limit of ${(limit.value * 25.4).toFixed(2)} mm/s`)).toBeVisible();
});

test("a false trigger is said in words and struck", async ({ page, full }) => {
  await page.goto(`${full.url}/?text=M529LKIQ`);
  const row = page.getByRole("row", { name: /2026-05-01/ });
  await row.focus();
  await page.keyboard.press("f");
  await expect(row.getByText("false trigger")).toBeVisible();
  await expect(row.getByRole("gridcell").first()).toHaveCSS("text-decoration-line", "line-through");
  await page.keyboard.press("u");
  await expect(row.getByText("false trigger")).toHaveCount(0);
});

test("a saturated peak is marked as one", async ({ page, full }) => {
  await page.goto(`${full.url}/?text=M529LN1C`);
  await expect(page.getByRole("row", { name: /2026-06-19/ }).getByTitle(/the true peak may be larger/).first()).toBeVisible();
});

test("a table of a hundred thousand events holds only the rows in sight", async ({ page, full }) => {
  const one = (await (await fetch(`${full.url}/api/v1/events?limit=1`)).json()).events[0];
  await page.route(/\/api\/v1\/events\?/, (route) => {
    const query = new URL(route.request().url()).searchParams;
    const offset = Number(query.get("offset")), limit = Number(query.get("limit"));
    const events = Array.from({ length: Math.min(limit, 100_000 - offset) }, (_, n) => ({ ...one, id: offset + n + 1, serial: `N${offset + n + 1}` }));
    return route.fulfill({ json: { total: 100_000, limit, offset, count: events.length, events } });
  });
  await page.goto(full.url);
  await expect(page.getByRole("row", { name: /N1 / })).toBeVisible();
  await page.getByRole("row", { name: /N1 / }).focus();
  await page.keyboard.press("End");
  await expect(page.getByRole("row", { name: /N100000 / })).toBeFocused();
  expect(await page.getByRole("row").count()).toBeLessThan(60);
  await expect(page.getByRole("grid")).toHaveAttribute("aria-rowcount", "100001");
});

test("the page shows how far an import is saved", async ({ page, empty }) => {
  let messages = "";
  await page.route(/\/api\/v1\/live/, (route) => route.fulfill({ contentType: "text/event-stream", body: `retry: 100\n\n${messages}` }));
  /** @type {() => void} */
  let seen = () => {};
  const shown = new Promise((done) => { seen = () => done(null); });
  await page.route("**/api/v1/import?*", async (route) => {
    const tag = new URL(route.request().url()).searchParams.get("tag");
    const message = (/** @type {any} */ change) => `event: import\ndata: ${JSON.stringify({ session: 1, tag, done: 3, total: 12, ...change })}\n\n`;
    // What somebody else imports is not this reader's business.
    messages = message({}) + message({ session: 2, tag: null, done: 900, total: 1000 });
    await shown;
    await route.continue();
  });
  await page.goto(`${empty.url}/?view=import`);
  await drop(page, samples);
  await expect(page.getByText("Saved 3 of 12")).toBeVisible();
  await expect(page.getByRole("progressbar", { name: "Import" })).toHaveAttribute("value", "0.25");
  seen();
  await expect(page.getByRole("row", { name: /M529LMOK\.DK0W BE11529 new/ })).toBeVisible();
  await expect(page.getByRole("progressbar", { name: "Import" })).toBeHidden();
});

test("what changes after the page has read it and before it listens is shown", async ({ page, full }) => {
  /** @type {() => void} */
  let listen = () => {};
  const listens = new Promise((done) => { listen = () => done(null); });
  await page.route(/\/api\/v1\/live/, async (route) => { await listens; await route.continue(); });
  await page.goto(full.url);
  await expect(page.getByRole("row", { name: /2026-06-26/ })).toBeVisible();
  const [{ id }] = await eventsOf(full.url, "from=2026-06-26");
  await fetch(`${full.url}/api/v1/events/${id}/review`, { method: "PATCH", headers: { "content-type": "application/json" }, body: JSON.stringify({ false_trigger: true }) });
  await expect(page.locator(".tr.false-trigger")).toHaveCount(0);
  listen();
  await expect(page.locator(".tr.false-trigger")).toHaveCount(1);
});
