// @ts-check
import { execFileSync } from "node:child_process";
import { violations } from "../axe.js";
import { expect, importInto, sample, test } from "../archive.js";

const BIN = /** @type {string} */ (process.env["WAVEKEEP_BIN"]);
const BLASTS = [["M529LKVQ.6S0W", "40 kg", "60 m"], ["M529LIY6.N00", "40 kg", "150 m"], ["M529LKIQ.7M0W", "25 kg", "600 m"], ["M529LMOK.DK0W", null, null]];

/** Four events whose range is stated; three of them have charge and distance. @param {string} folder @param {string} url */
async function quarry(folder, url) {
  for (const [index, [name, charge, distance]] of BLASTS.entries()) {
    execFileSync(BIN, ["import", "--quiet", "--archive", folder, "--range", "normal", sample(/** @type {string} */ (name))]);
    const corrections = { project: "Quarry 4", location: index % 2 ? "School" : "Mill Lane", ...(charge && { charge, distance }) };
    const answer = await fetch(`${url}/api/v1/events/${index + 1}/review`, { method: "PATCH", headers: { "content-type": "application/json" }, body: JSON.stringify({ corrections }) });
    expect(answer.status).toBe(200);
  }
}

test("charge and distance are set on the page of an event, and undone", async ({ page, empty }) => {
  await importInto(empty.url, ["M529LMOK.DK0W", "M529LMOK_DK0W_ASCII.TXT"].map(sample));
  await page.goto(`${empty.url}/?event=1`);
  await page.getByRole("button", { name: "Correct …" }).click();
  await page.getByLabel("Charge per delay").fill("45 kg");
  await page.getByRole("textbox", { name: "Distance to the blast" }).fill("320 m");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("link", { name: /^\d+\.\d ft\/√lb$/ })).toBeVisible();
  await expect(page.getByRole("definition").filter({ hasText: "45 kg" })).toContainText("corrected");
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await expect(page.getByRole("link", { name: /ft\/√lb/ })).toHaveCount(0);
});

test("the view has the law, the chart and the events that do not count", async ({ page, folder, empty }) => {
  await quarry(folder, empty.url);
  await page.goto(empty.url);
  await page.getByRole("link", { name: "Scaled distance" }).click();
  await expect(page.getByText(/^PPV = [\d.]+ · SD/)).toBeVisible();
  await expect(page.getByRole("img", { name: /Peaks of 3 events/ })).toBeVisible();
  await expect(page.getByRole("cell", { name: "no charge" })).toBeVisible();
  await expect(page.getByText("1: no charge")).toBeVisible();
  const shown = await page.locator("img.chart").evaluate((image) => /** @type {HTMLImageElement} */ (image).decode().then(() => /** @type {HTMLImageElement} */ (image).naturalWidth));
  expect(shown).toBeGreaterThan(0);
  await page.getByLabel("Location").fill("School");
  await page.getByLabel("Location").press("Enter");
  await expect(page.getByText("No law: a law needs 3 events that count: found 1")).toBeVisible();
  expect(new URL(page.url()).searchParams.get("location")).toBe("School");
});

test("a limit and a distance give the permissible charge, in the reader's units", async ({ page, folder, empty }) => {
  await quarry(folder, empty.url);
  await page.goto(empty.url);
  await page.evaluate(() => localStorage.setItem("wavekeep.velocity", "mm/s"));
  await page.goto(`${empty.url}/?view=scaled-distance`);
  await page.getByRole("spinbutton", { name: "Limit" }).fill("5");
  await expect(page.getByRole("row", { name: /^K95/ }).first()).toBeVisible();
  await page.getByRole("spinbutton", { name: "Distance" }).fill("250");
  await expect(page.getByRole("row", { name: /^K95 250 [\d.]+ 5\.00/ })).toHaveCount(1);
  await expect(page.getByRole("columnheader", { name: "Charge, kg" }).first()).toBeVisible();
});

for (const scheme of /** @type {const} */ (["light", "dark"])) {
  test(`axe finds nothing on the view, ${scheme}`, async ({ page, folder, empty }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await quarry(folder, empty.url);
    await page.goto(`${empty.url}/?view=scaled-distance&limit=0.2`);
    await expect(page.getByRole("row", { name: /^K95/ }).first()).toBeVisible();
    expect(await violations(page)).toEqual([]);
  });
}
