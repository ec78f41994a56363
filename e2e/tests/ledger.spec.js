// @ts-check
import { readFileSync } from "node:fs";
import { expect, test } from "../archive.js";

/** The section of an event. @param {import("@playwright/test").Page} page */
const section = (page) => page.getByRole("region", { name: "Ledger" });

test("an event shows its entries in the ledger, who made them and when", async ({ page, full }) => {
  await page.goto(`${full.url}/?event=1`);
  const entries = section(page).getByRole("listitem");
  await expect(entries).toHaveCount(1);
  await expect(entries.first()).toContainText(/imported \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC from 127\.0\.0\.1/);
  await page.keyboard.press("f");
  await expect(entries).toHaveCount(2);
  await expect(entries.first()).toContainText("reviewed");
  const [latest] = await (await fetch(`${full.url}/api/v1/events/1/ledger`)).json();
  await expect(entries.first()).toHaveAttribute("value", String(latest.entry));
});

test("a leaf is shortened, and whole when it is selected", async ({ page, full }) => {
  await page.goto(`${full.url}/?event=1`);
  const [entry] = await (await fetch(`${full.url}/api/v1/events/1/ledger`)).json();
  const leaf = section(page).getByTitle(entry.leaf);
  await expect(leaf).toHaveText(entry.leaf);
  await expect.poll(() => leaf.evaluate((element) => element.scrollWidth > element.clientWidth)).toBe(true);
  await leaf.click();
  expect(await page.evaluate(() => getSelection()?.toString())).toBe(entry.leaf);
});

test("the head is downloaded as a file", async ({ page, full }) => {
  await page.goto(`${full.url}/?event=1`);
  const waiting = page.waitForEvent("download");
  await section(page).getByRole("link", { name: "Download the head" }).click();
  const download = await waiting;
  const { size, root } = await (await fetch(`${full.url}/api/v1/ledger/head`, { headers: { accept: "application/json" } })).json();
  expect(download.suggestedFilename()).toBe(`head-${size}.txt`);
  const text = readFileSync(await download.path(), "utf8");
  expect(text).toContain(`wavekeep head 1\n`);
  expect(text).toContain(`size ${size}\nroot ${root}\n`);
});

test("a proof of the event is downloaded as a zip archive", async ({ page, full }) => {
  await page.goto(`${full.url}/?event=1`);
  const waiting = page.waitForEvent("download");
  await section(page).getByRole("link", { name: "Download a proof" }).click();
  const download = await waiting;
  expect(download.suggestedFilename()).toMatch(/-proof\.zip$/);
  const bytes = readFileSync(await download.path());
  expect(bytes.subarray(0, 4).toString("latin1")).toBe("PK\u0003\u0004");
  expect(bytes.includes("proof.json")).toBe(true);
});

test("the head that is shown is that of the archive", async ({ page, full }) => {
  await page.goto(`${full.url}/?event=1`);
  const { root } = await (await fetch(`${full.url}/api/v1/ledger/head`, { headers: { accept: "application/json" } })).json();
  await expect(section(page).getByTitle(root)).toBeVisible();
});

test("on paper leaf and root have all their digits", async ({ page, full }) => {
  await page.goto(`${full.url}/?event=1`);
  const digests = section(page).locator(".digest");
  await expect(digests).toHaveCount(2);
  await page.emulateMedia({ media: "print" });
  const isCut = await digests.evaluateAll((all) => all.map((element) => getComputedStyle(element).whiteSpace === "nowrap"));
  expect(isCut).toEqual([false, false]);
});
