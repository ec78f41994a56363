// @ts-check
/** Pictures of streams as tables, for readers who do not see them. */

import { h } from "../dom.js";
import { extentOf } from "./canvas.js";

/** @typedef {import("./values.js").Values} Values */

/** @param {string} label @param {string} caption @param {string[]} head @param {import("../dom.js").Child[]} rows */
const table = (label, caption, head, rows) => h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": label }, h("table", { class: "plain" }, h("caption", null, caption),
  h("thead", null, h("tr", null, head.map((word) => h("th", { scope: "col" }, word)))), h("tbody", null, rows)));

/** @param {string} name @param {string[]} cells */
const line = (name, cells) => h("tr", null, h("th", { scope: "row" }, name), cells.map((cell) => h("td", null, cell)));

/** @param {import("./types.js").Overview} overview @param {(index: number) => string} name @param {Values} values */
export function movements(overview, name, values) {
  const rows = overview.row_channels.map(([from, end], row) => {
    const cells = overview.cells.slice(row * overview.columns, (row + 1) * overview.columns).flatMap((cell) => (cell === null ? [] : [cell]));
    const most = cells.reduce((a, b) => Math.max(a, b), 0), least = cells.reduce((a, b) => Math.min(a, b), Infinity);
    return line(end - from > 1 ? `${name(from)} to ${name(end - 1)}` : name(from), cells.length ? [values.text(least), values.text(most)] : ["missing", "missing"]);
  });
  return table("How far channels move", `How many ${values.unit} a channel moves within a column${overview.standing.complete ? "" : ", as far as the frames were read"}`, ["Channel", "Least", "Most"], rows);
}

/** @param {import("./types.js").StreamSamples} samples @param {Values} values */
export function extents(samples, values) {
  const rows = samples.channels.map((channel) => {
    const [low, high] = (extentOf(channel) ?? []).map((value) => values.text(value));
    return line(String(channel.name ?? channel.index), [channel.frequency_mhz === null ? "–" : `${channel.frequency_mhz} MHz`, low ?? "missing", high ?? "missing"]);
  });
  return table("Channels as a table", `Smallest and largest value in ${values.unit} of the frames that ${samples.standing && !samples.standing.complete ? "were read so far: not of all that are shown" : "are shown"}`, ["Channel", "Frequency", "Smallest", "Largest"], rows);
}
