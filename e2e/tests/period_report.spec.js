// @ts-check
/** The report of a month, from the list of events to the file. */
import { readFile } from "node:fs/promises";
import { expect, test } from "../archive.js";
import { violations } from "../axe.js";

/** @param {import("@playwright/test").Page} page @param {string} button @returns {Promise<{ name: string, bytes: Buffer }>} */
async function saved(page, button) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: button }).click()]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

/** The events of a CSV of a report: lines without the heading. @param {Buffer} bytes */
const rows = (bytes) => bytes.toString("utf8").trim().split("\n").slice(1);

test("a month of a project becomes a PDF, a workbook and a table, by the filters of the list", async ({ page, full }) => {
  await page.goto(full.url);
  const { events } = await (await fetch(`${full.url}/api/v1/events?limit=100`)).json();
  const { project } = events.find((/** @type {any} */ event) => event.project && event.timestamp?.startsWith("2026-06"));
  await page.goto(`${full.url}/?${new URLSearchParams({ project, from: "2026-06-01", to: "2026-06-30" })}`);
  await page.getByRole("button", { name: "Report …" }).click();
  const form = page.getByRole("dialog", { name: "Report of a period" });
  await expect(form).toContainText(`project ${project}`);
  expect(await violations(page)).toEqual([]);
  await form.getByLabel("Period", { exact: true }).selectOption("a month");
  await form.getByLabel("Month").fill("2026-06");
  await form.getByLabel("Language").selectOption("Deutsch");
  const pdf = await saved(page, "Write the report");
  expect(pdf.name).toBe("report-2026-06.pdf");
  expect(pdf.bytes.subarray(0, 5).toString()).toBe("%PDF-");
  await expect(page.getByText(/^Report of \d+ events?, \d+ above a level$/).first()).toBeVisible();
  await expect(form).toBeHidden();

  await page.getByRole("button", { name: "Report …" }).click();
  await expect(form.getByLabel("First day")).toHaveValue("2026-06-01");
  await form.getByLabel("Format").selectOption("csv");
  const csv = await saved(page, "Write the report");
  expect(csv.name).toBe("report-2026-06-01..2026-06-30.csv");
  const expected = events.filter((/** @type {any} */ event) => event.project === project && event.timestamp?.startsWith("2026-06") && event.kind !== "stream");
  expect(rows(csv.bytes)).toHaveLength(expected.length);

  await page.getByRole("button", { name: "Report …" }).click();
  await form.getByLabel("Format").selectOption("xlsx");
  expect((await saved(page, "Write the report")).bytes.subarray(0, 2).toString()).toBe("PK");

  // The pages of single events are in the language that was chosen last.
  await page.goto(`${full.url}/?event=${events[0].id}`);
  const link = page.getByRole("link", { name: "Report PDF (de)" });
  await expect(link).toHaveAttribute("href", /[?&]language=de(&|$)/);
});

test("what the server refuses stands at its field, and the form stays", async ({ browser, full }) => {
  // A page of its own: a refused request is written to the console.
  const page = await browser.newPage();
  await page.goto(full.url);
  await page.getByRole("button", { name: "Report …" }).click();
  const form = page.getByRole("dialog", { name: "Report of a period" });
  await form.getByLabel("Period", { exact: true }).selectOption("other days");
  await form.getByLabel("First day").fill("2026-06-30");
  await form.getByLabel("Last day").fill("2026-06-01");
  await form.getByRole("button", { name: "Write the report" }).click();
  await expect(form.getByLabel("First day")).toHaveAttribute("aria-invalid", "true");
  await form.getByLabel("Event pages").fill("900");
  await form.getByLabel("Last day").fill("2026-07-01");
  await form.getByRole("button", { name: "Write the report" }).click();
  await expect(form.getByLabel("Event pages")).toHaveAttribute("aria-invalid", "true");
  await form.getByRole("button", { name: "Cancel" }).click();
  await expect(form).toBeHidden();
});
