// @ts-check
/** Behind a proxy, below a path that is not the root. */
import { request, createServer } from "node:http";
import { join } from "node:path";
import { addToken, expect, serve, test } from "../archive.js";

/** A proxy that passes all below /office/wavekeep/ to a Unix socket, path included. @param {string} socketPath @returns {Promise<{ port: number, foreign: string[], end: () => void }>} */
async function proxy(socketPath) {
  /** @type {string[]} */
  const foreign = [];
  const server = createServer((from, to) => {
    if (!from.url?.startsWith("/office/wavekeep/")) {
      // Browsers ask for it by themselves.
      if (from.url !== "/favicon.ico") foreign.push(String(from.url));
      to.writeHead(404).end();
      return;
    }
    const headers = { ...from.headers, "x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "http" };
    const passed = request({ socketPath, path: from.url, method: from.method, headers }, (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(to);
    });
    passed.on("error", () => to.destroy());
    to.on("close", () => passed.destroy());
    from.pipe(passed);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(null)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return { port: address.port, foreign, end: () => { server.close(); server.closeAllConnections(); } };
}

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
