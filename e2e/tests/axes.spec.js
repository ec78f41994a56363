// @ts-check
/** Every number of an axis is shown whole. */
import { expect, test } from "../archive.js";

/** Notes where texts are written on canvases, relative to their edges. @param {import("@playwright/test").Page} page */
const watch = (page) => page.addInitScript(() => {
  /** @type {any} */ (window).cut = [];
  /** @type {any} */ (window).written = [];
  const original = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    const { e, a } = this.getTransform();
    const width = this.measureText(text).width * a;
    const at = x * a + e;
    const left = this.textAlign === "right" || this.textAlign === "end" ? at - width : this.textAlign === "center" ? at - width / 2 : at;
    /** @type {any} */ (window).written.push(text);
    if (left < -0.5 || left + width > this.canvas.width + 0.5) /** @type {any} */ (window).cut.push(`${text} from ${left} to ${left + width} of ${this.canvas.width}`);
    return original.call(this, text, x, y);
  };
});

/** @param {import("@playwright/test").Page} page */
const seen = (page) => page.evaluate(() => ({ cut: /** @type {any} */ (window).cut, written: /** @type {any} */ (window).written }));

for (const width of [360, 1280]) {
  test(`the largest and smallest counts of a stream are shown whole, ${width} px wide`, async ({ page, run }) => {
    await page.setViewportSize({ width, height: 800 });
    await watch(page);
    await page.route(/\/streams\/1\/samples/, async (route) => {
      const answer = await route.fetch();
      const json = await answer.json();
      for (const channel of json.channels) {
        if (channel.pairs) channel.pairs = channel.pairs.map((/** @type {any} */ pair) => pair && [-2147483648, 2147483647]);
      }
      await route.fulfill({ response: answer, json });
    });
    await page.goto(`${run.url}/?stream=1&unit=count`);
    await expect(page.locator(".strip")).toHaveCount(4);
    const { cut, written } = await seen(page);
    expect(written).toEqual(expect.arrayContaining(["−2 147 483 648".replaceAll(" ", "\u202f"), "2 147 483 647".replaceAll(" ", "\u202f")]));
    expect(cut).toEqual([]);
  });

  test(`the values beside the traces of an event are shown whole, ${width} px wide`, async ({ page, full }) => {
    await page.setViewportSize({ width, height: 800 });
    await watch(page);
    await page.route(/\/events\/\d+\/plot/, async (route) => {
      const answer = await route.fetch();
      const json = await answer.json();
      for (const channel of Object.values(json.channels)) channel.samples = channel.samples?.map((/** @type {number | null} */ value) => value && value * 1e10);
      await route.fulfill({ response: answer, json });
    });
    await page.goto(`${full.url}/?event=4`);
    await expect(page.locator(".uplot").first()).toBeVisible();
    await expect.poll(async () => (await seen(page)).written.some((/** @type {string} */ text) => text.length > 9)).toBe(true);
    // What was drawn before the axes were widened is drawn over.
    await page.evaluate(() => { /** @type {any} */ (window).cut.length = 0; });
    await page.getByLabel("Scale").selectOption("own");
    await page.getByLabel("Scale").selectOption("common");
    await page.waitForTimeout(200);
    expect((await seen(page)).cut).toEqual([]);
  });
}
