// @ts-check
/** What the page of a run says beside its pictures: when, how much, in which unit, and as files. */
import { readFileSync } from "node:fs";
import { expect, target, test } from "../archive.js";
import { violations } from "../axe.js";

/** @typedef {import("@playwright/test").Page} Page */

/** @param {Page} page @param {string} url */
async function opened(page, url) {
  await page.goto(url);
  await expect(page.locator(".strip").first()).toBeVisible();
  // The note above a first, coarse picture moves all that is below it.
  await expect(page.locator(".standing")).toBeHidden();
}

/** @param {Page} page @param {string} selector @param {number} x @param {number} y */
async function hover(page, selector, x, y) {
  const box = await page.locator(selector).first().boundingBox();
  if (!box) throw new Error(`no ${selector}`);
  await page.mouse.move(box.x + x, box.y + y);
}

test("the axis has seconds, UTC or frames, and the address keeps which", async ({ page, run }) => {
  await opened(page, `${run.url}/?stream=1`);
  const range = page.locator(".readout");
  await expect(range).toContainText("from 0.000");
  await page.getByLabel("Axis").selectOption("utc");
  await expect(range).toContainText(/from \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ UTC/);
  await expect(page).toHaveURL(/axis=utc/);
  await page.reload();
  await expect(page.getByLabel("Axis")).toHaveValue("utc");
  await page.getByLabel("Axis").selectOption("frame");
  await expect(range).not.toContainText("from ");
});

test("values are in rad, and in counts when asked for; the colours say from where to where", async ({ page, run }) => {
  await opened(page, `${run.url}/?stream=1`);
  await expect(page.getByText("2¹⁶ counts as 2π rad")).toBeVisible();
  const bar = page.getByRole("img", { name: /^Peak to peak from .* rad, on a logarithmic scale/ });
  await expect(bar).toBeVisible();
  await page.getByLabel("Values").selectOption("count");
  await expect(page.getByRole("img", { name: /^Peak to peak from .* counts/ })).toBeVisible();
  await expect(page).toHaveURL(/unit=count/);
  const channels = page.getByRole("region", { name: "Channels", exact: true });
  await channels.getByText("The same as a table").click();
  await expect(channels.getByRole("row", { name: "3 – −8 192 8 192".replaceAll("8 192", "8\u202f192") })).toBeVisible();
});

test("the pointer shows moment, channel and value, and that frames are missing", async ({ page, run }) => {
  await opened(page, `${run.url}/?stream=1`);
  await hover(page, ".stream-plot", 300, 40);
  await expect(page.locator(".reading.under")).toHaveText(/^[\d.]+ s, frame .*: channel \d+: [\d.]+ rad peak to peak$/);
  await hover(page, ".strips", 300, 60);
  await expect(page.locator(".strip .value").first()).toHaveText(/^[\d.]+ s: −?[\d.]+ to −?[\d.]+ rad$/);
  const box = await page.locator(".strips").boundingBox();
  const width = (box?.width ?? 0) - 72;
  // The 5,000th of 12,000 frames is the first that is missing.
  await hover(page, ".strips", 62 + width * (5_500 / 12_000), 60);
  await expect(page.locator(".strip .value").first()).toHaveText(/missing$/);
  // A pointer that rests goes on to show what is below it.
  await page.getByLabel("Values").selectOption("count");
  await expect(page.locator(".strip .value").first()).toHaveText(/missing$/);
  await hover(page, ".strips", 300, 60);
  await expect(page.locator(".strip .value").first()).toHaveText(/ to .* counts$/);
  await page.getByLabel("Values").selectOption("rad");
  await expect(page.locator(".strip .value").first()).toHaveText(/ to .* rad$/);
  await page.mouse.move(2, 2);
  await expect(page.locator(".strip .value").first()).toHaveText("");
});

test("single frames beside a gap keep their distance from it", async ({ page, run }) => {
  await opened(page, `${run.url}/?stream=1&first=4700&end=5300`);
  await expect(page.locator(".readout")).toContainText("every frame");
  const box = await page.locator(".strips").boundingBox();
  await hover(page, ".strips", 62 + ((box?.width ?? 0) - 72) / 2, 60);
  await expect(page.locator(".strip .value").first()).toHaveText(/missing$/);
});

test("a run of several sections shows the one that is chosen", async ({ page, run }) => {
  await page.route(/\/api\/v1\/streams\/1$/, async (route) => {
    const answer = await route.fetch();
    const facts = await answer.json();
    facts.sections = [{ first: 0, end: 2000, channels: 64 }, { first: 2000, end: 11_000, channels: 64 }];
    await route.fulfill({ response: answer, json: facts });
  });
  // The run itself has one section.
  await page.route(/section=1/, (route) => route.continue({ url: route.request().url().replace("section=1", "section=0") }));
  await opened(page, `${run.url}/?stream=1`);
  await expect(page.locator(".readout")).toContainText(/Frames 2.000 to 10.999/);
  await page.getByLabel("Section").selectOption("0");
  await expect(page.locator(".readout")).toContainText(/Frames 0 to 1.999/);
  await expect(page).toHaveURL(/section=0/);
});

test("spectrum and RMS are of the longest stretch without a gap, as pictures and as a table", async ({ page, run }) => {
  await opened(page, `${run.url}/?stream=1&channels=1,2`);
  await page.getByRole("heading", { name: "Spectrum and RMS" }).click();
  const box = page.getByRole("region", { name: "Spectrum and RMS" });
  await expect(box.getByRole("img", { name: /^Amplitude spectral density of channel 1 in rad\/√Hz .* RMS [\d.]+ rad$/ })).toBeVisible();
  await expect(box.getByText(/^Not of all that is shown: frames are missing: computed from the longest stretch without a gap, frames 5000 to 10999/)).toBeVisible();
  await expect(page).toHaveURL(/spectrum=1/);
  await box.getByText("The same as a table").click();
  await expect(box.getByRole("row")).toHaveCount(3);
  await page.getByRole("application").focus();
  for (let step = 0; step < 2; step += 1) {
    const before = await page.locator(".readout").innerText();
    await page.keyboard.press("+");
    await expect(page.locator(".readout")).not.toHaveText(before);
  }
  await expect(box.getByText(/segments of 256 frames/)).toBeVisible();
});

test("what is shown is taken away as files and as pictures", async ({ page, run, folder }) => {
  await opened(page, `${run.url}/?stream=1&channels=3,5&first=100&end=140`);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "The shown channels and frames as CSV" }).click()]);
  expect(download.suggestedFilename()).toBe("run_100-139.csv");
  await download.saveAs(`${folder}/shown.csv`);
  const lines = readFileSync(`${folder}/shown.csv`, "utf8").trim().split("\n");
  expect(lines.length).toBe(41);
  expect(lines[0]).toContain("data_0 (rad)");
  for (const [name, start] of [["npy", "\x93NUMPY"], ["GNZ", "GN"], ["HDF5", "\x89HDF"], ["Parquet", "PAR1"]]) {
    const answer = await fetch(await target(page.getByRole("link", { name: `The shown channels and frames as ${name}` })));
    expect(answer.status, name).toBe(200);
    expect(Buffer.from(await answer.arrayBuffer()).toString("latin1").startsWith(/** @type {string} */ (start)), name).toBe(true);
  }
  const svg = await (await fetch(await target(page.getByRole("link", { name: "The picture of the shown channels as SVG" })))).text();
  expect(svg).toContain("channel 5");
  const png = await fetch(await target(page.getByRole("link", { name: "The picture of all channels as PNG" })));
  expect(png.headers.get("content-type")).toBe("image/png");
});

test("who looks at the runs sees no form", async ({ page, run }) => {
  await page.goto(`${run.url}/?view=streams`);
  await expect(page.getByRole("link", { name: "run.dat" })).toBeVisible();
  await expect(page.getByRole("form")).toHaveCount(0);
  await page.getByRole("navigation", { name: "Streams" }).getByRole("link", { name: "Recordings" }).click();
  await expect(page.getByRole("form", { name: "Record" })).toBeVisible();
  await expect(page).toHaveURL(/show=recordings/);
});

for (const scheme of /** @type {const} */ (["light", "dark"])) {
  test(`axe finds nothing on a run, ${scheme}`, async ({ page, run }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await opened(page, `${run.url}/?stream=1&spectrum=1`);
    await expect(page.locator(".density svg").first()).toBeVisible();
    expect(await violations(page)).toEqual([]);
  });
}

test("a run is not wider than a phone", async ({ page, run }) => {
  for (const width of [360, 640]) {
    await page.setViewportSize({ width, height: 780 });
    for (const address of ["/?stream=1&spectrum=1", "/?view=streams", "/?view=streams&show=recordings"]) {
      await page.goto(run.url + address);
      await expect(page.locator(address.includes("stream=1") ? ".density svg" : "h1").first()).toBeVisible();
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(over, `${address} at ${width} px`).toBeLessThanOrEqual(0);
    }
  }
});

test("an address that asks for frames that are not there shows the whole run", async ({ page, run }) => {
  for (const query of ["first=x&end=y", "first=9000&end=3", "first=-5&end=99999999", "section=7", "axis=moon&unit=furlong"]) {
    await opened(page, `${run.url}/?stream=1&${query}`);
    await expect(page.locator(".readout"), query).toContainText(/Frames 0 to 10.999/);
  }
});
