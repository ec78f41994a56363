// @ts-check
/** Errors are sentences in the place of what they stand for; sign-in, sign-out, questions. */
import { addToken, expect, serve, test } from "../archive.js";

/** @param {import("@playwright/test").Browser} browser @param {string} address */
async function opened(browser, address) {
  // A page of its own: a refused request is written to the console.
  const page = await browser.newPage();
  await page.goto(address);
  return page;
}

for (const [address, title, sentence] of /** @type {[string, string, RegExp][]} */ ([
  ["?event=999999", "Event 999999 cannot be shown", /^There is no event .*999999/i],
  ["?event=-1", "There is no such page", /number “-1”: events and streams have whole numbers\.$/],
  ["?event=NaN", "There is no such page", /number “NaN”/],
  ["?event=1e400", "There is no such page", /number “1e400”/],
  ["?stream=999", "Stream 999 cannot be shown", /999/],
  ["?stream=x/../y", "There is no such page", /whole numbers/],
  ["?view=nothing", "There is no such page", /view “nothing”: there are events, locations, units, streams, scaled-distance, levels and import\.$/],
  ["?from=yesterday", "The events cannot be shown", /2026-05-01/],
  ["?sort=size", "The events cannot be shown", /timestamp, -timestamp, ppv, -ppv, margin, -margin, id/],
  ["?min_ppv_in_s=much", "The events cannot be shown", /much|number/],
])) {
  test(`${address} is answered with a sentence, and with a way on`, async ({ browser, full }) => {
    const page = await opened(browser, `${full.url}/${address}`);
    const notice = page.locator(".failure");
    await expect(notice.locator("strong")).toHaveText(title);
    const text = await notice.locator("p").first().innerText();
    expect(text).toMatch(sentence);
    expect(text).toMatch(/^[A-Z"“].*[.!?]$/s);
    expect(text).not.toMatch(/parse|i64|NaN to|undefined|\[object/);
    await expect(page.getByText("Reading the event …")).toHaveCount(0);
    await notice.getByRole("link").last().click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(/Events|Streams/);
    await expect(page.locator(".failure")).toHaveCount(0);
    await page.close();
  });
}

test("a list that cannot be read says so and can be asked for again", async ({ browser, full }) => {
  const page = await browser.newPage();
  // A change elsewhere would have the list read again before the button is pressed.
  await page.route(/\/api\/v1\/live/, (route) => route.fulfill({ contentType: "text/event-stream", body: "retry: 600000\n\n" }));
  await page.route(/\/api\/v1\/events\?/, (route) => route.abort());
  await page.goto(full.url);
  await expect(page.locator(".failure p").first()).toHaveText("The server does not answer. Is it running?");
  await page.unroute(/\/api\/v1\/events\?/);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.locator(".total")).toHaveText("10 events");
  await page.close();
});

test("a review that fails names its event and says that it was not reviewed", async ({ browser, full }) => {
  const page = await browser.newPage();
  await page.route(/\/review$/, (route) => route.fulfill({ status: 507, json: { detail: "the disk is full" } }));
  await page.goto(`${full.url}/?text=M529LMOK`);
  await page.locator(".tr[data-id]").first().focus();
  await page.keyboard.press("f");
  await expect(page.locator(".toast strong", { hasText: "BE11529 2026-06-12 14:03:20 was not reviewed" })).toBeVisible();
  await expect(page.getByText("The disk is full.", { exact: true })).toBeVisible();
  await page.close();
});

test("sign-in has no messages behind it, the caller is shown, and can sign out", async ({ browser, folder, full }) => {
  await full.end();
  const token = addToken(folder, "the office", "review");
  const server = await serve(folder, ["--require-tokens"]);
  for (const address of ["/", "/?event=1", "/?view=streams", "/?view=import", "/?event=999999"]) {
    const page = await opened(browser, server.url + address);
    await expect(page.getByRole("dialog", { name: "Sign in" })).toBeVisible();
    await page.waitForLoadState("networkidle").catch(() => {});
    await expect(page.locator(".toast, .failure")).toHaveCount(0);
    await expect(page.locator("#assertive")).toHaveText("");
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog", { name: "Sign in" })).toBeVisible();
    await page.close();
  }
  const page = await opened(browser, server.url);
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.locator(".who-is")).toHaveText("the office (review)");
  await expect(page.locator(".tr[data-id]").first()).toBeVisible();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("dialog", { name: "Sign in" })).toBeVisible();
  expect((await page.context().cookies()).filter((cookie) => cookie.name === "wavekeep_token")).toEqual([]);
  await expect(page.locator(".toast")).toHaveCount(0);
  await page.close();
  await server.end();
});

test("without tokens nobody is shown as signed in", async ({ page, full }) => {
  await page.goto(full.url);
  await expect(page.locator(".tr[data-id]").first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Sign out" })).toHaveCount(0);
});

/** @param {string} url */
const recordings = async (url) => (await fetch(`${url}/api/v1/recordings`)).json();

test("a recording is started after a question, and ends by itself", async ({ page, empty }) => {
  await page.goto(`${empty.url}/?view=streams&show=recordings`);
  await page.getByLabel("Channels").fill("16");
  await page.getByLabel("Frames a second").fill("800");
  await page.getByRole("button", { name: "Record", exact: true }).click();
  const question = page.getByRole("dialog", { name: "Start a recording?" });
  await expect(question).toContainText("16 channels at 800 Hz");
  await expect(question).toContainText("It ends after 60 s.");
  await expect(question).toContainText("The file will have about 9.2 MiB.");
  await question.getByRole("button", { name: "Cancel" }).click();
  await expect(question).toHaveCount(0);
  expect(await recordings(empty.url)).toEqual([]);
  await page.getByLabel("Seconds").fill("0.5");
  await page.getByRole("button", { name: "Record", exact: true }).click();
  await question.getByRole("button", { name: "Start recording" }).click();
  await expect(page.getByText("the time that was asked for is over")).toBeVisible();
});

test("a recording without an end is called one", async ({ page, empty }) => {
  await page.goto(`${empty.url}/?view=streams&show=recordings`);
  await page.getByLabel("Channels").fill("4");
  await page.getByLabel("Frames a second").fill("100");
  await page.getByLabel("Seconds").fill("");
  await page.getByRole("button", { name: "Record", exact: true }).click();
  const question = page.getByRole("dialog", { name: "Start a recording?" });
  await expect(question).toContainText("It has no end: it records until it is closed or the disk is full.");
  await question.getByRole("button", { name: "Start recording" }).click();
  await expect(page.getByText("has no end: records until it is closed")).toBeVisible();
  const [recording] = await recordings(empty.url);
  expect([recording.seconds, recording.frames]).toEqual([null, null]);
});

test("a recording that a program asks for without an end has one by default", async ({ empty }) => {
  const ask = async (/** @type {any} */ more) => {
    const answer = await fetch(`${empty.url}/api/v1/recordings`, {
      method: "POST", headers: { "content-type": "application/json" },
      body: JSON.stringify({ source: { kind: "emulator", channels: 4, rate_hz: 100 }, open: false, ...more }),
    });
    return { status: answer.status, body: await answer.json() };
  };
  expect((await ask({})).body.seconds).toBe(60);
  expect((await ask({ frames: 10 })).body).toMatchObject({ seconds: null, frames: 10 });
  expect((await ask({ until_closed: true })).body).toMatchObject({ seconds: null, frames: null });
  expect((await ask({ until_closed: true, seconds: 5 })).status).toBe(422);
});
