// @ts-check
/** People sign in with an identity provider, at the root and below a path; who has no role is refused. */
import { join } from "node:path";
import { addToken, expect, serve, test } from "../archive.js";
import { violations } from "../axe.js";
import { identityProvider, signInWith } from "../provider.js";
import { proxy } from "../proxy.js";

test("a user signs in with a provider, reviews, and signs out", async ({ browser, folder, full }) => {
  await full.end();
  const provider = await identityProvider();
  const server = await serve(folder, signInWith(provider));
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${server.url}/?event=1`);
  const dialog = page.getByRole("dialog", { name: "Sign in" });
  const link = dialog.getByRole("link", { name: "Sign in with Office" });
  await expect(link).toBeFocused();
  await expect(dialog.getByLabel("Token")).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "Continue as kim" }).click();
  await expect(page).toHaveURL(`${server.url}/?event=1`);
  await expect(page.locator(".who-is")).toHaveText("kim (review)");
  await expect(page.locator(".who-is")).toHaveAttribute("title", "Signed in as “kim”, role review");
  await page.keyboard.press("f");
  await expect(page.getByRole("button", { name: /^False trigger/ })).toHaveAttribute("aria-pressed", "true");
  await expect(page.locator(".log, .ledger").getByText("kim").first()).toBeVisible();
  // Live changes come to a second page, which needs no second sign-in.
  const other = await context.newPage();
  await other.goto(`${server.url}/?event=1`);
  await expect(other.getByRole("button", { name: /^False trigger/ })).toHaveAttribute("aria-pressed", "true");
  await page.keyboard.press("r");
  await expect(other.getByRole("button", { name: /^Real event/ })).toHaveAttribute("aria-pressed", "true");
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(dialog).toBeVisible();
  const left = (await context.cookies()).map((cookie) => cookie.name);
  expect(left.filter((name) => name !== "wavekeep_signing_in")).toEqual([]);
  await other.reload();
  await expect(other.getByRole("dialog", { name: "Sign in" })).toBeVisible();
  await context.close();
  provider.end();
  await server.end();
});

test("who has no role is refused on a page that leads back", async ({ browser, folder, full }) => {
  await full.end();
  const provider = await identityProvider();
  provider.user.groups = ["others"];
  const server = await serve(folder, signInWith(provider));
  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    const context = await browser.newContext({ colorScheme });
    const page = await context.newPage();
    await page.goto(server.url);
    await page.getByRole("link", { name: "Sign in with Office" }).click();
    await page.getByRole("link", { name: "Continue as kim" }).click();
    await expect(page.getByRole("heading", { name: "No access to this archive" })).toBeVisible();
    await expect(page.getByText("“kim”")).toBeVisible();
    expect(await violations(page)).toEqual([]);
    // As somebody else, whom the provider asks for anew.
    provider.user.name = "sam";
    provider.user.groups = ["office"];
    await page.getByRole("link", { name: "Sign in with Office" }).click();
    await expect(page).toHaveURL(/prompt=login/);
    await page.getByRole("link", { name: "Continue as sam" }).click();
    await expect(page.locator(".who-is")).toHaveText("sam (review)");
    await context.close();
    provider.user.name = "kim";
    provider.user.groups = ["others"];
  }
  provider.end();
  await server.end();
});

test("a token is an alternative, and a provider that is down is named", async ({ browser, folder, full }) => {
  await full.end();
  const token = addToken(folder, "the office", "admin");
  const provider = await identityProvider();
  provider.end();
  const server = await serve(folder, signInWith(provider));
  const page = await browser.newPage();
  await page.goto(server.url);
  await page.getByRole("link", { name: "Sign in with Office" }).click();
  await expect(page.getByRole("heading", { name: "Office does not answer" })).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await page.getByRole("link", { name: "Back to the archive" }).click();
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.locator(".who-is")).toHaveText("the office (admin)");
  await page.close();
  await server.end();
});

test("people sign in with a provider below a path", async ({ browser, folder, full }) => {
  await full.end();
  const provider = await identityProvider();
  const socket = join(folder, "..", `${folder.split("/").pop()}.sock`);
  const before = await proxy(socket);
  const url = `http://127.0.0.1:${before.port}/office/wavekeep/`;
  const server = await serve(folder, ["--public-url", url, "--trusted-proxy", "127.0.0.1", ...signInWith(provider)], `unix:${socket}`);
  const page = await browser.newPage();
  await page.goto(`${url}?view=streams`);
  await page.getByRole("link", { name: "Sign in with Office" }).click();
  await page.getByRole("link", { name: "Continue as kim" }).click();
  await expect(page).toHaveURL(`${url}?view=streams`);
  await expect(page.locator(".who-is")).toHaveText("kim (review)");
  provider.user.groups = [];
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("link", { name: "Sign in with Office" }).click();
  await page.getByRole("link", { name: "Continue as kim" }).click();
  await expect(page.getByRole("heading", { name: "No access to this archive" })).toBeVisible();
  // Its looks and links are below the path, too.
  await page.getByRole("link", { name: "Back to the archive" }).click();
  await expect(page).toHaveURL(url);
  expect(before.foreign).toEqual([]);
  await page.close();
  before.end();
  provider.end();
  await server.end();
});
