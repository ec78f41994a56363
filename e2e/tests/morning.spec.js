// @ts-check
/** The consultant's morning: what exceeded, what is no event, what was typed wrongly, which limits apply. */
import { addToken, eventsOf, expect, importInto, sample, samples, serve, test } from "../archive.js";
import { violations } from "../axe.js";

/** @typedef {import("@playwright/test").Page} Page */

const BLAST = [sample("M529LMOK.DK0W"), sample("M529LMOK_DK0W_ASCII.TXT")];

/** @param {string} url @param {unknown} level @param {Record<string, string>} [headers] */
async function setLevel(url, level, headers = {}) {
  const answer = await fetch(`${url}/api/v1/levels`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(level) });
  expect(answer.status, await answer.clone().text()).toBe(200);
}

/** Waits until every event is judged. @param {string} url */
const judged = (url) => expect.poll(async () => (await eventsOf(url)).filter((event) => event.verdict === null).length).toBe(0);

/** The row of an event. @param {Page} page @param {string | RegExp} name */
const row = (page, name) => page.getByRole("row", { name: typeof name === "string" ? new RegExp(name) : name });

test("events that come in are judged while the list is open, and the worst are found at once", async ({ page, empty }) => {
  await setLevel(empty.url, { for: {}, ground: { curve: "din-3" }, air: { curve: "nbr-9653-air" }, reason: "permit 7" });
  await page.goto(empty.url);
  await expect(page.getByText("Live updates: on")).toBeAttached();
  await importInto(empty.url, BLAST);
  const blast = row(page, "2026-06-12 14:03:20");
  await expect(blast).toContainText("▲ exceeds");
  await expect(blast).toContainText("+98 %");
  await expect(blast.locator(".c-hz")).toHaveText("28");
  await importInto(empty.url, samples);
  await expect(page.locator(".verdict-badge.within").first()).toBeVisible();
  await judged(empty.url);
  const exceeding = (await eventsOf(empty.url, "verdict=exceeds")).length;
  await page.getByRole("button", { name: "Exceeds", exact: true }).click();
  await expect(page).toHaveURL(/verdict=exceeds/);
  await expect(page.locator(".total")).toHaveText(`${exceeding} events matching the filters`);
  await page.getByRole("button", { name: "No verdict" }).click();
  await expect(page).toHaveURL(/verdict=exceeds%2Cno_verdict/);
  await page.getByRole("button", { name: "Verdict", exact: true }).click();
  await expect(page.getByRole("columnheader", { name: /^Verdict/ })).toHaveAttribute("aria-sort", "ascending");
  await expect(page.locator(".tr[data-id]").first()).toContainText("▲ exceeds");
  const worst = (await eventsOf(empty.url, "verdict=exceeds,no_verdict&sort=margin"))[0];
  await expect(page.locator(".tr[data-id]").first()).toHaveAttribute("data-id", String(worst.id));
});

test("states are chosen with one click, and every choice is in the address", async ({ page, full }) => {
  const all = await eventsOf(full.url);
  const cases = /** @type {const} */ ([
    ["Damaged", /damaged=true/, all.filter((event) => event.damaged)],
    ["Saturated", /saturated=true/, all.filter((event) => JSON.stringify(event.flags).includes("saturated"))],
    ["No report", /has_report=false/, all.filter((event) => !event.has_report)],
    ["New since yesterday", /imported_since=yesterday/, all],
  ]);
  for (const [name, address, expected] of cases) {
    await page.goto(full.url);
    await page.getByRole("button", { name }).click();
    await expect(page).toHaveURL(address);
    await expect(page.locator(".total")).toHaveText(`${expected.length} ${expected.length === 1 ? "event" : "events"} matching the filters`);
    await expect(page.getByRole("button", { name })).toHaveAttribute("aria-pressed", "true");
    await page.getByRole("button", { name }).click();
    await expect(page).not.toHaveURL(address);
  }
});

test("the side has locations, what has no project, and streams apart", async ({ page, full }) => {
  await page.goto(full.url);
  const side = page.getByRole("complementary");
  await side.getByRole("link", { name: /Crusher foundation/ }).click();
  await expect(page).toHaveURL(/location=Crusher/);
  await expect(page.getByText("1 event matching the filters")).toBeVisible();
  await page.getByRole("button", { name: "Clear" }).click();
  await side.getByRole("link", { name: /without project/ }).click();
  await expect(page).toHaveURL(/without=project/);
  const without = (await eventsOf(full.url)).filter((event) => event.project === null).length;
  await expect(page.getByText(`${without} events matching the filters`)).toBeVisible();
  await expect(side.getByRole("link", { name: /without project/ })).toHaveAttribute("aria-current", "true");
  await side.getByRole("link", { name: /Quarry extension/ }).click();
  await expect(page).not.toHaveURL(/without/);
});

test("a link of the side that is being clicked while counts change leads where it should", async ({ page, full }) => {
  await page.goto(full.url);
  const link = page.getByRole("complementary").getByRole("link", { name: /Crusher foundation/ });
  await link.focus();
  await link.hover();
  await page.mouse.down();
  const before = await link.getAttribute("title");
  const [{ id }] = await eventsOf(full.url, "location=Crusher foundation");
  await fetch(`${full.url}/api/v1/events/${id}/review`, { method: "PATCH", headers: { "content-type": "application/json" }, body: JSON.stringify({ false_trigger: true }) });
  await expect(link).not.toHaveAttribute("title", before ?? "");
  await expect(link).toBeFocused();
  await page.mouse.up();
  await expect(page).toHaveURL(/location=Crusher/);
});

test("runs of streams are a block of their own beside the list", async ({ page, run }) => {
  await page.goto(run.url);
  const streams = page.locator(".side details", { hasText: "Streams" });
  await expect(streams.getByRole("link", { name: /crate1/ })).toBeVisible();
  await expect(page.locator(".side details", { hasText: "Units" })).toHaveCount(0);
  await streams.getByRole("link", { name: /crate1/ }).click();
  await expect(page).toHaveURL(/kind=stream/);
});

test("false triggers are ticked with the mouse, reviewed as one and undone as one", async ({ page, full }) => {
  await page.goto(full.url);
  await row(page, "2026-06-26").getByRole("checkbox").click();
  await row(page, "2026-06-12 14:03:20").getByRole("checkbox").click({ modifiers: ["Shift"] });
  const bar = page.getByRole("region", { name: "Ticked events" });
  await expect(bar).toContainText("4 events ticked");
  await expect(page.locator("#polite")).toHaveText("4 events ticked");
  await row(page, "2026-06-19").getByRole("checkbox").click();
  await expect(bar).toContainText("3 events ticked");
  await expect(page).toHaveURL(/\/$/);
  await bar.getByRole("button", { name: /False trigger/ }).click();
  await expect(page.locator("#polite")).toHaveText("3 events: false trigger");
  await expect(page.locator(".tr.false-trigger")).toHaveCount(3);
  await expect(bar).toBeHidden();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.locator("#polite")).toHaveText("3 events: undone");
  await expect(page.locator(".tr.false-trigger")).toHaveCount(0);
  expect((await eventsOf(full.url)).every((event) => event.reviewed_at === null)).toBe(true);
});

test("events are ticked and reviewed without the mouse", async ({ page, full }) => {
  await page.goto(full.url);
  await row(page, "2026-06-26").focus();
  await page.keyboard.press("Space");
  await expect(page.locator(".bulk strong")).toHaveText("1 event ticked");
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Shift+ArrowDown");
  await expect(page.locator(".bulk strong")).toHaveText("3 events ticked");
  await page.keyboard.press("x");
  await expect(page.locator(".bulk strong")).toHaveText("2 events ticked");
  await page.keyboard.press("Escape");
  await expect(page.locator(".bulk")).toBeHidden();
  await page.keyboard.press("x");
  await page.keyboard.press("r");
  await expect(page.locator("#polite")).toHaveText("1 event: reviewed as real");
  await expect(page.getByText("reviewed", { exact: true })).toHaveCount(1);
  await page.keyboard.press("u");
  await expect(page.locator("#polite")).toHaveText("1 event: undone");
  await expect(page.getByText("reviewed", { exact: true })).toHaveCount(0);
});

test("all events in sight or all that match are ticked, noted and corrected", async ({ page, full }) => {
  await page.setViewportSize({ width: 1280, height: 420 });
  await page.goto(`${full.url}/?serial=BE11529`);
  await expect(page.locator(".total")).toHaveText("7 events matching the filters");
  await page.getByRole("checkbox", { name: "Tick the events in sight" }).check();
  const seen = Number((await page.locator(".bulk strong").innerText()).split(" ")[0]);
  expect(seen).toBeGreaterThan(0);
  expect(seen).toBeLessThan(7);
  await page.getByRole("button", { name: "Tick all 7" }).click();
  await expect(page.locator(".bulk strong")).toHaveText("7 events ticked");
  await page.getByRole("button", { name: "Correct …" }).click();
  const form = page.getByRole("dialog", { name: "Correct 7 events" });
  await form.getByRole("button", { name: "Correct" }).click();
  await expect(form.getByText("Nothing was changed.")).toBeVisible();
  await form.getByLabel("Project", { exact: true }).fill("Quarry 4");
  await form.getByLabel("Client: what to do").selectOption("none");
  await form.getByRole("button", { name: "Correct" }).click();
  await expect(form).toHaveCount(0);
  await expect(page.locator("#polite")).toHaveText("7 events: corrected");
  await expect(page.getByRole("complementary").getByRole("link", { name: /Quarry 4/ })).toContainText("7");
  const corrected = await eventsOf(full.url, "serial=BE11529");
  expect(corrected.every((event) => event.project === "Quarry 4" && event.client === null && event.reviewed_at === null)).toBe(true);
  await page.getByRole("checkbox", { name: "Tick the events in sight" }).check();
  await page.getByRole("button", { name: "Note …" }).click();
  await page.getByRole("dialog").getByLabel("Note", { exact: true }).fill("seen together");
  await page.getByRole("button", { name: "Save" }).click();
  await expect.poll(async () => (await eventsOf(full.url, "text=seen together")).length).toBe(seen);
});

test("an event that was changed since is named when the review of several is undone", async ({ page, full }) => {
  await page.goto(full.url);
  await row(page, "2026-06-26").getByRole("checkbox").click();
  await row(page, "2026-06-19").getByRole("checkbox").click();
  await page.keyboard.press("f");
  await expect(page.locator(".tr.false-trigger")).toHaveCount(2);
  const [{ id }] = await eventsOf(full.url, "from=2026-06-26");
  await fetch(`${full.url}/api/v1/events/${id}/review`, { method: "PATCH", headers: { "content-type": "application/json" }, body: JSON.stringify({ notes: "by another person" }) });
  await page.keyboard.press("u");
  await expect(page.getByText("1 event not undone", { exact: true })).toBeVisible();
  await expect(page.locator(".tr.false-trigger")).toHaveCount(1);
});

for (const [width, height] of /** @type {const} */ ([[1440, 900], [1024, 768]])) {
  test(`verdict, peaks and traces are above the fold at ${width} × ${height}`, async ({ page, full }) => {
    await setLevel(full.url, { for: {}, air: { curve: "nbr-9653-air" }, reason: "the state" });
    await setLevel(full.url, { for: { project: "Quarry extension, phase 2" }, from: "2026-05-01", ground: { curve: "din-3", warning_percent: 70 }, reason: "permit 7" });
    await judged(full.url);
    const [{ id }] = await eventsOf(full.url, "text=M529LMOK");
    await page.setViewportSize({ width, height });
    await page.goto(`${full.url}/?event=${id}`);
    const verdict = page.getByRole("region", { name: "Verdict" });
    await expect(verdict).toContainText(/Ground▲ exceeds.*at 28 Hz · limit .* · 98 % above the limit.*for project “Quarry extension, phase 2”, from 2026-05-01 · set by .* on \d{4}-\d\d-\d\d: permit 7/);
    await expect(verdict).toContainText(/Air✓ within.*below the limit.*for the whole archive, always.*: the state/);
    await expect(page.locator(".uplot").nth(2)).toBeVisible();
    for (const seen of [verdict, page.getByRole("table", { name: "Peaks of the geophones" }), page.locator(".uplot").nth(2)]) {
      const box = await seen.boundingBox();
      expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(height);
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  });
}

test("without a verdict the reason is there, and without a level the way to one", async ({ page, full }) => {
  const [{ id }] = await eventsOf(full.url, "text=M529LKIQ");
  await page.goto(`${full.url}/?event=${id}`);
  const verdict = page.getByRole("region", { name: "Verdict" });
  await expect(verdict).toContainText("No alarm level applies to this event.");
  await setLevel(full.url, { for: {}, ground: { curve: "din-2" } });
  await expect(verdict).toContainText("? no verdict");
  await expect(verdict).toContainText("No verdict: the range of the geophones is assumed");
  await expect(verdict).toContainText("Airno alarm level applies");
});

test("levels are set on the page, the verdicts follow, and a level is ended", async ({ browser, full }) => {
  // A page of its own: a refused request is written to the console.
  const page = await browser.newPage();
  await page.goto(`${full.url}/?view=levels`);
  await expect(page.getByText("No alarm level is in force")).toBeVisible();
  await page.getByRole("button", { name: "Set a level …" }).first().click();
  const form = page.getByRole("dialog", { name: "Set an alarm level" });
  await form.getByRole("button", { name: "Set the level" }).click();
  await expect(form.getByLabel("Ground")).toHaveAttribute("aria-invalid", "true");
  await expect(form.getByLabel("Ground")).toBeFocused();
  await form.getByLabel("Ground").selectOption("din-3");
  await form.getByLabel("Hours of the day").fill("22-6");
  await form.getByRole("button", { name: "Set the level" }).click();
  await expect(form.getByText(/22:00-06:00/).first()).toBeVisible();
  await expect(form.getByLabel("Hours of the day")).toBeFocused();
  await form.getByLabel("Hours of the day").fill("");
  await form.getByLabel("Air").fill("130");
  await form.getByLabel("Warns from").fill("70");
  await form.getByLabel("Reason").fill("permit 7");
  await form.getByRole("button", { name: "Set the level" }).click();
  await expect(form).toHaveCount(0);
  const now = page.getByRole("region", { name: "Levels in force" });
  await expect(now.getByRole("row", { name: /the whole archive DIN 4150-3 line 3.* warns from 70 % 130 dB\(L\), warns from 70 % always .* permit 7/ })).toBeVisible();
  await expect.poll(async () => (await eventsOf(full.url, "verdict=exceeds")).length).toBeGreaterThan(0);
  await page.getByRole("link", { name: "Events", exact: true }).click();
  await expect(row(page, "2026-06-12 14:03:20")).toContainText("▲ exceeds");
  await page.getByRole("link", { name: "Levels", exact: true }).click();
  await page.getByRole("button", { name: /^End/ }).click();
  await page.getByRole("dialog").getByLabel("Reason").fill("the blasting is over");
  await page.getByRole("button", { name: "End the level" }).click();
  await expect(page.getByText("No alarm level is in force")).toBeVisible();
  await expect(page.getByRole("region", { name: "History" }).getByRole("row", { name: /ends ends .* the blasting is over/ })).toBeVisible();
  await expect.poll(async () => (await eventsOf(full.url, "verdict=no_level")).length).toBe(10);
  await page.close();
});

test("a level has a curve of a file, for a location, and a wrong file is refused at its field", async ({ browser, full }) => {
  // A page of its own: a refused request is written to the console.
  const page = await browser.newPage();
  await page.goto(`${full.url}/?view=levels`);
  await page.getByRole("button", { name: "Set a level …" }).first().click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Location").fill("Garden wall, 12 Mill Lane");
  await form.getByLabel("Ground").selectOption("own");
  await form.getByRole("button", { name: "Set the level" }).click();
  await expect(form.getByText("Choose the file that has the curve.")).toBeVisible();
  const toml = "[[curve]]\nid = \"permit-7\"\nname = \"Permit 7\"\nunit = \"mm/s\"\njudges = \"each component\"\nsource = \"permit 7\"\npieces = [{ constant = 2.0 }]\n";
  await form.getByLabel("File with the curve (TOML)").setInputFiles({ name: "permits.toml", mimeType: "text/plain", buffer: Buffer.from(toml) });
  await form.getByLabel("Id of the curve in the file").fill("permit-8");
  await form.getByRole("button", { name: "Set the level" }).click();
  await expect(form.getByLabel("Id of the curve in the file")).toHaveAttribute("aria-invalid", "true");
  await form.getByLabel("Id of the curve in the file").fill("permit-7");
  await form.getByRole("button", { name: "Set the level" }).click();
  await expect(page.getByRole("row", { name: /location “Garden wall, 12 Mill Lane” permit-7 \(own file\)/ }).first()).toBeVisible();
  await expect.poll(async () => (await eventsOf(full.url, "verdict=exceeds")).map((event) => event.filename)).toEqual(["M529LMOK.DK0W"]);
  await page.close();
});

test("levels are set by admins alone", async ({ page, folder, context }) => {
  const server = await serve(folder);
  const admin = addToken(folder, "boss", "admin");
  const reviewer = addToken(folder, "kim", "review");
  await setLevel(server.url, { for: {}, ground: { curve: "din-2" } }, { authorization: `Bearer ${admin}` });
  await context.setExtraHTTPHeaders({ authorization: `Bearer ${reviewer}` });
  await page.goto(`${server.url}/?view=levels`);
  await expect(page.getByText("Alarm levels are set by users with the role admin.")).toBeVisible();
  await expect(page.getByRole("region", { name: "Levels in force" }).getByRole("row", { name: /the whole archive/ })).toBeVisible();
  await expect(page.getByRole("button", { name: /Set a level|^End/ })).toHaveCount(0);
  await page.goto("about:blank");
  await server.end();
});

test("an event is corrected, the verdict follows its project, and what the unit has stays visible", async ({ page, full }) => {
  await setLevel(full.url, { for: { project: "Quarry 4" }, ground: { curve: "din-3" } });
  await judged(full.url);
  const [{ id }] = await eventsOf(full.url, "text=M529LMOK");
  await page.goto(`${full.url}/?event=${id}`);
  await expect(page.getByRole("region", { name: "Verdict" })).toContainText("No alarm level applies");
  await page.keyboard.press("c");
  const form = page.getByRole("dialog", { name: "Correct this event" });
  await expect(form.getByText("The unit has “Quarry extension, phase 2”")).toBeVisible();
  await form.getByLabel("Project").fill("Quarry 4");
  await form.getByRole("button", { name: "Save" }).click();
  const facts = page.getByRole("region", { name: "Facts" });
  await expect(facts).toContainText("ProjectQuarry 4 correctedthe unit has “Quarry extension, phase 2”");
  await expect(page.getByRole("region", { name: "Log", exact: true })).toContainText("project corrected: as the unit has it → “Quarry 4”");
  await expect(page.getByRole("region", { name: "Verdict" })).toContainText("▲ exceeds");
  await page.getByRole("button", { name: "Correct …" }).click();
  await form.getByRole("button", { name: "As the unit has it" }).first().click();
  await form.getByRole("button", { name: "Save" }).click();
  await expect(facts).not.toContainText("corrected");
  await expect(page.getByRole("region", { name: "Verdict" })).toContainText("No alarm level applies");
});

test("an event is moved to another unit with a reason", async ({ browser, full }) => {
  // A page of its own: a refused request is written to the console.
  const page = await browser.newPage();
  const [{ id }] = await eventsOf(full.url, "text=M529LKIQ");
  await page.goto(`${full.url}/?event=${id}`);
  await page.getByRole("button", { name: "Other unit …" }).click();
  const form = page.getByRole("dialog", { name: /Move M529LKIQ/ });
  await form.getByLabel("Serial number of the unit").fill("BE18190");
  await form.getByRole("button", { name: "Move" }).click();
  await expect(form.getByLabel("Reason")).toHaveAttribute("aria-invalid", "true");
  await form.getByLabel("Reason").fill("label on the box");
  await form.getByRole("button", { name: "Move" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("BE18190");
  await expect(page.getByRole("region", { name: "Ledger" })).toContainText("moved to another unit: “label on the box”");
  await page.close();
});

test("filters are kept by name in this browser", async ({ page, full }) => {
  await page.goto(`${full.url}/?has_report=false&sort=-ppv`);
  await page.getByText("Saved filters").click();
  await page.getByLabel("Name of the filters").fill("Without report");
  await page.getByRole("button", { name: "Save these" }).click();
  await expect(page.locator("#polite")).toHaveText("Filters saved as “Without report”");
  await page.goto(full.url);
  await page.getByText("Saved filters").click();
  await page.getByRole("link", { name: "Without report" }).click();
  await expect(page).toHaveURL(/has_report=false&sort=-ppv/);
  await page.getByText("Saved filters").click();
  await expect(page.getByRole("link", { name: "Without report" })).toHaveAttribute("aria-current", "true");
  await page.getByRole("button", { name: "Remove “Without report”" }).click();
  await expect(page.getByText("No filters are saved in this browser.")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByText("No filters are saved in this browser.")).toBeHidden();
});

test("what stands in the browser's storage by mistake is no filter", async ({ page, full }) => {
  for (const kept of ["[1", "7", "{\"a\": null}", "{\"a\": {\"evil\": \"x\", \"sort\": 7, \"kind\": \"waveform\"}}"]) {
    await page.addInitScript((text) => { if (location.protocol === "http:") localStorage.setItem("wavekeep.filters", text); }, kept);
    await page.goto(full.url);
    await expect(page.locator(".tr[data-id]").first()).toBeVisible();
  }
  await page.getByText("Saved filters").click();
  await page.getByRole("link", { name: "a", exact: true }).click();
  await expect(page).toHaveURL(/\?kind=waveform$/);
});

test("a phone shows project, air and unit, and its filters behind one button", async ({ page, full }) => {
  await setLevel(full.url, { for: {}, ground: { curve: "din-3" } });
  await judged(full.url);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(full.url);
  const blast = row(page, "2026-06-12 14:03:20");
  for (const [column, text] of [["verdict", "▲ exceeds"], ["unit", "BE11529"], ["ppv", "0.410 in/s"], ["mic", "127.14 dB(L)"], ["project", "Quarry extension, phase 2"]]) {
    await expect(blast.locator(`.c-${column}`)).toBeVisible();
    await expect(blast.locator(`.c-${column}`)).toContainText(/** @type {string} */ (text));
  }
  await expect(page.getByRole("button", { name: "Exceeds", exact: true })).toBeHidden();
  await page.getByRole("button", { name: "Filters" }).click();
  await page.getByRole("button", { name: "Exceeds", exact: true }).click();
  await expect(page.getByRole("button", { name: "Filters · 1" })).toHaveAttribute("aria-expanded", "true");
  await page.getByLabel("Order").selectOption("margin");
  await expect(page).toHaveURL(/verdict=exceeds&sort=margin/);
  await page.getByRole("button", { name: "Filters · 1" }).click();
  await expect(page.getByLabel("Order")).toBeHidden();
  await page.locator(".tbody .c-tick").first().click();
  await expect(page.locator(".bulk strong")).toHaveText("1 event ticked");
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
});

test("columns fit the list at every width", async ({ page, full }) => {
  await page.goto(full.url);
  for (const width of [830, 990, 1024, 1280, 1440, 1920, 2560]) {
    await page.setViewportSize({ width, height: 800 });
    await expect(page.locator(".tr[data-id]").first()).toBeVisible();
    expect(await page.locator(".table").evaluate((table) => table.scrollWidth - table.clientWidth), `${width} px`).toBeLessThanOrEqual(0);
    for (const column of ["time", "unit", "verdict", "ppv", "hz", "mic", "project", "state"]) await expect(page.locator(`.th .c-${column}`)).toBeVisible();
    const time = await page.locator(".tbody .c-time").first().evaluate((cell) => cell.scrollWidth - cell.clientWidth);
    expect(time, `the time at ${width} px`).toBeLessThanOrEqual(0);
  }
  await expect(page.locator(".th .c-tran")).toBeVisible();
});

test("a hundred thousand events are ticked by their numbers, not by what is drawn", async ({ page, full }) => {
  const one = (await eventsOf(full.url))[0];
  await page.route(/\/api\/v1\/events\?/, (route) => {
    const query = new URL(route.request().url()).searchParams;
    const offset = Number(query.get("offset")), limit = Number(query.get("limit"));
    const events = Array.from({ length: Math.min(limit, 100_000 - offset) }, (_, n) => ({ ...one, id: offset + n + 1, serial: `N${offset + n + 1}` }));
    return route.fulfill({ json: { total: 100_000, limit, offset, count: events.length, events } });
  });
  await page.goto(full.url);
  await row(page, "N1 ").focus();
  await page.keyboard.press("Space");
  // Far away, over pages that were never here.
  await page.locator(".table").evaluate((table) => { table.scrollTop = 900 * 36; });
  await row(page, "N902 ").getByRole("checkbox").click({ modifiers: ["Shift"] });
  await expect(page.locator(".bulk strong")).toHaveText("902 events ticked");
  await expect(page.getByRole("button", { name: /^Tick all/ })).toBeHidden();
  expect(await page.getByRole("row").count()).toBeLessThan(60);
});

for (const scheme of /** @type {const} */ (["light", "dark"])) {
  test(`axe finds nothing in the morning, ${scheme}`, async ({ page, full }) => {
    test.slow();
    await page.emulateMedia({ colorScheme: scheme });
    await setLevel(full.url, { for: {}, ground: { curve: "din-3", warning_percent: 20 }, air: { curve: "nbr-9653-air" } });
    await judged(full.url);
    await page.goto(full.url);
    await row(page, "2026-06-26").getByRole("checkbox").click();
    await page.getByText("Saved filters").click();
    expect(await violations(page), "the list").toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Correct …" }).click();
    expect(await violations(page), "the corrections").toEqual([]);
    await page.goto(`${full.url}/?event=4`);
    await expect(page.locator(".verdict-badge").first()).toBeVisible();
    await expect(page.locator(".limits svg")).toBeVisible();
    await page.keyboard.press("c");
    await expect(page.getByRole("dialog")).toBeVisible();
    expect(await violations(page), "the event").toEqual([]);
    await page.goto(`${full.url}/?view=levels`);
    await expect(page.getByRole("button", { name: /^End/ })).toBeVisible();
    expect(await violations(page), "the levels").toEqual([]);
    await page.getByRole("button", { name: "Set a level …" }).click();
    expect(await violations(page), "the form").toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(full.url);
    await page.getByRole("button", { name: "Filters" }).click();
    await expect(page.locator(".tr[data-id]").first()).toBeVisible();
    expect(await violations(page), "the phone").toEqual([]);
  });
}
