// @ts-check
/** A morning of 300 new events: 12 exceed, 40 are false triggers, one is corrected, and alerts go out. */
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { expect, serve, test } from "../archive.js";
import { violations } from "../axe.js";
import { blastAt } from "../blasts.js";

/** A program that receives alerts. */
async function receiver() {
  /** @type {any[]} */
  const alerts = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (some) => { body += some; });
    request.on("end", () => { alerts.push(...JSON.parse(body).alerts); response.end(); });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(null)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${port}/`, alerts, end: () => server.close() };
}

/** The night's events: one every two minutes from 18:00 on; every 25th at the school, 40 others beside the road. */
function night() {
  return Array.from({ length: 300 }, (_, n) => {
    const location = n % 25 === 0 ? "School" : n % 25 > 0 && n % 25 <= 4 && n < 250 ? "Beside the road" : "Garden wall";
    return { location, files: blastAt(new Date(Date.UTC(2026, 8, 14, 18, 2 * n)), location) };
  });
}

test("a morning of 300 events", async ({ page, folder }) => {
  test.setTimeout(180_000);
  const hooks = await receiver();
  const rules = join(folder, "..", `${folder.split("/").pop()}-alerts.toml`);
  writeFileSync(rules, `[[rule]]\non = ["exceeds"]\nwebhook = "${hooks.url}"\n`);
  const server = await serve(folder, ["--alerts", rules]);
  const events = async (query = "") => (await fetch(`${server.url}/api/v1/events?${query}`)).json();
  const total = async (query = "") => (await events(`${query}&limit=1`)).total;

  // The limits of the permit: a strict one at the school, another one elsewhere.
  for (const level of [{ for: {}, ground: { curve: "usbm-drywall" } }, { for: { location: "School" }, ground: { curve: "din-3" } }]) {
    const answer = await fetch(`${server.url}/api/v1/levels`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(level) });
    expect(answer.status).toBe(200);
  }

  // They come in while the list is open.
  await page.goto(server.url);
  await expect(page.getByText("Live updates: on")).toBeAttached();
  const all = night();
  for (let first = 0; first < all.length; first += 100) {
    const form = new FormData();
    for (const { files } of all.slice(first, first + 100)) for (const [name, bytes] of files) form.append("files", new Blob([new Uint8Array(bytes)]), name);
    const answer = await (await fetch(`${server.url}/api/v1/import`, { method: "POST", body: form })).json();
    expect(answer.counts.new).toBe(100);
  }
  await expect(page.locator(".total")).toHaveText("300 events");

  // What exceeded is one click away, and everybody who has to know was notified once.
  await expect.poll(() => total("verdict=exceeds"), { timeout: 30_000 }).toBe(12);
  await page.getByRole("button", { name: "Exceeds", exact: true }).click();
  await expect(page.locator(".total")).toHaveText("12 events matching the filters");
  await expect(page.locator(".tr[data-id]").first()).toContainText("▲ exceeds");
  await expect(page.locator(".tr[data-id]").first()).toContainText("School");
  await expect.poll(() => hooks.alerts.length, { timeout: 60_000 }).toBe(12);
  expect(new Set(hooks.alerts.map((alert) => alert.event.id)).size).toBe(12);
  expect(hooks.alerts.every((alert) => alert.occasion === "exceeds" && alert.event.location === "School")).toBe(true);
  await page.getByRole("button", { name: "Clear" }).click();

  // Forty lorries, ticked together.
  const side = page.getByRole("complementary");
  await side.getByRole("link", { name: /^Beside the road/ }).click();
  await expect(page.locator(".total")).toHaveText("40 events matching the filters");
  await page.locator(".thead, thead").getByRole("checkbox").first().click();
  const bar = page.getByRole("region", { name: "Ticked events" });
  if (!(await bar.textContent())?.includes("40 events ticked")) await bar.getByRole("button", { name: /all 40/i }).click();
  await expect(bar).toContainText("40 events ticked");
  await bar.getByRole("button", { name: /False trigger/ }).click();
  await expect(page.locator("#polite")).toHaveText("40 events: false trigger");
  expect(await total("false_trigger=true")).toBe(40);
  expect(await violations(page)).toEqual([]);

  // One of the 12 was measured elsewhere: with its location its level changes, and it no longer exceeds.
  const [wrong] = (await events("verdict=exceeds&sort=timestamp")).events;
  await page.goto(`${server.url}/?event=${wrong.id}`);
  await page.getByRole("button", { name: "Correct …" }).click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Location").fill("Garden wall");
  await form.getByRole("button", { name: "Save" }).click();
  await expect(form).toHaveCount(0);
  await expect(page.getByRole("region", { name: "Verdict" })).toContainText("within");
  await expect.poll(() => total("verdict=exceeds")).toBe(11);

  // Nothing was sent twice by all of this.
  expect(hooks.alerts).toHaveLength(12);
  await page.goto("about:blank");
  await server.end();
  hooks.end();
});
