// @ts-check
import { expect, pinch, swipe, test } from "../archive.js";

test("a run is zoomed from the whole to single frames", async ({ page, run }) => {
  await page.goto(`${run.url}/?view=streams`);
  await page.getByRole("link", { name: "run.dat" }).click();
  const range = page.locator(".readout");
  await expect(range).toContainText(/Frames 0 to 10.999 .*smallest and largest/);
  await expect(page.getByText("1 000 in 1 place, shown as gaps".replace(" ", "\u202f"))).toBeVisible();
  const box = await page.locator(".stream-plot").boundingBox();
  if (!box) throw new Error("no plot");
  await page.mouse.move(box.x + 200, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + 400, box.y + 60, { steps: 4 });
  await page.mouse.up();
  await expect(range).not.toContainText("Frames 0 to");
  await page.getByRole("application").focus();
  for (let step = 0; step < 8; step += 1) {
    const before = await range.innerText();
    await page.keyboard.press("+");
    await expect(range).not.toHaveText(before);
  }
  await expect(range).toContainText(/\(16, .*every frame/);
  await page.keyboard.press("Home");
  await expect(range).toContainText(/Frames 0 to 10.999/);
});

test("channels are picked, and the address keeps them", async ({ page, run }) => {
  await page.goto(`${run.url}/?stream=1`);
  await expect(page.locator(".strip")).toHaveCount(4);
  await page.getByLabel("Channels: indices").fill("5,7-8");
  await page.getByLabel("Channels: indices").press("Enter");
  await expect(page.locator(".strip")).toHaveCount(3);
  await expect(page).toHaveURL(/channels=5%2C7-8/);
  await page.reload();
  await expect(page.locator(".strip")).toHaveCount(3);
  await page.getByRole("region", { name: "Channels", exact: true }).getByText("The same as a table").click();
  await expect(page.getByRole("row", { name: "7 – −0.78540 0.78540" })).toBeVisible();
});

test("the overview is a table too", async ({ page, run }) => {
  await page.goto(`${run.url}/?stream=1`);
  const all = page.getByRole("region", { name: "All channels" });
  await all.getByText("The same as a table").click();
  await expect(all.getByRole("row")).toHaveCount(65);
  await expect(all.getByRole("row", { name: /^63 \d/ })).toBeVisible();
});

test("a coarse picture says that it is one, shows how far the run is read, and becomes complete", async ({ page, run }) => {
  let complete = false;
  const standing = () => complete ? { complete: true, frames: 11_000, frames_read: 11_000, complete_until: 11_000, reading: null }
    : { complete: false, frames: 11_000, frames_read: 900, complete_until: 3_000, reading: { done: 3_300, total: 11_000, failure: null } };
  await page.route(/\/api\/v1\/streams\/1\/(overview|samples)/, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...await answer.json(), standing: standing() } });
  });
  let messages = "";
  await page.route(/\/api\/v1\/live/, (route) => route.fulfill({ contentType: "text/event-stream", body: `retry: 200\n\n${messages}` }));
  await page.goto(`${run.url}/?stream=1`);
  await expect(page.getByText("A first, coarse picture")).toBeVisible();
  await expect(page.getByText(/made of 8 % of the frames: peaks between them are not in it\. The run is being read, 30 % so far/)).toBeVisible();
  await expect(page.locator(".readout")).toContainText("a sample of each column");
  await expect(page.getByRole("progressbar")).toHaveAttribute("value", "0.3");
  complete = true;
  messages = `event: overview\ndata: ${JSON.stringify({ stream: 1, section: 0, done: 11_000, total: 11_000, complete: true, failure: null })}\n\n`;
  await expect(page.getByText("A first, coarse picture")).toBeHidden();
  await expect(page.locator(".readout")).toContainText("smallest and largest of each column");
});

test("two fingers zoom a run, one moves it", async ({ page, run }) => {
  await page.goto(`${run.url}/?stream=1`);
  const range = page.locator(".readout");
  await expect(range).toContainText(/Frames 0 to 10.999/);
  await pinch(page, ".stream-plot", 60, 240);
  await expect(range).not.toContainText(/Frames 0 to 10.999/);
  const zoomed = await range.innerText();
  await swipe(page, ".stream-plot", -120);
  await expect(range).not.toHaveText(zoomed);
});

test("a recording is begun, watched, closed and kept", async ({ page, empty }) => {
  await page.goto(`${empty.url}/?view=streams&show=recordings`);
  await expect(page.getByText("Nothing is being recorded.")).toBeVisible();
  await page.getByLabel("Channels").fill("16");
  await page.getByLabel("Frames a second").fill("800");
  await page.getByLabel("File; empty").fill("night.dat");
  await page.getByRole("button", { name: "Record", exact: true }).click();
  await page.getByRole("button", { name: "Start recording" }).click();
  const row = page.getByRole("row", { name: /night\.dat emulator, 16 channels at 800 Hz/ });
  await expect(row.getByText("recording", { exact: true })).toBeVisible();
  const records = row.getByRole("cell").nth(2);
  await expect.poll(async () => Number((await records.innerText()).replace(/\D/g, ""))).toBeGreaterThan(200);
  await page.getByRole("button", { name: "Close night.dat" }).click();
  await expect(row).toContainText("it was closed");
  await page.getByRole("button", { name: "Add night.dat" }).click();
  await expect(page.getByText("1 run", { exact: true })).toBeVisible();
  await row.getByRole("link", { name: "Open the run" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "night.dat" })).toBeVisible();
  await expect(page.locator(".strip")).toHaveCount(4);
});

test("a recording that is refused says why", async ({ browser, empty }) => {
  // A page of its own: a refusal is written to the console.
  const page = await browser.newPage();
  await page.goto(`${empty.url}/?view=streams&show=recordings`);
  await page.getByLabel("File; empty").fill("../outside.dat");
  await page.getByRole("button", { name: "Record", exact: true }).click();
  await page.getByRole("button", { name: "Start recording" }).click();
  await expect(page.getByText(/"\.\.\/outside\.dat" cannot be stored/).first()).toBeVisible();
  await expect(page.getByText("Nothing is being recorded.")).toBeVisible();
  await page.close();
});
