// @ts-check
/** The changes of a review with their authors, the latest first. */

import { get } from "../api.js";
import { h, renew } from "../dom.js";
import { utcText } from "../units.js";

/** @typedef {import("../types.js").ReviewEntry} ReviewEntry */

/** @param {unknown} value */
const shown = (value) => value === undefined || value === null || value === "" ? "nothing" : value === true ? "yes" : value === false ? "no" : `“${String(value)}”`;

/** @param {unknown} text */
const corrected = (text) => (text === undefined || text === null ? "as the unit has it" : text === "" ? "none" : `“${String(text)}”`);

/** @param {ReviewEntry} entry */
function words(entry) {
  const before = entry.before["review"] ?? {}, after = entry.after["review"] ?? {};
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => name !== "reviewed_at" && name !== "reviewer");
  /** Corrections are one member, with a text for each field. */
  const texts = [...new Set([...Object.keys(before["corrections"] ?? {}), ...Object.keys(after["corrections"] ?? {})])]
    .filter((name) => before["corrections"]?.[name] !== after["corrections"]?.[name])
    .map((name) => `${name} corrected: ${corrected(before["corrections"]?.[name])} → ${corrected(after["corrections"]?.[name])}`);
  const changes = texts.concat(names.filter((name) => name !== "corrections").map((name) => `${name.replaceAll("_", " ")}: ${shown(before[name])} → ${shown(after[name])}`));
  return (entry.undoes ? `undid change ${entry.undoes}: ` : "") + (changes.join("; ") || "marked as reviewed");
}

/** @param {HTMLElement} place @param {number} id @param {AbortSignal} signal */
export async function showLog(place, id, signal) {
  /** @type {ReviewEntry[]} */
  const entries = await get(`/events/${id}/log`, signal);
  renew(place, h("h2", null, "Review log"),
    entries.length === 0 ? h("p", { class: "small" }, "This event has not been reviewed.")
      : h("ol", { class: "log", reversed: true }, entries.map((entry) => h("li", null, h("b", null, entry.who), " ", words(entry), h("span", { class: "zone" }, ` ${utcText(entry.at)}`)))));
}
