// @ts-check
/** The traces as a table, for readers who do not see them. */

import { h } from "../dom.js";
import { Extremes } from "../plot/extremes.js";
import { fixed, localText, sampleText } from "../units.js";

/** @typedef {import("../types.js").PlotDocument} PlotDocument */
/** @typedef {import("./overlay.js").Overlay} Overlay */

/** Rows of the table. */
const ROWS = 40;

/** @param {PlotDocument} plot @param {Map<string, Float64Array>} values @param {Overlay | null} overlay An event that is drawn over this one. */
export function largestByTime(plot, values, overlay) {
  const axis = plot.time_axis;
  const t0 = axis.t0 ?? 0, dt = axis.dt ?? 1;
  const names = Object.keys(plot.channels);
  const parts = Math.min(ROWS, axis.n);
  const found = new Map(names.map((name) => [name, new Extremes(values.get(name) ?? new Float64Array())]));
  const beside = names.filter((name) => overlay?.of(name));
  const rows = Array.from({ length: parts }, (_, part) => {
    const first = Math.floor((axis.n * part) / parts);
    const end = Math.floor((axis.n * (part + 1)) / parts);
    const label = axis.histogram_aggregated ? localText(axis.interval_times?.[first] ?? `interval ${first + 1}`) : `${fixed(t0 + first * dt, 3)} s`;
    return h("tr", null, h("th", { scope: "row" }, label),
      names.map((name) => h("td", null, largest(/** @type {Extremes} */ (found.get(name)), first, end, plot.channels[name]?.unit ?? ""))),
      beside.map((name) => {
        const over = overlay?.of(name);
        if (!over) return h("td", null, "–");
        // Its own samples from the same time on to the same time.
        const index = (/** @type {number} */ t) => Math.min(Math.max(Math.ceil((t - over.t0) / over.dt - 1e-6), 0), over.extremes.values.length);
        const [from, to] = [index(t0 + first * dt), index(t0 + end * dt)];
        return h("td", null, to > from ? largest(over.extremes, from, to, overlay?.unitOf(name) ?? "") : "not recorded");
      }));
  });
  return h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Largest values by time" }, h("table", { class: "plain" },
    h("caption", null, "The largest absolute value in each part"),
    h("thead", null, h("tr", null, h("th", { scope: "col" }, "From"), names.map((name) => h("th", { scope: "col" }, name)), beside.map((name) => h("th", { scope: "col" }, `${name}, event ${overlay?.id}`)))), h("tbody", null, rows)));
}

/** @param {Extremes} extremes @param {number} first @param {number} end @param {string} unit */
function largest(extremes, first, end, unit) {
  const { low, high, missing } = extremes.of(first, end);
  if (low < 0) return "missing";
  const value = Math.max(Math.abs(extremes.values[low] ?? 0), Math.abs(extremes.values[high] ?? 0));
  return [sampleText(value, unit), missing ? " (some missing)" : ""];
}
