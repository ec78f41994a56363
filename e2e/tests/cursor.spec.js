// @ts-check
/** The cursor of the list is an event: nothing that happens to the rows moves a review to another one. */
import { expect, importInto, sample, samples, test } from "../archive.js";

/** The two latest samples, which arrive on top of the others. */
const LATE = [[sample("M529LNE5.390")], [sample("M529LN1C.QE0W"), sample("M529LN1C.QE0W.TXT")]];
const EARLY = samples.filter((file) => !LATE.flat().includes(file));

/** @typedef {import("@playwright/test").Page} Page */
/** @typedef {{ id: number, filename: string, false_trigger: boolean, reviewed_at: string | null }} Row */

/** @param {string} url @param {string} [query] @returns {Promise<Row[]>} */
const rows = async (url, query = "") => (await (await fetch(`${url}/api/v1/events?limit=1000${query}`)).json()).events;
/** @param {string} url */
const falseTriggers = async (url) => (await rows(url)).filter((row) => row.false_trigger).map((row) => row.id);
/** @param {Page} page */
const selected = (page) => page.locator('.tbody .tr[aria-selected="true"]');
/** @param {Page} page @param {number} id */
const choose = (page, id) => page.locator(`.tr[data-id="${id}"]`).focus();
/** @param {Page} page @param {number} n */
const countIs = (page, n) => expect(page.locator(".total")).toContainText(new RegExp(`^${n} events?`));
/** A colleague reviews an event. @param {string} url @param {number} id */
const colleague = (url, id) => fetch(`${url}/api/v1/events/${id}/review`, {
  method: "PATCH", headers: { "content-type": "application/merge-patch+json", "x-reviewer": "colleague" }, body: JSON.stringify({ notes: "seen" }),
});

test("a review changes the chosen event after others have arrived above it", async ({ page, empty }) => {
  await importInto(empty.url, EARLY);
  await page.goto(empty.url);
  await countIs(page, EARLY.filter((file) => !file.endsWith(".TXT")).length);
  const chosen = (await rows(empty.url))[0]?.id ?? 0;
  await choose(page, chosen);
  for (const files of LATE) await importInto(empty.url, files);
  await countIs(page, 10);
  await expect(selected(page)).toHaveAttribute("data-id", String(chosen));
  await expect(page.locator(`.tr[data-id="${chosen}"]`)).toBeFocused();
  await page.keyboard.press("f");
  await expect(page.locator(`.tr[data-id="${chosen}"]`).getByText("false trigger")).toBeVisible();
  expect(await falseTriggers(empty.url)).toEqual([chosen]);
});

test("a mark sets and never takes back: an event that arrives does not unmark another one", async ({ page, empty }) => {
  await importInto(empty.url, EARLY);
  await page.goto(empty.url);
  const [first, second] = await rows(empty.url);
  if (!first || !second) throw new Error("too few events");
  await choose(page, first.id);
  await page.keyboard.press("f");
  await expect(selected(page)).toHaveAttribute("data-id", String(second.id));
  for (const files of LATE) await importInto(empty.url, files);
  await countIs(page, 10);
  await page.keyboard.press("k");
  await expect(selected(page)).toHaveAttribute("data-id", String(first.id));
  await page.keyboard.press("f");
  await expect(page.getByText(/: false trigger$/).last()).toBeVisible();
  await expect.poll(() => falseTriggers(empty.url)).toEqual([first.id]);
  await page.keyboard.press("k");
  await page.keyboard.press("r");
  await expect.poll(() => falseTriggers(empty.url)).toEqual([]);
});

for (const keys of ["f", "fj", "fn"]) {
  test(`reviewing what is to review with ${[...keys].join(" then ")} leaves no event out`, async ({ page, full }) => {
    await page.goto(`${full.url}/?reviewed=false`);
    const order = (await rows(full.url)).map((row) => row.id);
    await choose(page, order[0] ?? 0);
    for (let place = 0; place < 5; place += 1) {
      await expect(selected(page)).toHaveAttribute("data-id", String(order[place]));
      for (const key of keys) await page.keyboard.press(key);
      await countIs(page, 9 - place);
    }
    await expect(selected(page)).toHaveAttribute("data-id", String(order[5]));
    expect(new Set(await falseTriggers(full.url))).toEqual(new Set(order.slice(0, 5)));
  });
}

test("the last event of a list is marked once, and nothing else after it", async ({ page, full }) => {
  await page.goto(`${full.url}/?reviewed=false`);
  const last = (await rows(full.url)).at(-1)?.id ?? 0;
  await choose(page, last);
  await page.keyboard.press("f");
  await countIs(page, 9);
  for (const key of ["f", "j", "f", "n", "f"]) await page.keyboard.press(key);
  await expect(page.getByText(/is no longer in this list/).first()).toBeVisible();
  expect(await falseTriggers(full.url)).toEqual([last]);
});

test("without a chosen event nothing is marked", async ({ page, full }) => {
  await page.goto(full.url);
  await countIs(page, 10);
  await page.keyboard.press("f");
  await expect(page.getByText("No event is selected: j selects the next one").first()).toBeVisible();
  expect(await falseTriggers(full.url)).toEqual([]);
  await page.keyboard.press("j");
  await expect(selected(page)).toHaveAttribute("data-id", String((await rows(full.url))[0]?.id));
});

test("sorting keeps the cursor on its event", async ({ page, full }) => {
  await page.goto(full.url);
  const chosen = (await rows(full.url))[2]?.id ?? 0;
  await choose(page, chosen);
  for (const name of [/^PPV/, /^PPV/, /^Unit-local time/]) {
    await page.getByRole("columnheader", { name }).getByRole("button").click();
    await expect(selected(page)).toHaveAttribute("data-id", String(chosen));
  }
  await page.getByRole("heading", { name: "Events" }).click();
  await page.keyboard.press("f");
  await expect.poll(() => falseTriggers(full.url)).toEqual([chosen]);
});

test("a filter that leaves the chosen event out leaves nothing to mark", async ({ page, full }) => {
  await page.goto(full.url);
  const waveform = (await rows(full.url, "&kind=waveform"))[0]?.id ?? 0;
  await choose(page, waveform);
  await page.getByLabel("Kind").selectOption("histogram");
  await countIs(page, 2);
  await page.getByRole("heading", { name: "Events" }).click();
  await page.keyboard.press("f");
  await expect(page.getByText(/No event is selected/).first()).toBeVisible();
  expect(await falseTriggers(full.url)).toEqual([]);
});

test("an event that a colleague reviews leaves the list, and the key meant for it marks no other", async ({ page, full }) => {
  await page.goto(`${full.url}/?reviewed=false`);
  const order = (await rows(full.url)).map((row) => row.id);
  await choose(page, order[3] ?? 0);
  await colleague(full.url, order[3] ?? 0);
  await countIs(page, 9);
  await expect(selected(page)).toHaveCount(0);
  await page.keyboard.press("f");
  await expect(page.getByText(/is no longer in this list: j goes to the next event/).first()).toBeVisible();
  expect(await falseTriggers(full.url)).toEqual([]);
  await page.keyboard.press("j");
  await expect(selected(page)).toHaveAttribute("data-id", String(order[4]));
});

test("undo takes back the last review of this list, wherever the cursor is", async ({ page, full }) => {
  await page.goto(full.url);
  const order = (await rows(full.url)).map((row) => row.id);
  await choose(page, order[0] ?? 0);
  await page.keyboard.press("f");
  await expect.poll(() => falseTriggers(full.url)).toEqual([order[0]]);
  await page.keyboard.press("f");
  await expect.poll(() => falseTriggers(full.url)).toHaveLength(2);
  await page.keyboard.press("u");
  await expect.poll(() => falseTriggers(full.url)).toEqual([order[0]]);
  await page.keyboard.press("u");
  await expect.poll(() => falseTriggers(full.url)).toEqual([]);
  // One more has nothing to take back, and does not redo.
  await page.keyboard.press("u");
  await expect(page.getByText(/There is no review of this list left to undo/).first()).toBeVisible();
  expect(await falseTriggers(full.url)).toEqual([]);
});

test("the way back from an event leads to the event that was looked at last", async ({ page, full }) => {
  await page.goto(full.url);
  const order = (await rows(full.url)).map((row) => row.id);
  await choose(page, order[1] ?? 0);
  await page.keyboard.press("Enter");
  await expect(page.getByText("2 of 10")).toBeVisible();
  await page.keyboard.press("n");
  await expect(page.getByText("3 of 10")).toBeVisible();
  await expect(page.locator(".uplot").first()).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(selected(page)).toHaveAttribute("data-id", String(order[2]));
  await page.keyboard.press("f");
  await expect.poll(() => falseTriggers(full.url)).toEqual([order[2]]);
});

test("a mark that is on its way when the next event is opened stays with its event", async ({ page, full }) => {
  await page.route(/\/review$/, async (route) => {
    await new Promise((done) => setTimeout(done, 300));
    await route.continue();
  });
  await page.goto(full.url);
  const order = (await rows(full.url)).map((row) => row.id);
  await choose(page, order[0] ?? 0);
  await page.keyboard.press("Enter");
  await expect(page.getByText("1 of 10")).toBeVisible();
  await page.keyboard.press("f");
  await page.keyboard.press("n");
  await expect(page.getByText("2 of 10")).toBeVisible();
  await expect.poll(() => falseTriggers(full.url)).toEqual([order[0]]);
  await expect(page.getByRole("button", { name: /^False trigger/ })).toHaveAttribute("aria-pressed", "false");
});

test("an event that hundreds of arrivals moved to another page of the list keeps the cursor", async ({ page, full }) => {
  const one = (await (await fetch(`${full.url}/api/v1/events?limit=1`)).json()).events[0];
  let all = Array.from({ length: 900 }, (_, n) => n + 1);
  /** @type {number[]} */
  const marked = [];
  await page.route(/\/api\/v1\/events\?/, (route) => {
    const query = new URL(route.request().url()).searchParams;
    const offset = Number(query.get("offset")), limit = Number(query.get("limit"));
    const events = all.slice(offset, offset + limit).map((id) => ({ ...one, id, serial: `N${id}` }));
    return route.fulfill({ json: { total: all.length, limit, offset, count: events.length, events } });
  });
  await page.route(/\/api\/v1\/events\/\d+\/review$/, (route) => {
    marked.push(Number(/events\/(\d+)/.exec(route.request().url())?.[1]));
    return route.fulfill({ json: {} });
  });
  await page.route(/\/api\/v1\/live/, (route) => route.fulfill({ contentType: "text/event-stream", body: "retry: 200\n\n" }));
  await page.goto(full.url);
  await choose(page, 7);
  all = [...Array.from({ length: 350 }, (_, n) => 2000 + n), ...all];
  await countIs(page, /** @type {any} */ ("1.250"));
  await expect(page.locator('.tr[data-id="7"]')).toBeFocused();
  await page.keyboard.press("f");
  await expect.poll(() => marked).toEqual([7]);
  await expect(selected(page)).toHaveAttribute("data-id", "8");
});

// A model: whatever the order of keys and arrivals, what is marked is what was chosen when the key was pressed.
for (const seed of [1, 2, 3]) {
  test(`what is marked is what was chosen, with arrivals in between (sequence ${seed})`, async ({ page, empty }) => {
    let state = seed * 7919;
    const random = (/** @type {number} */ below) => { state = (state * 1103515245 + 12345) % 2147483648; return Math.floor((state / 2147483648) * below); };
    const coming = samples.filter((file) => !/TXT$/.test(file));
    const next = async () => { const file = coming.splice(random(coming.length), 1)[0]; if (file) await importInto(empty.url, [file]); };
    for (let n = 0; n < 4; n += 1) await next();
    await page.goto(`${empty.url}/${random(2) ? "?reviewed=false" : ""}`);
    await countIs(page, 4);
    /** @type {Map<number, boolean>} */
    const expected = new Map();
    for (let step = 0; step < 24; step += 1) {
      const what = random(10);
      if (what < 3) await next();
      else if (what < 7) await page.keyboard.press(["j", "k", "n", "p"][what - 3] ?? "j");
      else {
        const key = what === 9 ? "r" : "f";
        // One task of the page: between reading the choice and the key nothing else happens.
        const id = await page.evaluate((key) => {
          const id = Number(document.querySelector('.tbody .tr[aria-selected="true"]')?.getAttribute("data-id") ?? 0);
          document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
          return id;
        }, key);
        if (id) expected.set(id, key === "f");
        if (id) await expect.poll(async () => (await rows(empty.url)).find((row) => row.id === id)?.reviewed_at).toBeTruthy();
      }
    }
    await expect.poll(async () => (await falseTriggers(empty.url)).sort()).toEqual([...expected].filter(([, isFalse]) => isFalse).map(([id]) => id).sort());
    const reviewed = (await rows(empty.url)).filter((row) => row.reviewed_at).map((row) => row.id);
    expect(reviewed.sort()).toEqual([...expected.keys()].sort());
  });
}

test("a page that the browser brings back goes on with live changes, and shows what it missed", async ({ page, empty }) => {
  await importInto(empty.url, EARLY.slice(0, 1));
  await page.goto(empty.url);
  await countIs(page, 1);
  await expect(page.getByText("Live updates: on")).toBeAttached();
  // As a browser does it that keeps a page which was left and shows it again.
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
  await importInto(empty.url, LATE[0] ?? []);
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  await countIs(page, 2);
  await importInto(empty.url, LATE[1] ?? []);
  await countIs(page, 3);
});

test("the browser's own Back brings the page as it was left, and changes still arrive", async ({ playwright, empty }, info) => {
  await importInto(empty.url, EARLY.slice(0, 1));
  // The tests' browser keeps no page that was left, unless it is told to.
  const browser = await playwright.chromium.launch({ ...info.project.use.launchOptions, ignoreDefaultArgs: ["--disable-back-forward-cache"] });
  try {
    const page = await browser.newPage();
    await page.goto(empty.url);
    await countIs(page, 1);
    await page.evaluate(() => addEventListener("pageshow", (event) => { document.body.dataset["kept"] = String(event.persisted); }));
    await page.evaluate(() => { location.href = "/api/v1/openapi.json"; });
    await page.waitForURL(/openapi/);
    await importInto(empty.url, LATE[0] ?? []);
    await page.evaluate(() => history.back()).catch(() => undefined);
    await expect(page.locator("body")).toHaveAttribute("data-kept", "true");
    await countIs(page, 2);
    await importInto(empty.url, LATE[1] ?? []);
    await countIs(page, 3);
    await page.goto("about:blank");
  } finally {
    await browser.close();
  }
});

test("after Back and Forward between views changes still arrive", async ({ page, empty }) => {
  await importInto(empty.url, EARLY.slice(0, 1));
  await page.goto(empty.url);
  await countIs(page, 1);
  await page.getByRole("link", { name: "Streams", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Streams" })).toBeVisible();
  await page.goBack();
  await countIs(page, 1);
  await importInto(empty.url, LATE[0] ?? []);
  await countIs(page, 2);
  await page.locator(".tr[data-id]").first().click();
  await expect(page.getByText("This event has not been reviewed.")).toBeVisible();
  await page.goBack();
  await page.goForward();
  await expect(page.getByText("This event has not been reviewed.")).toBeVisible();
  await colleague(empty.url, Number(new URL(page.url()).searchParams.get("event")));
  await expect(page.getByLabel("Note of the review")).toHaveValue("seen");
});
