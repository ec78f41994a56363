// @ts-check
/** Behind a proxy, below a path that is not the root. */
import { join } from "node:path";
import { addToken, expect, serve, test } from "../archive.js";
import { proxy } from "../proxy.js";

test("people sign in, review and see changes below a path", async ({ browser, folder, full }) => {
  await full.end();
  const token = addToken(folder, "the office", "admin");
  const socket = join(folder, "..", `${folder.split("/").pop()}.sock`);
  const before = await proxy(socket);
  const url = `http://127.0.0.1:${before.port}/office/wavekeep/`;
  const server = await serve(folder, ["--public-url", url, "--trusted-proxy", "127.0.0.1"], `unix:${socket}`);
  const context = await browser.newContext();
  const [page, other] = [await context.newPage(), await context.newPage()];
  await page.goto(url);
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.locator(".who-is")).toHaveText("the office (admin)");
  await expect(page.locator(".tr[data-id]").first()).toBeVisible();
  await other.goto(`${url}?event=1`);
  await page.getByRole("row", { name: /2026-06-26/ }).focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/office\/wavekeep\/\?.*event=/);
  await page.keyboard.press("f");
  await expect(page.getByRole("button", { name: /^False trigger/ })).toHaveAttribute("aria-pressed", "true");
  const shown = new URL(page.url());
  await other.goto(`${url}?event=${shown.searchParams.get("event")}`);
  await expect(other.getByRole("button", { name: /^False trigger/ })).toHaveAttribute("aria-pressed", "true");
  // Live changes: what is undone here is seen there.
  await page.keyboard.press("r");
  await expect(other.getByRole("button", { name: /^Real event/ })).toHaveAttribute("aria-pressed", "true");
  for (const name of ["Streams", "Import", "Events"]) {
    await page.getByRole("link", { name, exact: true }).first().click();
    await expect(page).toHaveURL(/\/office\/wavekeep\//);
  }
  await page.goto(`${url}docs`);
  await expect(page.getByText("An archive of instrument recordings")).toBeVisible();
  expect(before.foreign).toEqual([]);
  await context.close();
  before.end();
  await server.end();
});
