// @ts-check
import { addToken, expect, serve, test } from "../archive.js";

/** The user of this machine, as the server names it who reviews without a token. */
const user = process.env["USER"] || process.env["LOGNAME"] || process.env["USERNAME"] || "local";

test("ten events are reviewed without the mouse", async ({ page, full }) => {
  await page.goto(full.url);
  await page.getByRole("row", { name: /2026-06-26/ }).focus();
  await page.keyboard.press("Enter");
  for (let place = 1; place <= 10; place += 1) {
    await expect(page.getByText(`${place} of 10`)).toBeVisible();
    const isFalse = place % 2 === 1;
    await page.keyboard.press(isFalse ? "f" : "r");
    await expect(page.getByRole("button", { name: isFalse ? /^False trigger/ : /^Real event/ })).toHaveAttribute("aria-pressed", "true");
    await page.keyboard.press("e");
    await page.keyboard.type(`seen as number ${place}`);
    await page.keyboard.press("Enter");
    await expect(page.getByText(`notes: nothing → “seen as number ${place}”`)).toBeVisible();
    await page.keyboard.press(place % 3 ? "n" : "j");
  }
  await expect(page.getByText("10 of 10")).toBeVisible();
  const { events } = await (await fetch(`${full.url}/api/v1/events`)).json();
  expect(events.filter((/** @type {any} */ event) => event.false_trigger)).toHaveLength(5);
  expect(events.every((/** @type {any} */ event) => event.reviewer === user && event.reviewed_at)).toBe(true);
  await page.keyboard.press("p");
  await expect(page.getByText("9 of 10")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("heading", { name: "Events" })).toBeVisible();
});

test("reviewing what the filters ask for leaves no event out", async ({ page, full }) => {
  await page.goto(`${full.url}/?reviewed=false`);
  await page.getByRole("row", { name: /2026-06-26/ }).focus();
  await page.keyboard.press("Enter");
  for (let place = 1; place <= 10; place += 1) {
    await expect(page.getByText(`${place} of 10`)).toBeVisible();
    await page.keyboard.press("r");
    await expect(page.getByRole("button", { name: /^Real event/ })).toHaveAttribute("aria-pressed", "true");
    await page.keyboard.press("n");
  }
  await page.keyboard.press("Escape");
  await expect(page.getByText("No event matches these filters.")).toBeVisible();
});

test("a change is undone, and the log tells both", async ({ page, full }) => {
  await page.goto(`${full.url}/?event=1`);
  const pressed = page.getByRole("button", { name: /^False trigger/ });
  await expect(pressed).toHaveAttribute("aria-pressed", "false");
  await page.keyboard.press("f");
  await expect(pressed).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByText("false trigger: no → yes")).toBeVisible();
  await page.keyboard.press("u");
  await expect(pressed).toHaveAttribute("aria-pressed", "false");
  await expect(page.getByText(/undid change 1: false trigger: yes → no/)).toBeVisible();
});

test("what somebody else says appears", async ({ page, full }) => {
  await page.goto(`${full.url}/?event=1`);
  await expect(page.getByText("This event has not been reviewed.")).toBeVisible();
  await fetch(`${full.url}/api/v1/events/1/review`, {
    method: "PATCH", headers: { "content-type": "application/merge-patch+json" }, body: JSON.stringify({ notes: "a lorry" }),
  });
  await expect(page.getByLabel("Note of the review")).toHaveValue("a lorry");
  await expect(page.getByText(user).first()).toBeVisible();
});

test("the keys are listed", async ({ page, full }) => {
  await page.goto(`${full.url}/?event=1`);
  await expect(page.locator(".uplot").first()).toBeVisible();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toContainText("undo the last change");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("unit-local");
});

test("a server that wants a token is signed in to, and reviews carry the token's name", async ({ browser, folder, full }) => {
  await full.end();
  const token = addToken(folder, "the office", "review");
  const server = await serve(folder, ["--require-tokens"]);
  // A page of its own: that the first requests are refused is written to the console.
  const page = await browser.newPage();
  await page.goto(`${server.url}/?event=1`);
  await page.getByLabel("Token").fill("wk_wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText("The server does not accept this token.")).toBeVisible();
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.locator(".uplot").first()).toBeVisible();
  await page.keyboard.press("f");
  await expect(page.getByRole("button", { name: /^False trigger/ })).toHaveAttribute("aria-pressed", "true");
  await expect(page.locator(".log")).toContainText("the office");
  await page.close();
  await server.end();
});

test("a session goes on past a thousand events, also when what is reviewed leaves the filters", async ({ page, full }) => {
  const one = (await (await fetch(`${full.url}/api/v1/events?limit=1`)).json()).events[0];
  const detail = await (await fetch(`${full.url}/api/v1/events/${one.id}`)).json();
  /** What was reviewed, which the filter leaves out. @type {Set<number>} */
  const gone = new Set();
  const all = Array.from({ length: 2500 }, (_, n) => n + 1);
  await page.route(/\/api\/v1\/events\?/, (route) => {
    const query = new URL(route.request().url()).searchParams;
    const offset = Number(query.get("offset")), limit = Number(query.get("limit"));
    const left = all.filter((id) => !gone.has(id));
    const events = left.slice(offset, offset + limit).map((id) => ({ ...one, id, serial: `N${id}` }));
    return route.fulfill({ json: { total: left.length, limit, offset, count: events.length, events } });
  });
  await page.route(/\/api\/v1\/events\/\d+$/, (route) => {
    const id = Number(route.request().url().split("/").pop());
    return route.fulfill({ json: { ...detail, event: { ...detail.event, id, serial: `N${id}` } } });
  });
  await page.route(/\/api\/v1\/events\/\d+\//, async (route) => {
    const url = route.request().url().replace(/events\/\d+\//, `events/${one.id}/`);
    await route.fulfill({ response: await route.fetch({ url }) });
  });
  await page.route("**/health?reviewed", (route) => {
    for (let id = 2; id <= 850; id += 2) gone.add(id);
    return route.fulfill({ json: {} });
  });
  await page.goto(`${full.url}/?reviewed=false`);
  await page.getByRole("row", { name: /N1 / }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByText(/^1 of 2.500$/)).toBeVisible();
  // The address is what the page steps through: a thousand keys would only take longer.
  const seen = await page.evaluate(async () => {
    const { neighbours, sessionOf } = await import(/** @type {any} */ ("/js/events/session.js"));
    const never = new AbortController().signal;
    const ids = [1];
    for (let id = 1; ;) {
      await sessionOf(id, { reviewed: "false" }, never);
      const next = neighbours(id)?.after;
      if (!next) return ids;
      ids.push(next);
      id = next;
      // Half of what was seen is reviewed meanwhile.
      if (id === 850) await fetch("/health?reviewed");
    }
  });
  expect(seen).toEqual(all);
});
