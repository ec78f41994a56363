// @ts-check
import { expect, pinch, swipe, target, test } from "../archive.js";
import { violations } from "../axe.js";

/** @param {import("@playwright/test").Page} page @param {string} url @param {string} file */
async function open(page, url, file) {
  const { events } = await (await fetch(`${url}/api/v1/events?limit=100`)).json();
  const id = events.find((/** @type {{ filename: string }} */ event) => event.filename === file).id;
  await page.goto(`${url}/?event=${id}`);
  await expect(page.locator(".uplot").first()).toBeVisible();
  return id;
}

test("dragging zooms all channels; double-click and Home show the whole", async ({ page, full }) => {
  await open(page, full.url, "M529LMOK.DK0W");
  const plot = page.locator(".u-over").first();
  const whole = page.locator(".traces").getByRole("button", { name: "Whole" });
  await expect(whole).toBeDisabled();
  const box = await plot.boundingBox();
  if (!box) throw new Error("no plot");
  const drag = async () => {
    await page.mouse.move(box.x + box.width * 0.05, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.15, box.y + 40, { steps: 5 });
    await page.mouse.up();
    await expect(whole).toBeEnabled();
  };
  await drag();
  await plot.dblclick();
  await expect(whole).toBeDisabled();
  await drag();
  await page.getByRole("application", { name: "Traces" }).focus();
  await page.keyboard.press("Home");
  await expect(whole).toBeDisabled();
  await plot.hover();
  await page.mouse.wheel(0, -300);
  await expect(whole).toBeEnabled();
});

test("the cursor reads the exact sample, also by keyboard", async ({ page, full }) => {
  const id = await open(page, full.url, "M529LMOK.DK0W");
  const { channels } = await (await fetch(`${full.url}/api/v1/events/${id}/plot`)).json();
  await page.getByRole("application", { name: "Traces" }).focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  const words = await page.locator(".traces .readout").innerText();
  const index = Number(/sample (\d+)/.exec(words)?.[1]);
  expect(index).toBeGreaterThan(0);
  await page.keyboard.press("ArrowRight");
  await expect(page.locator(".traces .readout")).toContainText(`sample ${index + 1}`);
  const value = Number(channels.Tran.samples[index + 1]).toFixed(3).replace("-0.000", "0.000").replace("-", "−");
  await expect(page.locator(".traces .readout")).toContainText(`Tran ${value} in/s`);
});

test("the mouse reads the sample that it is nearest to", async ({ page, full }) => {
  const id = await open(page, full.url, "M529LMOK.DK0W");
  const { time_axis } = await (await fetch(`${full.url}/api/v1/events/${id}/plot`)).json();
  await page.getByRole("application", { name: "Traces" }).focus();
  for (let step = 0; step < 8; step += 1) await page.keyboard.press("+");
  await expect(page.locator(".traces").getByRole("button", { name: "Whole" })).toBeEnabled();
  const box = await page.locator(".u-over").first().boundingBox();
  if (!box) throw new Error("no plot");
  // A quarter of what is shown, which is a 256th of the event around its middle.
  await page.mouse.move(box.x + box.width / 4, box.y + 30);
  const whole = time_axis.n - 1;
  await expect(page.locator(".traces .readout")).toContainText(`sample ${Math.round(whole / 2 - whole / 256 / 4)}`);
});

test("missing samples are a gap with words", async ({ page, full }) => {
  await open(page, full.url, "M529LNE5.390");
  await expect(page.getByText("Vert: a segment could not be read to its end")).toBeVisible();
  await expect(page.getByText("510, shown as gaps")).toBeVisible();
  await page.getByText("The same as a table").first().click();
  await expect(page.getByRole("cell", { name: "missing", exact: true }).first()).toBeVisible();
  await expect(page.getByText("geophone range normal (10 in/s): the file does not state it")).toBeVisible();
});

test("a gap is hatched in its own channel alone", async ({ page, full }) => {
  await open(page, full.url, "M529LNE5.390");
  const red = (/** @type {string} */ channel) => page.locator(`.plot[data-channel="${channel}"] canvas`).evaluate((canvas) => {
    const drawn = /** @type {HTMLCanvasElement} */ (canvas);
    const { data } = /** @type {CanvasRenderingContext2D} */ (drawn.getContext("2d")).getImageData(0, 0, drawn.width, drawn.height);
    let found = 0;
    for (let at = 0; at < data.length; at += 4) if ((data[at] ?? 0) > (data[at + 1] ?? 0) + 60 && Math.abs((data[at + 1] ?? 0) - (data[at + 2] ?? 0)) < 30) found += 1;
    return found;
  });
  expect(await red("Vert")).toBeGreaterThan(500);
  expect(await red("Tran")).toBe(0);
});

test("curves are chosen, and the verdict is in words with its margin", async ({ page, full }) => {
  await open(page, full.url, "M529LMOK.DK0W");
  await expect(page.locator(".outcome")).toHaveText(/Within the limit/);
  await expect(page.getByText("67.2 % below the limit", { exact: true })).toBeVisible();
  await page.getByLabel("Limit curve").selectOption("din-3");
  await expect(page.locator(".outcome")).toHaveText(/Exceeds the limit/);
  await expect(page.getByText(/% above the limit/).first()).toBeVisible();
  await expect(page.getByText(/Provisional/)).toBeVisible();
  await expect(page.getByRole("link", { name: "Report PDF" })).toHaveAttribute("href", /curve=din-3/);
  await page.getByLabel("Limit curve").selectOption("osmre-distance");
  await expect(page.locator(".outcome")).toHaveText(/No verdict/);
  await page.getByLabel("Distance to the blast in feet").fill("400");
  await page.getByLabel("Distance to the blast in feet").press("Enter");
  await expect(page.locator(".outcome")).toHaveText(/Within the limit/);
});

test("the verdict is of the curve that was chosen last, in whatever order the answers come", async ({ page, full }) => {
  await open(page, full.url, "M529LMOK.DK0W");
  await expect(page.locator(".outcome")).toHaveText(/Within the limit/);
  let release = () => {};
  /** @type {Promise<void>} */
  const held = new Promise((done) => { release = done; });
  await page.route(/verdict\?.*curve=din-3/, async (route) => { await held; await route.continue(); });
  await page.getByLabel("Limit curve").selectOption("din-3");
  await page.getByLabel("Limit curve").selectOption("usbm-plaster");
  const curve = page.locator(".verdict dd").first();
  await expect(curve).toHaveText("USBM RI 8507, plaster");
  const late = page.waitForResponse(/curve=din-3/);
  release();
  await (await late).finished();
  await page.waitForTimeout(300);
  await expect(curve).toHaveText("USBM RI 8507, plaster");
  await expect(page.locator(".outcome")).toHaveText(/Within the limit/);
});

test("the plot of the limits is a table too", async ({ page, full }) => {
  await open(page, full.url, "M529LMOK.DK0W");
  const limits = page.getByRole("region", { name: "Limits" });
  await limits.getByText("The same as a table").click();
  await expect(limits.getByRole("row", { name: "Vert 28 0.410" })).toBeVisible();
  await expect(limits.getByRole("row", { name: "100 2.000" })).toBeVisible();
});

test("a histogram shows intervals with their unit-local times", async ({ page, full }) => {
  await open(page, full.url, "M529LMP3.O00H");
  await expect(page.getByRole("heading", { name: "Intervals" })).toBeVisible();
  await page.getByRole("application", { name: "Bars" }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(page.locator(".traces .readout")).toContainText(/Interval \d+ from 2026-06-1[23] \d\d:\d\d:00 \(unit-local\)/);
  await expect(page.getByText("microphone 60 to 110 dB(L)")).toBeVisible();
});

test("quiet axes keep their floor", async ({ page, full }) => {
  await open(page, full.url, "M529LKIQ.7M0W");
  await expect(page.getByText("geophones ±0.05 in/s")).toBeVisible();
});

test("both kinds of time are said as what they are", async ({ page, full }) => {
  await open(page, full.url, "M529LMOK.DK0W");
  const facts = page.getByRole("region", { name: "Facts" });
  await expect(facts).toContainText("2026-06-12 14:03:20 unit-local time, no zone");
  await expect(facts).toContainText(/Imported\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
  await expect(facts.locator(".hash")).toHaveText(/^[0-9a-f]{64}$/);
});

test("report and table come with one click", async ({ page, full }) => {
  await open(page, full.url, "M529LMOK.DK0W");
  for (const [name, kind] of [["Report PDF", "application/pdf"], ["CSV", "text/csv"], ["File", "application/octet-stream"]]) {
    const answer = await fetch(await target(page.getByRole("link", { name: /** @type {string} */ (name), exact: true })));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toContain(kind);
  }
});

test("two fingers zoom all channels, one moves them, a tap reads the sample", async ({ page, full }) => {
  await open(page, full.url, "M529LMOK.DK0W");
  const whole = page.locator(".traces").getByRole("button", { name: "Whole" });
  await expect(whole).toBeDisabled();
  await pinch(page, ".u-over", 60, 240);
  await expect(whole).toBeEnabled();
  await swipe(page, ".u-over", 0);
  const before = await page.locator(".traces .readout").innerText();
  expect(before).toContain("sample");
  await swipe(page, ".u-over", -100);
  await swipe(page, ".u-over", 0);
  await expect(page.locator(".traces .readout")).not.toHaveText(before);
});

test("traces are drawn in one scale or each in its own", async ({ page, full }) => {
  await open(page, full.url, "M529LMOK.DK0W");
  await expect(page.getByText(/geophones ±0\.5 in\/s, microphone ±/)).toBeVisible();
  await page.getByLabel("Scale").selectOption("own");
  await expect(page.getByText("each channel has its own scale")).toBeVisible();
});

test("spectra name their dominant frequencies, also as a table", async ({ page, full }) => {
  await open(page, full.url, "M529LMOK.DK0W");
  const spectra = page.getByRole("region", { name: "Spectra" });
  await expect(spectra.getByRole("img", { name: /Spectrum of Vert: dominant at 32\.00 Hz/ })).toBeVisible();
  await spectra.getByText("The same as a table").click();
  await expect(spectra.getByRole("row", { name: /^Dominant .* at 32\.00 Hz/ })).toBeVisible();
});

test("the sensor check shows what the report states, and a response where frequency and ratio are stated", async ({ page, full }) => {
  await open(page, full.url, "M529LMOK.DK0W");
  const table = page.getByRole("table", { name: "Sensor check" });
  await expect(table.getByRole("row", { name: /^Tran/ })).toContainText(/Passed\s*7\.4\s*3\.7/);
  await expect(table.getByRole("img", { name: "A response of 7.4 Hz with ratio 3.7" })).toHaveCount(3);
  await expect(table.getByRole("row", { name: /^MicL/ })).toContainText("533");
  expect(await violations(page)).toEqual([]);
  await open(page, full.url, "M529LKIQ.7M0W");
  await expect(page.getByText("Sensor check")).toHaveCount(0);
});
