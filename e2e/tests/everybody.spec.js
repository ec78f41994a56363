// @ts-check
import { expect, test } from "../archive.js";
import { violations } from "../axe.js";

for (const scheme of /** @type {const} */ (["light", "dark"])) {
  test(`axe finds nothing on any view, ${scheme}`, async ({ page, full }) => {
    test.slow();
    await page.emulateMedia({ colorScheme: scheme });
    for (const [address, ready] of [["/", ".tr[data-id]"], ["/?event=4", ".limits svg"], ["/?event=5", ".limits svg"], ["/?event=7", ".notice"], ["/?event=1", ".ledger"], ["/?view=import", ".drop"], ["/?view=streams", ".empty"], ["/?view=streams&show=recordings", ".recorder .small"], ["/?event=x", ".failure"]]) {
      await page.goto(full.url + address);
      await expect(page.locator(/** @type {string} */ (ready)).first()).toBeVisible();
      expect(await violations(page), `${address} in ${scheme}`).toEqual([]);
    }
  });
}

test("axe finds nothing on a list of runs and recordings", async ({ page, run }) => {
  const form = { source: { kind: "emulator", channels: 8, rate_hz: 0 }, frames: 20 };
  await fetch(`${run.url}/api/v1/recordings`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(form) });
  await page.goto(`${run.url}/?view=streams&show=recordings`);
  await expect(page.getByRole("button", { name: /^Add/ })).toBeVisible();
  expect(await violations(page)).toEqual([]);
});

test("what a view loads has less than 300 KB, uncompressed", async ({ browser, full }) => {
  for (const [address, ready] of [["/", ".tr[data-id]"], ["/?event=4", ".limits svg"], ["/?view=streams", ".empty"], ["/?view=locations", "tbody"], ["/?view=location&serial=BE11529", ".mark"], ["/?view=units", "tbody"], ["/?view=unit&serial=BE11529", ".lane"], ["/?view=scaled-distance", ".chart"], ["/?view=levels", "h1"], ["/?view=scaled-distance", ".notice"], ["/?view=import", ".drop"]]) {
    // Nothing is kept from the view before.
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(full.url + address);
    await expect(page.locator(/** @type {string} */ (ready)).first()).toBeVisible();
    const bytes = await page.evaluate(() => performance.getEntriesByType("resource").filter((one) => !one.name.includes("/api/")).reduce((sum, one) => sum + /** @type {PerformanceResourceTiming} */ (one).decodedBodySize, 0));
    expect(bytes, `${address} loads ${bytes} bytes`).toBeLessThan(300_000);
    expect(bytes, address).toBeGreaterThan(100_000);
    await context.close();
  }
});

test("nothing is wider than a phone, nor than a screen at 200 %", async ({ page, full }) => {
  for (const width of [360, 640]) {
    await page.setViewportSize({ width, height: 780 });
    for (const [address, ready] of [["/", ".tr[data-id]"], ["/?event=4", ".limits svg"], ["/?event=5", ".limits svg"], ["/?view=import", ".drop"]]) {
      await page.goto(full.url + address);
      await expect(page.locator(/** @type {string} */ (ready)).first()).toBeVisible();
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(over, `${address} at ${width} px`).toBeLessThanOrEqual(0);
    }
  }
});

test("the theme follows the system, and the reader's choice is kept", async ({ page, full }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto(full.url);
  const paper = () => page.evaluate(() => getComputedStyle(document.body).getPropertyValue("--paper").trim());
  expect(await paper()).toBe("#14171b");
  await page.getByRole("button", { name: "Theme: system" }).click();
  expect(await paper()).toBe("#fff");
  await page.reload();
  expect(await paper()).toBe("#fff");
});

test("paper shows the event and none of the buttons", async ({ page, full }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto(`${full.url}/?event=4`);
  await expect(page.locator(".limits svg")).toBeVisible();
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.locator(".uplot").first()).toBeVisible();
  await expect(page.getByText("Within the limit")).toBeVisible();
  for (const hidden of [".bar", ".review-bar", ".downloads", ".tools"]) await expect(page.locator(hidden).first()).toBeHidden();
  expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe("rgb(255, 255, 255)");
});

test("the first tab leads to the content, and every stop is seen", async ({ page, full }) => {
  await page.goto(full.url);
  await expect(page.locator(".tr[data-id]").first()).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  for (let stop = 0; stop < 12; stop += 1) {
    await page.keyboard.press("Tab");
    const outline = await page.evaluate(() => document.activeElement ? getComputedStyle(document.activeElement).outlineStyle : "none");
    expect(outline).not.toBe("none");
  }
});

test("the policy of the server forbids scripts and styles within the markup", async ({ page, full }) => {
  const answer = await page.goto(full.url);
  const policy = answer?.headers()["content-security-policy"] ?? "";
  expect(policy).toContain("default-src 'self'");
  expect(policy).not.toContain("unsafe-inline");
  expect(await page.locator("[style]:not(.tr):not(.tbody)").count()).toBe(0);
});

test("a million samples are drawn from typed arrays", async ({ page, full }) => {
  await page.goto(`${full.url}/?event=4`);
  await expect(page.locator(".uplot").first()).toBeVisible();
  const seen = await page.evaluate(async () => {
    const { Extremes } = await import(/** @type {any} */ ("/js/plot/extremes.js"));
    const values = Float64Array.from({ length: 1_000_000 }, (_, n) => Math.sin(n / 50) * 0.1);
    values[654_321] = 7;
    values.fill(NaN, 100_000, 110_000);
    values.fill(NaN, 640_010, 640_020);
    const [xs, ys] = new Extremes(values).line(0, values.length, 1200, 0, 1, (/** @type {number} */ value) => value);
    const isBroken = (/** @type {number} */ from, /** @type {number} */ to) => ys.some((/** @type {number | null} */ y, /** @type {number} */ n) => y === null && xs[n] > from && xs[n] < to);
    return { points: xs.length, long: isBroken(99_000, 111_000), short: isBroken(639_000, 641_000), elsewhere: isBroken(200_000, 600_000), peakAt: xs[ys.indexOf(7)], gap: xs.every((/** @type {number} */ x, /** @type {number} */ n) => x < 100_000 || x >= 110_000 || ys[n] === null) };
  });
  expect(seen.points).toBeLessThan(3000);
  expect(seen.peakAt).toBe(654_321);
  expect(seen.gap).toBe(true);
  expect([seen.long, seen.short, seen.elsewhere]).toEqual([true, true, false]);
});

test("on paper the pictures are as wide as the paper, and the table keeps its columns", async ({ page, full }) => {
  await page.goto(`${full.url}/?event=4`);
  await expect(page.locator(".limits svg")).toBeVisible();
  await page.emulateMedia({ media: "print" });
  await page.setViewportSize({ width: 700, height: 990 });
  const box = async (/** @type {string} */ selector) => (await page.locator(selector).first().boundingBox()) ?? { width: 0, height: 0 };
  expect((await box(".uplot canvas")).width).toBeGreaterThan(650);
  await page.emulateMedia({ media: "screen" });
  await page.setViewportSize({ width: 1280, height: 860 });
  await page.goto(full.url);
  await expect(page.locator(".tr[data-id]").first()).toBeVisible();
  await page.emulateMedia({ media: "print" });
  await page.setViewportSize({ width: 700, height: 990 });
  await expect(page.getByRole("columnheader", { name: /Unit-local time/ })).toBeVisible();
  await expect(page.locator(".tr[data-id] .c-pvs").first()).toBeVisible();
});

test("the whole list is printed, by the button and by the keys of the browser", async ({ page, full }) => {
  await page.addInitScript(() => {
    // What is on paper stays, to be looked at.
    window.print = () => document.querySelectorAll(".paper-list").forEach((list) => list.after(list.cloneNode(true)));
  });
  await page.setViewportSize({ width: 1000, height: 320 });
  for (const print of [() => page.getByRole("button", { name: "Print" }).click(), () => page.keyboard.press("Control+p")]) {
    await page.goto(`${full.url}/?kind=waveform`);
    await expect(page.locator(".tr[data-id]").first()).toBeVisible();
    await page.emulateMedia({ media: "print" });
    await expect(page.getByText("Only the rows that were in sight.")).toBeVisible();
    await page.emulateMedia({ media: "screen" });
    await print();
    const list = page.locator(".paper-list");
    await expect(list.locator("tbody tr")).toHaveCount(8);
    await expect(list).toBeHidden();
    await page.emulateMedia({ media: "print" });
    await expect(list).toBeVisible();
    await expect(list.getByRole("caption")).toHaveText("8 events, with kind waveform. ≥ and !: the true peak may be larger");
    await expect(list.getByRole("row", { name: /2026-06-12 14:03:20 BE11529 waveform/ })).toBeVisible();
    await expect(page.locator(".table")).toBeHidden();
    await expect(page.getByText("Only the rows that were in sight.")).toBeHidden();
    await page.emulateMedia({ media: "screen" });
  }
});

test("axe finds nothing on a list of imports, and it names none of the server's folders", async ({ page, full }) => {
  await page.goto(`${full.url}/?view=import`);
  await expect(page.getByRole("row", { name: /1 \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC this page, or a program over HTTP 10 new/ })).toBeVisible();
  expect(await violations(page)).toEqual([]);
});
