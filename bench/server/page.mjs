/**
 * Measures the page in a browser and prints a table in Markdown.
 *
 *     node bench/server/page.mjs [RUN.dat]
 *
 * One and four traces of a million samples, made in the page and drawn by the page's own code: the time
 * from the data to the frame that shows them, and the work and the rhythm of zooming. With a run, the
 * time from asking for its page to its first pictures, and that of a part of a channel over HTTP; the run
 * is adopted in place by an archive of its own, which is removed again. Chromium draws without a graphics card. The
 * browser is that of `make e2e`, which also installs what is needed here; `WAVEKEEP` names the program;
 * without it, the release build is measured.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "..", "..");
const { chromium } = createRequire(join(ROOT, "e2e", "package.json"))("@playwright/test");
const PROGRAM = process.env["WAVEKEEP"] ?? join(ROOT, "target", "release", "wavekeep");
const RUN = process.argv[2];
const ARGS = ["--no-sandbox", "--disable-gpu"];

const folder = mkdtempSync(join(tmpdir(), "wavekeep-page-"));
const program = (...args) => execFileSync(PROGRAM, args, { stdio: ["ignore", "ignore", "inherit"] });
program("import", "--archive", folder, join(ROOT, "samples", "M529LKIQ.7M0W"));
if (RUN) program("import", "--archive", folder, "--adopt", resolve(RUN));

// The tests' own way to start one.
process.env["WAVEKEEP_BIN"] = PROGRAM;
const { serve } = await import("../../e2e/archive.js");
const { url, end } = await serve(folder);
const browser = await chromium.launch({ executablePath: process.env["WAVEKEEP_CHROMIUM"] ?? "/usr/bin/chromium", args: ARGS });
const rows = [];
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
  await page.goto(`${url}/?event=1`);
  await page.locator(".uplot").first().waitFor();
  const draw = (count) => page.evaluate(async (count) => {
    const { Extremes } = await import("/js/plot/extremes.js");
    const { PlotGroup } = await import("/js/plot/group.js");
    const n = 1_000_000;
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const channels = Array.from({ length: count }, (_, channel) =>
      Float64Array.from({ length: n }, (_, at) => Math.sin(at / (50 + channel)) * Math.sin(at / 90_001) + Math.sin(at * 12.9898) * 0.2));
    const place = document.querySelector(".plots").parentElement;
    const middle = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
    const paints = [];
    let group;
    for (let turn = 0; turn < 5; turn += 1) {
      group?.destroy();
      place.replaceChildren();
      await frame();
      const begun = performance.now();
      group = new PlotGroup({ t0: 0, dt: 1 / 1024, n, bars: false, startLocal: null, xLabel: "time" }, "bench");
      place.append(group.element);
      const traces = channels.map((values, at) => ({
        name: `c${at}`, unit: "in/s", colour: "#246", extremes: new Extremes(values), shown: (value) => value, low: -1.3, high: 1.3,
        gaps: [], peakIndex: null, halfWave: null, trigger: true,
      }));
      group.show(traces, () => document.createElement("div"));
      // The frame after the one in which it is drawn begins when that one is shown.
      await frame();
      await frame();
      paints.push(performance.now() - begun);
    }
    const works = [];
    const rhythm = [];
    let last = await frame();
    for (let turn = 0; turn < 120; turn += 1) {
      group.zoom(turn < 60 ? 0.9 : 1 / 0.9, 500);
      const begun = performance.now();
      for (const plot of group.plots) plot.draw();
      works.push(performance.now() - begun);
      const now = await frame();
      rhythm.push(now - last);
      last = now;
    }
    return { first: middle(paints), work: middle(works), worst: Math.max(...works), rhythm: middle(rhythm) };
  }, count);
  const ms = (value) => `${value.toFixed(1)} ms`;
  for (const [count, what] of [[1, "a trace of 1,000,000 samples"], [4, "four of them, linked"]]) {
    const found = await draw(count);
    rows.push([`${what}: from the data to the frame that shows it`, ms(found.first)]);
    rows.push(["a zoom: its work, median and worst of 120", `${ms(found.work)}, ${ms(found.worst)}`]);
    rows.push(["frame to frame while zooming, every zoom drawn twice", ms(found.rhythm)]);
  }
  if (RUN) {
    const streams = await (await fetch(`${url}/api/v1/streams`)).json();
    const { id } = (streams.streams ?? streams)[0];
    const begun = performance.now();
    await page.goto(`${url}/?stream=${id}`);
    await page.waitForFunction(() => document.querySelector(".stream .readout")?.textContent && document.querySelector(".strips canvas"));
    rows.push(["a run: from asking for its page to its first pictures", ms(performance.now() - begun)]);
    const parts = [];
    for (let turn = 0; turn < 20; turn += 1) {
      const asked = performance.now();
      const answer = await fetch(`${url}/api/v1/streams/${id}/samples?channels=7&first=${turn * 1000}&end=${turn * 1000 + 4000}&points=1200`);
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`samples: ${answer.status}`);
      parts.push(performance.now() - asked);
    }
    rows.push(["4,000 frames of one channel of it, over HTTP", ms(parts.toSorted((a, b) => a - b)[10])]);
  }
} finally {
  await browser.close();
  await end();
  rmSync(folder, { recursive: true });
}
console.log("| what | measured |\n|---|---|");
for (const [what, measured] of rows) console.log(`| ${what} | ${measured} |`);
