// @ts-check
/** One unit setting holds everywhere: no part of the page, and nothing asked for from it, shows another unit. */
import { expect, target, test } from "../archive.js";

/** @typedef {import("@playwright/test").Page} Page */

/** @param {Page} page @param {"in/s" | "mm/s"} velocity @param {string} pressure */
async function choose(page, velocity, pressure) {
  await page.getByLabel("Unit of velocity").selectOption(velocity);
  await page.getByLabel("Unit of air pressure").selectOption(pressure);
}

/** What is read on the page, without the choices of its settings. @param {Page} page */
const words = (page) => page.evaluate(() => {
  const copy = /** @type {HTMLElement} */ (document.body.cloneNode(true));
  copy.querySelectorAll("#settings, script, option").forEach((element) => element.remove());
  const labels = [...copy.querySelectorAll("[aria-label], [title], [placeholder]")].flatMap((element) => ["aria-label", "title", "placeholder"].map((name) => element.getAttribute(name) ?? ""));
  // Parquet has one schema, and its button says which units that are.
  return `${copy.textContent} ${labels.filter((label) => !label.includes("Parquet")).join(" ")}`;
});

/** Units that must not be there. */
const FOREIGN = { "in/s": /\bmm\/s|\d mm\b|\bPa\b/, "mm/s": /\bin\/s|\d\.\d+ in\b|\bpsi\b/ };

test("every curve, event and part of the page is in the units of the page", async ({ page, full }) => {
  test.setTimeout(120_000);
  const { events } = await (await fetch(`${full.url}/api/v1/events?limit=100`)).json();
  const kinds = ["M529LMOK.DK0W", "M529LMP3.O00H", "M529LN1C.QE0W", "M529LNE5.390"];
  for (const file of kinds) {
    const { id } = events.find((/** @type {{ filename: string }} */ event) => event.filename === file);
    await page.goto(`${full.url}/?event=${id}`);
    await expect(page.locator(".outcome")).toBeVisible();
    const curves = await page.locator("#curve option").evaluateAll((all) => all.map((one) => /** @type {HTMLOptionElement} */ (one).value));
    for (const [velocity, pressure] of /** @type {const} */ ([["mm/s", "Pa"], ["in/s", "psi"]])) {
      await choose(page, velocity, pressure);
      for (const curve of file === kinds[0] ? curves : curves.slice(0, 8)) {
        await page.getByLabel("Limit curve").selectOption(curve);
        const name = await page.locator(`#curve option[value="${curve}"]`).innerText();
        await expect(page.locator(".verdict dd").first()).toHaveText(name);
        await expect.poll(() => words(page), `${file}, ${curve} in ${velocity}`).not.toMatch(FOREIGN[velocity]);
      }
    }
  }
});

test("the filter of the list, its label and its value follow the unit, however often it changes", async ({ page, full }) => {
  await page.goto(`${full.url}/?min_ppv_in_s=0.2`);
  await expect(page.locator(".total")).toContainText("matching the filters");
  for (const [unit, value] of /** @type {const} */ ([["mm/s", "5.08"], ["in/s", "0.2"], ["mm/s", "5.08"], ["in/s", "0.2"]])) {
    await page.getByLabel("Unit of velocity").selectOption(unit);
    await expect(page.getByLabel(`PPV of at least, ${unit}`)).toHaveValue(value);
    await expect(page.locator(".filters .unit")).toHaveText(unit);
    await expect(page.getByRole("columnheader", { name: /^PPV/ })).toContainText(unit);
  }
  await page.getByLabel("Unit of velocity").selectOption("mm/s");
  await page.getByLabel("PPV of at least, mm/s").fill("25.4");
  await page.getByLabel("PPV of at least, mm/s").press("Enter");
  await expect(page).toHaveURL(/min_ppv_in_s=1$/);
});

test("a unit that is changed in one tab is changed as a whole in the other", async ({ page, full, context }) => {
  await page.goto(full.url);
  await expect(page.locator(".tr[data-id]").first()).toBeVisible();
  const other = await context.newPage();
  await other.goto(full.url);
  await choose(other, "mm/s", "Pa");
  await other.close();
  await expect(page.getByLabel("Unit of velocity")).toHaveValue("mm/s");
  await expect(page.getByLabel("Unit of air pressure")).toHaveValue("Pa");
  await expect(page.getByRole("columnheader", { name: /^PPV/ })).toContainText("mm/s");
  await expect(page.locator(".filters .unit")).toHaveText("mm/s");
  await expect(page.getByRole("row", { name: /2026-06-12 14:03:20/ })).toContainText("10.41");
});

test("PDF and CSV of an event are asked for in the units of the page", async ({ page, full }) => {
  await page.goto(`${full.url}/?text=M529LMOK`);
  await page.locator(".tr[data-id]").first().click();
  await expect(page.locator(".outcome")).toBeVisible();
  const column = async () => {
    const href = await target(page.getByRole("link", { name: "CSV", exact: true }));
    const [head = "", ...lines] = (await (await fetch(href)).text()).trim().split("\n");
    return { head, tran: lines.map((line) => Number(line.split(",")[1])), mic: lines.map((line) => Number(line.split(",")[4])) };
  };
  await choose(page, "in/s", "psi");
  const imperial = await column();
  await choose(page, "mm/s", "Pa");
  const metric = await column();
  expect(imperial.head).toBe("time_s,Tran (in/s),Vert (in/s),Long (in/s),MicL (psi)");
  expect(metric.head).toBe("time_s,Tran (mm/s),Vert (mm/s),Long (mm/s),MicL (Pa)");
  metric.tran.forEach((value, index) => expect(value).toBeCloseTo((imperial.tran[index] ?? NaN) * 25.4, 9));
  metric.mic.forEach((value, index) => expect(value).toBeCloseTo((imperial.mic[index] ?? NaN) * 6894.757293168, 6));
  await page.getByLabel("Limit curve").selectOption("osmre-distance");
  await page.getByLabel("Distance to the blast in feet").fill("400");
  await page.getByLabel("Distance to the blast in feet").press("Enter");
  const pdf = page.getByRole("link", { name: "Report PDF" });
  await expect(pdf).toHaveAttribute("href", /curve=osmre-distance&distance_ft=400&velocity=mm%2Fs&pressure=Pa$/);
  expect((await fetch(await target(pdf))).headers.get("content-type")).toBe("application/pdf");
});

test("the table as CSV and on paper is in the units of the page", async ({ page, full }) => {
  await page.addInitScript(() => {
    window.print = () => document.querySelectorAll(".paper-list").forEach((list) => list.after(list.cloneNode(true)));
  });
  await page.goto(`${full.url}/?min_ppv_in_s=0.2&text=M529LMOK`);
  await choose(page, "mm/s", "Pa");
  const href = await target(page.getByRole("link", { name: "CSV", exact: true }));
  const [head = "", line = ""] = (await (await fetch(href)).text()).split("\r\n");
  const names = head.split(",");
  expect(names).toEqual(expect.arrayContaining(["ppv_mm_s", "tran_mm_s", "pvs_mm_s", "mic_pa", "mic_db_l"]));
  expect(head).not.toMatch(/in_s|psi/);
  expect(Number(line.split(",")[names.indexOf("ppv_mm_s")])).toBeCloseTo(10.414, 3);
  await page.getByRole("button", { name: "Print" }).click();
  await expect(page.locator(".paper-list caption")).toHaveText(/^1 event, with PPV ≥ 5\.08 mm\/s, text “M529LMOK”/);
  expect(await page.locator(".paper-list").textContent()).not.toMatch(FOREIGN["mm/s"]);
});

test("a unit that the server does not know is refused with the units that it knows", async ({ full }) => {
  for (const path of ["events/1/csv", "events/1/report.pdf", "export"]) {
    for (const [query, expected] of [["velocity=m/s", "in/s or mm/s was expected"], ["pressure=bar", "dB(L), Pa or psi was expected"]]) {
      const answer = await fetch(`${full.url}/api/v1/${path}?${query}`);
      expect(answer.status, path).toBe(422);
      expect((await answer.json()).detail).toContain(expected);
    }
  }
});
