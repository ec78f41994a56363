// @ts-check
import { expect, test } from "../archive.js";

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
  await page.getByLabel("Channels: places").fill("5,7-8");
  await page.getByLabel("Channels: places").press("Enter");
  await expect(page.locator(".strip")).toHaveCount(3);
  await expect(page).toHaveURL(/channels=5%2C7-8/);
  await page.reload();
  await expect(page.locator(".strip")).toHaveCount(3);
  await page.getByText("The same as a table").click();
  await expect(page.getByRole("row", { name: "7 −8 192 8 192".replaceAll("8 192", "8\u202f192") })).toBeVisible();
});
