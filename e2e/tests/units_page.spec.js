// @ts-check
import { readFile } from "node:fs/promises";
import { expect, test } from "../archive.js";
import { violations } from "../axe.js";

test("the units are listed, and an event leads to its unit", async ({ page, full }) => {
  await page.goto(`${full.url}/?view=units`);
  await expect(page.getByRole("link", { name: "BE11529" })).toBeVisible();
  await page.goto(`${full.url}/?event=4`);
  await page.getByRole("definition").getByRole("link", { name: "BE11529" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Unit BE11529" })).toBeVisible();
});

test("each fact names the report that states it, and what none states is not stated", async ({ page, full }) => {
  await page.goto(`${full.url}/?view=unit&serial=BE11529&to=2026-06-30`);
  const state = page.getByRole("region", { name: "State" });
  await expect(state.getByText("6.3 Volts")).toBeVisible();
  await expect(state.getByText("March 3, 2026 by Instantel")).toBeVisible();
  await expect(state.getByText("✓ due on 2027-03-03, in 246 days")).toBeVisible();
  await expect(state.getByText("not stated")).toHaveCount(1);
  await expect(state.getByRole("link", { name: /^event \d+$/ }).first()).toBeVisible();
  await state.getByLabel("Months between calibrations").selectOption("6");
  await expect(state.getByText(/due on 2026-09-03/)).toBeVisible();
  await page.reload();
  await expect(state.getByText(/due on 2026-09-03/), "the choice is kept").toBeVisible();
});

test("a unit without a report states nothing, and nothing is invented", async ({ page, full }) => {
  await page.goto(`${full.url}/?view=unit&serial=BE12844`);
  const state = page.getByRole("region", { name: "State" });
  await expect(state.getByText("not stated")).toHaveCount(4);
  await expect(page.getByText("not known of the 30 days")).toBeVisible();
  await expect(page.getByText("Not stated: no event has a report.")).toBeVisible();
});

test("the strip is read by the keyboard, and goes to other days", async ({ page, full }) => {
  await page.goto(`${full.url}/?view=unit&serial=BE11529&to=2026-06-30`);
  const section = page.getByRole("region", { name: "Monitoring" });
  await section.getByRole("group", { name: /^Monitoring and events/ }).focus();
  await page.keyboard.press("Home");
  const readout = section.getByRole("status");
  await expect(readout).toContainText("2026-04-02");
  await expect(readout).toContainText("monitored: not known");
  await page.keyboard.press("End");
  await expect(readout).toContainText("2026-06-30");
  for (let day = 30; day > 12; day -= 1) await page.keyboard.press("ArrowLeft");
  await expect(readout).toContainText("2026-06-12");
  await expect(readout).toContainText("2 events");
  await section.getByRole("button", { name: "90 days →" }).click();
  await expect(section.getByRole("heading", { name: /2026-07-01 to 2026-09-28/ })).toBeVisible();
  await section.getByRole("button", { name: /Up to the latest event/ }).click();
  await expect(section.getByRole("heading", { name: /to 2026-06-26/ })).toBeVisible();
});

for (const scheme of /** @type {const} */ (["light", "dark"])) {
  test(`axe finds nothing on units, ${scheme}`, async ({ page, full }) => {
    await page.emulateMedia({ colorScheme: scheme });
    for (const [address, ready] of [["/?view=units", "tbody"], ["/?view=unit&serial=BE11529&to=2026-06-30", ".lane"], ["/?view=unit&serial=BE12844", ".lane"]]) {
      await page.goto(full.url + address);
      await expect(page.locator(/** @type {string} */ (ready)).first()).toBeVisible();
      expect(await violations(page), `${address} in ${scheme}`).toEqual([]);
    }
  });
}

test("monitor log files of the unit are listed as what they are and come back byte for byte", async ({ page, full }) => {
  const bytes = Uint8Array.from([0x10, 0, 1, 0x80, 0, 0, ...new TextEncoder().encode("Instantel"), 0, 7, 0x2c, 0x22, 1, 0x0e, 0xa0, 1, 2, 3]);
  const form = new FormData();
  form.append("files", new Blob([bytes]), "M529LKIQ.MLG");
  expect((await fetch(`${full.url}/api/v1/import`, { method: "POST", body: form })).status).toBe(200);
  await page.goto(`${full.url}/?view=unit&serial=BE11529`);
  const logs = page.getByRole("region", { name: "Monitor log files" });
  await expect(logs).toContainText("What is in them is not known");
  await expect(logs.getByRole("row", { name: /M529LKIQ\.MLG/ })).toContainText("of this unit by its name");
  const [download] = await Promise.all([page.waitForEvent("download"), logs.getByRole("link", { name: "M529LKIQ.MLG" }).click()]);
  expect(await readFile(await download.path())).toEqual(Buffer.from(bytes));
  expect(await violations(page)).toEqual([]);
});
