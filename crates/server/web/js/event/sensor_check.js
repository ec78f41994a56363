// @ts-check
/** The sensor check: what the report states of it, and the response that frequency and ratio describe. */

import { h, s } from "../dom.js";
import { channelColour } from "../theme.js";
import { NONE, fixed, frequencyText, readingText } from "../units.js";

/**
 * @typedef {{
 *   name: string, test_frequency?: import("../types.js").Frequency | null, test_ratio?: number | null,
 *   test_amplitude?: import("../types.js").Reading | null, test_results?: string | null
 * }} Stated
 */

const W = 56, H = 26;
/** Seconds that are drawn. */
const SPAN_S = 0.4;

/**
 * A swing that dies away: each half-period is smaller than the one before by the ratio of overswing. It is
 * drawn from the two numbers; the response itself is not in the report.
 * @param {number} hz @param {number} ratio @param {string} colour @param {string} words
 */
function response(hz, ratio, colour, words) {
  const points = Array.from({ length: W + 1 }, (_, x) => {
    const half = (x / W) * SPAN_S * 2 * hz;
    return `${x},${(H / 2 - (H / 2 - 2) * 1.6 * Math.sin(Math.PI * half) * ratio ** -half).toFixed(1)}`;
  });
  return s("svg", { viewBox: `0 0 ${W} ${H}`, width: W, height: H, role: "img", "aria-label": words },
    s("line", { x1: 0, x2: W, y1: H / 2, y2: H / 2, stroke: "currentColor", "stroke-opacity": 0.25 }),
    s("polyline", { points: points.join(" "), fill: "none", stroke: colour, "stroke-width": 1.4, "stroke-linejoin": "round" }));
}

/** Whether a result is one of a sensor that failed. @param {string | null | undefined} result */
const failed = (result) => /fail/i.test(result ?? "");

/**
 * The table of the sensor check; nothing where no report states one.
 * @param {import("../types.js").Sidecar} sidecar
 */
export function sensorCheck(sidecar) {
  const report = sidecar["bw_report"] ?? sidecar["extensions"]?.["idf_report"] ?? null;
  /** @type {Stated[]} */
  const all = Array.isArray(report?.channels) ? report.channels : [];
  const stated = all.filter((one) => one.test_results || one.test_frequency || typeof one.test_ratio === "number" || one.test_amplitude);
  if (stated.length === 0) return null;
  const hertz = (/** @type {Stated} */ one) => (one.test_frequency ? `${frequencyText(one.test_frequency)} Hz` : NONE);
  return h("div", { class: "sensor-check" },
    h("table", { class: "plain numbers" },
      h("caption", null, "Sensor check, as the report states"),
      h("thead", null, h("tr", null, h("td", null), ["Result", "Hz", "Ratio", "Response"].map((word) => h("th", { scope: "col" }, word)))),
      h("tbody", null, stated.map((one) => {
        const head = h("th", { scope: "row" }, one.name);
        const colour = channelColour(all.indexOf(one));
        head.style.color = colour;
        const ratio = typeof one.test_ratio === "number" ? one.test_ratio : null;
        const hz = one.test_frequency?.hz ?? null;
        // Without two swings that differ there is nothing to draw.
        const drawn = hz !== null && hz > 0 && ratio !== null && ratio > 1 && response(hz, ratio, colour, `A response of ${hertz(one)} with ratio ${fixed(ratio, 1)}`);
        return h("tr", null, head,
          h("td", null, failed(one.test_results) ? h("strong", { class: "bad" }, "✗ ", one.test_results) : one.test_results ?? NONE),
          h("td", null, one.test_frequency ? frequencyText(one.test_frequency) : NONE),
          h("td", null, ratio !== null ? fixed(ratio, 1) : one.test_amplitude ? readingText(one.test_amplitude, one.test_amplitude.unit) : NONE),
          h("td", null, drawn || NONE));
      }))),
    h("p", { class: "small" }, `Responses over ${SPAN_S} s, drawn from frequency and ratio; the recording of the check is not in the report.`));
}
