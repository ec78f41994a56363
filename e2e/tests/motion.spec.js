// @ts-check
import { expect, importInto, sample, test } from "../archive.js";
import { violations } from "../axe.js";

/** @param {string} url @param {string} file @returns {Promise<number>} */
async function numberOf(url, file) {
  const { events } = await (await fetch(`${url}/api/v1/events?limit=100`)).json();
  return events.find((/** @type {{ filename: string }} */ event) => event.filename === file).id;
}

/** @param {import("@playwright/test").Page} page @param {string} url @param {string} file */
async function open(page, url, file) {
  const id = await numberOf(url, file);
  await page.goto(`${url}/?event=${id}`);
  await expect(page.locator(".uplot").first()).toBeVisible();
  return id;
}

const BLAST = "M529LMOK.DK0W", OVER_RANGE = "M529LN1C.QE0W", QUIET = "M529LKIQ.7M0W", DAMAGED = "M529LNE5.390", NIGHT = "M529LMP3.O00H", MICROMATE = "UM11719_20260714153012.IDFW";

test("the traces show acceleration, displacement and vector sum, and the choice is kept", async ({ page, full }) => {
  await open(page, full.url, BLAST);
  const quantity = page.getByLabel("Quantity");
  const heads = page.locator(".plot-head");
  await expect(heads).toHaveCount(4);
  await quantity.selectOption("Acceleration");
  await expect(heads).toHaveCount(3);
  await expect(heads.nth(1)).toContainText("Vertgpeak acceleration 0.186 g");
  await quantity.selectOption("Displacement");
  await expect(heads.nth(0)).toContainText("peak displacement 0.00232 in · largest of the trace");
  await page.getByLabel("Unit of velocity").selectOption("mm/s");
  await expect(heads.nth(0)).toContainText("peak displacement 0.0589 mm");
  await expect(page.locator(".scale-words")).toContainText("mm");
  await quantity.selectOption("Vector sum");
  await expect(heads).toHaveCount(1);
  await expect(heads).toContainText("PVS 11.86 mm/s at 0.017 s");
  await page.reload();
  await expect(heads).toHaveCount(1);
  await expect(quantity).toHaveValue("vector_sum");
  await quantity.focus();
  await page.keyboard.press("Home");
  await quantity.selectOption("Velocity");
  await expect(heads).toHaveCount(4);
});

test("read-out and table follow the quantity", async ({ page, full }) => {
  const id = await open(page, full.url, BLAST);
  await page.getByLabel("Quantity").selectOption("Acceleration");
  await expect(page.locator(".plot-head")).toHaveCount(3);
  const { channels } = await (await fetch(`${full.url}/api/v1/events/${id}/plot?quantity=acceleration`)).json();
  await page.getByRole("application", { name: "Traces" }).focus();
  await page.keyboard.press("ArrowRight");
  const words = await page.locator(".traces .readout").innerText();
  const index = Number(/between samples (\d+)/.exec(words)?.[1]);
  const value = Number(channels.Vert.samples[index]).toFixed(3).replace("-0.000", "0.000").replace("-", "−");
  expect(words).toContain(`Vert ${value} g`);
  await page.locator(".traces").getByText("The same as a table").click();
  await expect(page.locator(".traces .folded td").first()).toContainText(" g");
});

test("the part of the time is kept when the quantity changes", async ({ page, full }) => {
  await open(page, full.url, BLAST);
  const whole = page.locator(".traces").getByRole("button", { name: "Whole" });
  await page.getByRole("button", { name: "Zoom in", exact: true }).click();
  await expect(whole).toBeEnabled();
  await page.getByLabel("Quantity").selectOption("Displacement");
  await expect(page.locator(".plot-head")).toHaveCount(3);
  await expect(whole).toBeEnabled();
});

test("a histogram has no other quantity and nothing to compare", async ({ page, full }) => {
  await open(page, full.url, NIGHT);
  await expect(page.getByLabel("Quantity")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Compare …" })).toHaveCount(0);
});

test("another event is drawn over the traces, is in the address, and is removed by one click", async ({ page, full }) => {
  const id = await open(page, full.url, BLAST);
  const other = await numberOf(full.url, QUIET);
  await page.getByRole("button", { name: "Compare …" }).click();
  await page.getByLabel("Number of the other event").fill(String(other));
  await page.keyboard.press("Enter");
  const legend = page.locator(".legend");
  await expect(legend).toContainText(`event ${other}: BE`);
  await expect(legend).toContainText("Both begin at their triggers");
  await expect(page.locator(".plot-head").first()).toContainText(`event ${other}: PPV`);
  expect(new URL(page.url()).search).toBe(`?event=${id}&over=${other}`);
  await page.getByRole("application", { name: "Traces" }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(page.locator(".traces .readout")).toContainText(`event ${other}`);
  await page.locator(".traces").getByText("The same as a table").click();
  await expect(page.getByRole("columnheader", { name: `Vert, event ${other}` })).toBeVisible();
  await page.getByLabel("Quantity").selectOption("Vector sum");
  await expect(page.locator(".plot-head").first()).toContainText(`event ${other}: PVS`);
  await page.reload();
  await expect(legend).toContainText(`event ${other}: BE`);
  await page.getByRole("button", { name: `Remove event ${other}` }).click();
  await expect(legend).not.toContainText("event");
  expect(new URL(page.url()).search).toBe(`?event=${id}`);
  await page.getByLabel("Quantity").selectOption("Velocity");
});

test("an event of another unit or rate says so, and its samples are at their own times", async ({ page, full }) => {
  await importInto(full.url, [sample(MICROMATE)]);
  const id = await numberOf(full.url, BLAST), other = await numberOf(full.url, MICROMATE);
  await page.goto(`${full.url}/?event=${id}&over=${other}`);
  const legend = page.locator(".legend");
  await expect(legend).toContainText("The events are of different units, BE11529 and UM11719, whose clocks may differ");
  await expect(legend).not.toContainText("own time");
  // The same samples, as if they had been taken at another rate.
  await page.route(`**/api/v1/events/${other}/plot**`, async (route) => {
    const response = await route.fetch();
    const plot = await response.json();
    Object.assign(plot.time_axis, { rate_hz: 600, dt: 1 / 600 });
    await route.fulfill({ response, json: plot });
  });
  await page.reload();
  await expect(legend).toContainText(`Event ${other} has 600 samples/s and event ${id} 1024 samples/s: each sample is drawn at its own time`);
  await page.getByRole("application", { name: "Traces" }).focus();
  await page.keyboard.press("ArrowRight");
  const readout = page.locator(".traces .readout");
  const [own, theirs] = [/^([\d.]+) s/, new RegExp(`event ${other} at ([\\d.]+) s`)].map((form) => readout.innerText().then((words) => Number(form.exec(words)?.[1])));
  expect(Math.abs(/** @type {number} */ (await own) - /** @type {number} */ (await theirs))).toBeLessThan(0.5 / 600 + 1e-4);
});

test("what cannot be drawn over an event says why", async ({ page, full }) => {
  const id = await open(page, full.url, BLAST);
  await page.getByRole("button", { name: "Compare …" }).click();
  const number = page.getByLabel("Number of the other event");
  const failure = page.locator(".others .failure");
  for (const [text, words] of [[String(id), "over itself"], [String(await numberOf(full.url, NIGHT)), "it has no traces"], ["x", "no number of an event"]]) {
    await number.fill(/** @type {string} */ (text));
    await number.press("Enter");
    await expect(failure).toContainText(/** @type {string} */ (words));
  }
  await page.goto(`${full.url}/?event=${id}&over=zwölf`);
  await expect(failure).toContainText("events have whole numbers");
});

test("the neighbours of the unit and the events of the same blast are offered", async ({ page, full }) => {
  await importInto(full.url, [sample(MICROMATE)]);
  await open(page, full.url, BLAST);
  const [before, after, micromate] = await Promise.all(["M529LKVQ.6S0W", OVER_RANGE, MICROMATE].map((file) => numberOf(full.url, file)));
  await page.getByRole("button", { name: "Compare …" }).click();
  const entry = page.locator(".over-entry");
  await page.getByRole("button", { name: "Previous of BE11529" }).click();
  await expect(entry).toContainText(`event ${before}:`);
  await page.getByRole("button", { name: "Next of BE11529" }).click();
  await expect(entry).toContainText(`event ${after}:`);
  const list = page.locator(".same-blast");
  await page.getByRole("button", { name: "The same blast" }).click();
  await expect(list).toContainText("No event of another unit");
  // As if the other unit had recorded it, too.
  await page.route(/\/events\?kind=waveform/, async (route) => {
    const asked = new URL(route.request().url()).searchParams;
    expect([asked.get("from"), asked.get("to")]).toEqual(["2026-06-12T14:01:20", "2026-06-12T14:05:20"]);
    const { event } = await (await fetch(`${full.url}/api/v1/events/${micromate}`)).json();
    await route.fulfill({ json: { total: 1, limit: 13, offset: 0, events: [event] } });
  });
  await page.getByLabel("Seconds around this event").selectOption("±2 min");
  await list.getByRole("button", { name: `Event ${micromate}: UM11719` }).click();
  await expect(entry).toContainText(`event ${micromate}: UM11719`);
});

test("dragging, buttons and keys zoom the spectra; the pointer reads a line", async ({ page, full }) => {
  await open(page, full.url, BLAST);
  const spectra = page.getByRole("application", { name: "Spectra" });
  const picture = spectra.locator("svg").first();
  await picture.scrollIntoViewIfNeeded();
  const whole = page.getByRole("region", { name: "Spectra" }).getByRole("button", { name: "Whole" });
  await whole.click();
  await expect(whole).toBeDisabled();
  const box = await picture.boundingBox();
  if (!box) throw new Error("no spectrum");
  await page.mouse.move(box.x + 80, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + 160, box.y + 60, { steps: 5 });
  await page.mouse.up();
  await expect(whole).toBeEnabled();
  await spectra.locator("svg").first().hover();
  await expect(page.getByRole("region", { name: "Spectra" }).locator(".readout")).toContainText(/Hz.*Vert .* in\/s/);
  await spectra.focus();
  await page.keyboard.press("Home");
  await expect(whole).toBeDisabled();
  await page.keyboard.press("+");
  await expect(whole).toBeEnabled();
  await page.keyboard.press("Escape");
  await page.keyboard.press("ArrowRight");
  const readout = page.getByRole("region", { name: "Spectra" }).locator(".readout strong");
  const first = Number((await readout.innerText()).replace(" Hz", ""));
  await page.keyboard.press("ArrowRight");
  const second = Number((await readout.innerText()).replace(" Hz", ""));
  expect(second - first).toBeCloseTo(1024 / 3328, 1);
});

test("the spectra have a window, a logarithmic axis and one-third octaves with their numbers", async ({ page, full }) => {
  const id = await open(page, full.url, BLAST);
  const region = page.getByRole("region", { name: "Spectra" });
  await region.getByLabel("Window").selectOption("Hann window");
  await expect(region).toContainText("divided by the coherent gain of the window, 0.5");
  await region.getByLabel("Frequency axis").selectOption("Logarithmic axis");
  await region.getByLabel("Lines or bands").selectOption("One-third octaves");
  await expect(region).toContainText("no levels of a class 1 filter bank");
  await region.getByText("The same as a table").click();
  const { channels } = await (await fetch(`${full.url}/api/v1/events/${id}/spectrum?bands=third_octave`)).json();
  const air = channels.MicL.third_octaves.bands.find((/** @type {{ nominal_hz: number }} */ band) => band.nominal_hz === 12.5);
  const row = region.getByRole("row", { name: "12.5 Hz" });
  await expect(row).toContainText(`${air.level_db.toFixed(1)} dB`);
  await page.getByLabel("Unit of air pressure").selectOption("Pa");
  await expect(row).toContainText(" Pa");
  await page.reload();
  await expect(region.getByLabel("Lines or bands")).toHaveValue("third_octave");
});

test("a spectrum of an event with a gap says so", async ({ page, full }) => {
  await open(page, full.url, DAMAGED);
  await expect(page.getByRole("region", { name: "Spectra" })).toContainText("computed from the longest run without a gap");
});

for (const scheme of /** @type {const} */ (["light", "dark"])) {
  test(`axe finds nothing on quantities, bands and another event, ${scheme}`, async ({ page, full }) => {
    await page.emulateMedia({ colorScheme: scheme });
    const id = await numberOf(full.url, BLAST), other = await numberOf(full.url, QUIET);
    await page.goto(`${full.url}/?event=${id}&over=${other}`);
    await expect(page.locator(".over-entry")).toBeVisible();
    await page.getByRole("button", { name: "Compare …" }).click();
    await page.getByLabel("Quantity").selectOption("Displacement");
    await page.getByLabel("Lines or bands").selectOption("One-third octaves");
    await expect(page.locator(".plot-head")).toHaveCount(3);
    expect(await violations(page)).toEqual([]);
  });
}

test("nothing is wider than a phone", async ({ page, full }) => {
  await page.setViewportSize({ width: 360, height: 780 });
  const id = await numberOf(full.url, BLAST), other = await numberOf(full.url, QUIET);
  await page.goto(`${full.url}/?event=${id}&over=${other}`);
  await expect(page.locator(".over-entry")).toBeVisible();
  await page.getByRole("button", { name: "Compare …" }).click();
  await expect(page.locator(".spectrum svg").first()).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
});
