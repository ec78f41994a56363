// @ts-check
/** Pages that are found anew: what a reader has opened stays open, and late answers do not replace newer ones. */
import { eventsOf, expect, test } from "../archive.js";

/** @typedef {import("@playwright/test").Page} Page */

const WALL = "Garden wall, 12 Mill Lane";

/** @param {Page} page @param {string} unit */
const velocityIn = (page, unit) => page.getByLabel("Unit of velocity").selectOption(unit);

/**
 * Each folded table of an event: where it is, what is in it first, what makes it anew, what is in it then.
 * @type {[string, RegExp, (page: Page) => Promise<unknown>, RegExp][]}
 */
const OF_AN_EVENT = [
  ["Channels", / in\/s/, (page) => velocityIn(page, "mm/s"), / mm\/s/],
  ["Channels", / in\/s/, (page) => page.getByLabel("Quantity").selectOption("Acceleration"), / g/],
  ["Limits", /PPV \(in\/s\)/, (page) => velocityIn(page, "mm/s"), /PPV \(mm\/s\)/],
  ["Limits", /Corners of USBM/, (page) => page.getByLabel("Limit curve").selectOption("din-3"), /Corners of DIN/],
  ["Spectra", /From/, (page) => page.getByLabel("Lines or bands").selectOption("One-third octaves"), /Band/],
  ["Spectra", /From/, (page) => page.setViewportSize({ width: 1100, height: 700 }), /From/],
];

for (const [index, [name, first, change, then]] of OF_AN_EVENT.entries()) {
  test(`an open table of an event stays open: ${name}, ${index + 1}`, async ({ page, full }) => {
    const [{ id }] = await eventsOf(full.url, "text=M529LMOK");
    await page.goto(`${full.url}/?event=${id}`);
    const table = page.getByRole("region", { name, exact: true }).locator(".folded");
    await table.getByText("The same as a table").click();
    await expect(table.getByRole("table").first()).toBeVisible();
    await expect(table).toContainText(first);
    await change(page);
    await expect(table).toContainText(then);
    await expect(table.getByRole("table").first()).toBeVisible();
  });
}

test("an open table of a stream stays open, and so does its configuration", async ({ page, run }) => {
  // A run whose configuration says at which frame it was asked for.
  await page.route(/\/api\/v1\/streams\/1$/, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), metadata_frames: [0] } });
  });
  await page.route(/\/streams\/1\/metadata/, (route) => route.fulfill({ json: { config: { asked: new URL(route.request().url()).searchParams.get("frame") } } }));
  await page.goto(`${run.url}/?stream=1&channels=1,2&spectrum=1`);
  const folded = page.locator(".folded");
  await expect(folded.locator("summary:visible")).toHaveCount(4);
  for (const summary of await folded.locator("summary").all()) await summary.click();
  await expect(folded.getByRole("table")).toHaveCount(3);
  await expect(folded.locator("pre")).toContainText('"11000"');
  // The spectrum and the configuration follow when the zooming is over.
  const spectrum = page.waitForResponse(/\/spectrum\?/);
  await page.getByRole("button", { name: "Zoom in" }).click();
  await (await spectrum).finished();
  await expect(folded.locator("pre")).toContainText('"8250"');
  await expect(folded.locator("pre")).toBeVisible();
  await expect(folded.getByRole("table")).toHaveCount(3);
});

test("the open days of a location stay open when others are chosen, and the choice keeps the focus", async ({ page, full }) => {
  await page.goto(`${full.url}/?view=location&location=${encodeURIComponent(WALL)}`);
  await page.getByText(/^The days as a table/).click();
  const rows = page.getByRole("group", { name: "Days" }).getByRole("row");
  await expect(rows.nth(1)).toBeVisible();
  const days = page.getByRole("combobox", { name: "Days" });
  await days.focus();
  await days.selectOption("30 days");
  await expect(rows.nth(1)).toBeVisible();
  await expect(days).toBeFocused();
});

test("the open days of a unit stay open when its events change", async ({ page, full }) => {
  await page.goto(`${full.url}/?view=unit&serial=BE11529&to=2026-06-30`);
  await page.getByText(/^The days as a table/).click();
  const day = page.getByRole("group", { name: "Days" }).getByRole("row", { name: /^2026-06-26/ });
  await expect(day).toContainText("1");
  const [{ id }] = await eventsOf(full.url, "from=2026-06-26&serial=BE11529");
  await fetch(`${full.url}/api/v1/events/${id}/review`, { method: "PATCH", headers: { "content-type": "application/json" }, body: JSON.stringify({ false_trigger: true }) });
  await expect(day).toContainText("false");
});

test("on the page of an event an answer that comes late does not replace a newer one", async ({ page, full }) => {
  /** @type {(() => Promise<void>)[]} */
  const late = [];
  for (const path of [/\/events\/\d+\/log$/, /\/events\/\d+\/ledger\?/, /\/levels\?all=true/]) {
    let isFirst = true;
    await page.route(path, async (route) => {
      if (!isFirst) return route.continue();
      isFirst = false;
      const response = await route.fetch();
      late.push(() => route.fulfill({ response }).catch(() => {}));
    });
  }
  const [{ id }] = await eventsOf(full.url, "text=M529LMOK");
  await page.goto(`${full.url}/?event=${id}`);
  await expect.poll(() => late.length).toBe(3);
  const json = { "content-type": "application/json" };
  await fetch(`${full.url}/api/v1/levels`, { method: "POST", headers: json, body: JSON.stringify({ for: {}, ground: { curve: "din-3" } }) });
  await fetch(`${full.url}/api/v1/events/${id}/review`, { method: "PATCH", headers: json, body: JSON.stringify({ notes: "a lorry" }) });
  const verdict = page.getByRole("region", { name: "Verdict" }), log = page.getByRole("region", { name: "Log" }), ledger = page.getByRole("region", { name: "Ledger" });
  await expect(verdict).toContainText("exceeds");
  await expect(log).toContainText("a lorry");
  await expect(ledger).toContainText("reviewed");
  for (const answer of late) await answer();
  await page.waitForTimeout(300);
  await expect(verdict).toContainText("exceeds");
  await expect(log).toContainText("a lorry");
  await expect(ledger).toContainText("reviewed");
});

for (const [name, selector] of /** @type {[string, string][]} */ ([["Ledger", ".digest"], ["Facts", "dd"], ["Peaks", "td:nth-child(2)"], ["Log", "p, li"]])) {
  test(`what is selected of an event stays selected when the event changes: ${name}`, async ({ page, full }) => {
    const [{ id }] = await eventsOf(full.url, "text=M529LMOK");
    await page.goto(`${full.url}/?event=${id}`);
    const words = page.getByRole("region", { name, exact: true }).locator(`${selector}:visible`).filter({ hasText: /\S{3}/ }).first();
    const text = await words.innerText();
    await words.evaluate((element) => getSelection()?.selectAllChildren(element));
    const read = page.waitForResponse(new RegExp(`/events/${id}/ledger`));
    await fetch(`${full.url}/api/v1/levels`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ for: {}, ground: { curve: "din-3" } }) });
    await (await read).finished();
    await expect(page.getByRole("region", { name: "Verdict" })).toContainText("exceeds");
    expect(await page.evaluate(() => getSelection()?.toString())).toBe(text);
  });
}

/** Pages that follow changes, what they ask for, and how a false trigger shows. @type {[string, RegExp, RegExp][]} */
const FOLLOWING = [
  [`?view=location&location=${encodeURIComponent(WALL)}`, /\/trend\?/, /1 false trigger left out/],
  ["?view=unit&serial=BE11529&to=2026-06-30", /\/units\/BE11529/, /False triggers\s*1/],
];
for (const [address, path, then] of FOLLOWING) {
  test(`on a page that follows changes an answer that comes late does not replace a newer one: ${address}`, async ({ page, full }) => {
    /** @type {(() => Promise<void>) | null} */
    let late = null;
    await page.route(path, async (route) => {
      if (late) return route.continue();
      const response = await route.fetch();
      late = () => route.fulfill({ response }).catch(() => {});
    });
    await page.goto(`${full.url}/${address}`);
    await expect.poll(() => late !== null).toBe(true);
    const [{ id }] = await eventsOf(full.url, `serial=BE11529&location=${encodeURIComponent(WALL)}`);
    await fetch(`${full.url}/api/v1/events/${id}/review`, { method: "PATCH", headers: { "content-type": "application/json" }, body: JSON.stringify({ false_trigger: true }) });
    await expect(page.locator("main")).toContainText(then);
    await /** @type {() => Promise<void>} */ (/** @type {unknown} */ (late))();
    await page.waitForTimeout(300);
    await expect(page.locator("main")).toContainText(then);
  });
}

test("a form closes when the event changes again before its own change is shown", async ({ page, full }) => {
  const [{ id }] = await eventsOf(full.url, "text=M529LMOK");
  await page.goto(`${full.url}/?event=${id}`);
  await expect(page.getByRole("region", { name: "Log" })).toContainText("has not been reviewed");
  let asked = 0;
  // Nothing is answered before the page has asked a second time.
  await page.route(/\/events\/\d+\/log$/, async (route) => {
    asked += 1;
    if (asked > 1) return route.continue();
    await fetch(`${full.url}/api/v1/events/${id}/review`, { method: "PATCH", headers: { "content-type": "application/json" }, body: JSON.stringify({ notes: "a lorry" }) });
    await expect.poll(() => asked).toBeGreaterThan(1);
    return route.continue().catch(() => {});
  });
  await page.getByRole("button", { name: "Correct …" }).click();
  await page.getByRole("dialog").getByLabel("Charge per delay").fill("45 kg");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("region", { name: "Log" })).toContainText("a lorry");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});
