// @ts-check
/** The page that describes the interface for programs. */
import { expect, test } from "../archive.js";

test("the interface is described on a page that needs nothing from elsewhere", async ({ page, full }) => {
  /** @type {string[]} */
  const elsewhere = [];
  page.on("request", (request) => { if (!request.url().startsWith(full.url) && !request.url().startsWith("data:")) elsewhere.push(request.url()); });
  await page.goto(`${full.url}/docs/`);
  await expect(page.getByRole("heading", { name: /wavekeep/i }).first()).toBeVisible();
  const one = page.locator(".opblock", { hasText: "/api/v1/events/{id}/verdict" });
  await one.locator(".opblock-summary-control").click();
  await expect(one.getByText("Parameters").first()).toBeVisible();
  expect(elsewhere).toEqual([]);
});
