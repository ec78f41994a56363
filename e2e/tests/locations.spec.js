// @ts-check
import { execFileSync } from "node:child_process";
import { addToken, expect, serve, test } from "../archive.js";
import { violations } from "../axe.js";

const SITE = Buffer.from("<svg xmlns='http://www.w3.org/2000/svg' width='120' height='60'><rect width='120' height='60' fill='#eee'/><script>alert(1)</script></svg>");
const WALL = "Garden wall, 12 Mill Lane";

/** @param {string} url @param {unknown} level */
const setLevel = (url, level) => fetch(`${url}/api/v1/levels`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(level) });

/** @param {string} url */
const setSite = (url) => fetch(`${url}/api/v1/plans?name=site.svg`, { method: "PUT", headers: { "content-type": "application/octet-stream" }, body: SITE });

/** @param {string} url */
const places = async (url) => (await (await fetch(`${url}/api/v1/plans`)).json()).plans[0]?.places ?? [];

test("the list of locations has the latest verdict, and leads to each", async ({ page, full }) => {
  await setLevel(full.url, { for: {}, ground: { curve: "din-3" } });
  await page.goto(`${full.url}/?view=locations`);
  await expect(page.getByText("3 locations")).toBeVisible();
  const row = page.getByRole("row", { name: new RegExp(WALL) });
  await expect(row.getByText("exceeds")).toBeVisible();
  await row.getByRole("link", { name: WALL }).click();
  await expect(page.getByRole("heading", { level: 1, name: WALL })).toBeVisible();
  await expect(page.getByRole("region", { name: "Levels" }).getByText("DIN 4150-3 line 3")).toBeVisible();
  await expect(page.getByRole("region", { name: "Latest events" }).getByRole("link", { name: /2026-06-12/ })).toBeVisible();
});

test("the side bar of the events leads to the locations and the units", async ({ page, full }) => {
  await page.goto(full.url);
  await page.getByRole("link", { name: /^All locations/ }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Locations" })).toBeVisible();
  await page.goBack();
  await page.getByRole("link", { name: /^All units/ }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Units" })).toBeVisible();
});

test("a day is read by the keyboard, and opens its events", async ({ page, full }) => {
  await page.goto(`${full.url}/?view=location&serial=BE11529`);
  const chart = page.getByRole("group", { name: /^PPV of each day/ });
  await chart.focus();
  await page.keyboard.press("Home");
  const readout = page.getByRole("region", { name: "PPV of each day" }).getByRole("status");
  await expect(readout).toContainText("2026-04-01");
  await page.keyboard.press("ArrowRight");
  await expect(readout).toContainText("2026-05-01");
  await expect(readout).toContainText("0.030 in/s");
  await expect(readout).toContainText("monitored: not known");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Events" })).toBeVisible();
  expect(new URL(page.url()).searchParams.get("from")).toBe("2026-05-01");
});

test("the table has what the chart has, in the reader's unit", async ({ page, full }) => {
  await page.goto(`${full.url}/?view=location&location=${encodeURIComponent(WALL)}`);
  await page.getByText(/^The days as a table/).click();
  const row = page.getByRole("row", { name: /^2026-06-12/ }).last();
  await expect(row).toContainText("0.410");
  await page.getByLabel("Unit of velocity").selectOption("mm/s");
  await expect(page.getByRole("row", { name: /^2026-06-12/ }).last()).toContainText("10.41");
});

test("an archive without a plan says what to do, and a picture becomes one", async ({ page, full }) => {
  await page.goto(`${full.url}/?view=locations`);
  await expect(page.getByText("No plan yet")).toBeVisible();
  await page.locator("input[type=file]").setInputFiles({ name: "site.svg", mimeType: "image/svg+xml", buffer: SITE });
  await expect(page.getByRole("img", { name: "Plan of the archive" })).toBeVisible();
  await expect(page.getByText(/^site.svg, set by/)).toBeVisible();
  const width = () => page.getByRole("img", { name: "Plan of the archive" }).evaluate((image) => /** @type {HTMLImageElement} */ (image).naturalWidth);
  await expect.poll(width).toBe(3000);
});

test("a file that is no picture is refused with the reason", async ({ page, full }) => {
  await page.goto(`${full.url}/?view=locations`);
  await expect(page.getByText("No plan yet")).toBeVisible();
  const refused = page.waitForResponse((answer) => answer.request().method() === "PUT");
  await page.route("**/api/v1/plans?*", async (route) => {
    // The browser itself would complain of the status in its console.
    const answer = await route.fetch();
    expect(answer.status()).toBe(422);
    await route.fulfill({ response: answer });
  });
  page.removeAllListeners("console");
  await page.locator("input[type=file]").setInputFiles({ name: "x.gif", mimeType: "image/gif", buffer: Buffer.from("GIF89a") });
  await refused;
  await expect(page.locator(".toast.bad")).toContainText("PNG, JPEG or SVG");
});

test("a location is placed by a click, moved by arrow keys and by dragging, and put back", async ({ page, full }) => {
  await setSite(full.url);
  await page.goto(`${full.url}/?view=locations`);
  await page.getByRole("button", { name: "Place locations" }).click();
  await page.getByRole("button", { name: WALL, exact: true }).click();
  const picture = page.getByRole("img", { name: "Plan of the archive" });
  const box = await picture.boundingBox();
  if (!box) throw new Error("no picture");
  await picture.click({ position: { x: box.width / 2, y: box.height / 4 } });
  const pin = page.locator("button.pin", { hasText: WALL });
  await expect(pin).toBeAttached();
  await expect.poll(async () => (await places(full.url))[0]?.y).toBeCloseTo(0.25, 1);
  await pin.focus();
  await page.keyboard.press("Shift+ArrowRight");
  await page.keyboard.press("ArrowDown");
  await expect.poll(async () => (await places(full.url))[0]?.x).toBeCloseTo(0.55, 2);
  await expect(pin).toBeFocused();
  const point = await pin.locator(".pin-point").boundingBox();
  if (!point) throw new Error("no point");
  await page.mouse.move(point.x + 6, point.y + 6);
  await page.mouse.down();
  await page.mouse.move(point.x - box.width / 4, point.y + 6, { steps: 4 });
  await page.mouse.up();
  await expect.poll(async () => (await places(full.url))[0]?.x).toBeLessThan(0.4);
  await page.getByRole("button", { name: "Undo" }).last().click();
  await expect.poll(async () => (await places(full.url))[0]?.x).toBeCloseTo(0.55, 2);
  await pin.focus();
  await page.keyboard.press("Delete");
  await expect.poll(async () => (await places(full.url)).length).toBe(0);
});

test("a place on the plan opens its location", async ({ page, full }) => {
  await setSite(full.url);
  await fetch(`${full.url}/api/v1/plans/places`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ location: WALL, place: [0.5, 0.5] }) });
  await page.goto(`${full.url}/?view=locations`);
  await page.locator(".plan-sheet").getByRole("link", { name: new RegExp(WALL) }).click();
  await expect(page.getByRole("heading", { level: 1, name: WALL })).toBeVisible();
});

test("a token that may only read sees the plan and no tools", async ({ page, folder }) => {
  execFileSync(/** @type {string} */ (process.env["WAVEKEEP_BIN"]), ["import", "--archive", folder, "../samples/M529LMOK.DK0W", "../samples/M529LMOK_DK0W_ASCII.TXT"]);
  const token = addToken(folder, "client", "read");
  const server = await serve(folder);
  await page.setExtraHTTPHeaders({ authorization: `Bearer ${token}` });
  await page.goto(`${server.url}/?view=locations`);
  await expect(page.getByText("Users with the role review set a picture")).toBeVisible();
  await expect(page.getByRole("button", { name: /Set a picture/ })).toHaveCount(0);
  await page.goto("about:blank");
  await server.end();
});

for (const scheme of /** @type {const} */ (["light", "dark"])) {
  test(`axe finds nothing on locations, ${scheme}`, async ({ page, full }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await setLevel(full.url, { for: {}, ground: { curve: "din-3" }, air: { curve: "nbr-9653-air" } });
    await setSite(full.url);
    await fetch(`${full.url}/api/v1/plans/places`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ location: WALL, place: [0.5, 0.5] }) });
    for (const [address, ready] of [["/?view=locations", ".pin"], [`/?view=location&location=${encodeURIComponent(WALL)}`, ".mark"], ["/?view=location&location=Nowhere", ".empty"]]) {
      await page.goto(full.url + address);
      await expect(page.locator(/** @type {string} */ (ready)).first()).toBeVisible();
      expect(await violations(page), `${address} in ${scheme}`).toEqual([]);
    }
    await page.goto(`${full.url}/?view=locations`);
    await page.getByRole("button", { name: "Place locations" }).click();
    await expect(page.locator("button.pin")).toBeAttached();
    expect(await violations(page)).toEqual([]);
  });
}

test("on a phone the tabs stand in one line, and nothing is wider than the screen", async ({ page, full }) => {
  await setSite(full.url);
  for (const width of [360, 390]) {
    await page.setViewportSize({ width, height: 844 });
    for (const [address, ready] of [["/", ".tr[data-id]"], ["/?view=locations", ".plan-sheet img"], ["/?view=location&serial=BE11529", ".mark"], ["/?view=units", "tbody"], ["/?view=unit&serial=BE11529&to=2026-06-30", ".lane"]]) {
      await page.goto(full.url + address);
      await expect(page.locator(/** @type {string} */ (ready)).first()).toBeVisible();
      const tops = await page.locator("#nav > *").evaluateAll((all) => all.map((one) => one.getBoundingClientRect()).map((box) => box.top + box.height / 2));
      expect(Math.max(...tops) - Math.min(...tops), address).toBeLessThan(8);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), `${address} at ${width} px`).toBeLessThanOrEqual(0);
    }
  }
  await page.getByText("More", { exact: true }).click();
  await page.getByRole("link", { name: "Levels" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Alarm levels" })).toBeVisible();
});
