// @ts-check
/** The columns of the table of events. */

import { h } from "../dom.js";
import { localText, pressureText, velocityText, velocityUnit } from "../units.js";
import { pref } from "../prefs.js";

/** @typedef {import("../types.js").EventRow} EventRow */
/** @typedef {{ id: string, title: () => string, sort?: string, number?: boolean, hint?: string, cell: (row: EventRow) => import("../dom.js").Child }} Column */

/** Signs before a value, as in the reports. @type {Record<string, string>} */
const FLAG_SIGNS = { saturated: "≥", incomplete: "≥", above_range: ">", below_range: "<" };

/** Flags of the peaks: JSON, or JSON within a text. @param {EventRow} row @returns {Record<string, string>} */
export function flagsOf({ flags }) {
  try {
    return typeof flags === "string" ? JSON.parse(flags) ?? {} : flags;
  } catch {
    // Flags of another program.
    return {};
  }
}

/** Whether a sensor was at its limit. @param {EventRow} row */
export const isSaturated = (row) => Object.values(flagsOf(row)).includes("saturated");

/** @param {EventRow} row @returns {string[]} */
function assumedOf({ assumed }) {
  try {
    return typeof assumed === "string" ? JSON.parse(assumed) ?? [] : assumed;
  } catch {
    return [String(assumed)];
  }
}

/** @param {EventRow} row @param {string} field */
function flagged(row, field) {
  const flag = flagsOf(row)[field];
  return flag ? h("abbr", { title: `${flag.replaceAll("_", " ")}: the true peak may be larger` }, FLAG_SIGNS[flag] ?? "!") : null;
}

/** @param {EventRow} row @param {"tran_in_s" | "vert_in_s" | "long_in_s" | "pvs_in_s"} field @param {string} flag */
const peak = (row, field, flag) => [flagged(row, flag), velocityText(row[field])];

/** The state of an event in words, not in colours alone. @param {EventRow} row */
export function badges(row) {
  const assumed = assumedOf(row);
  return [
    row.false_trigger && h("span", { class: "badge struck" }, "false trigger"),
    isSaturated(row) && h("span", { class: "badge bad", title: "A sensor was at its limit: the true peak may be larger" }, "saturated"),
    row.damaged && h("span", { class: "badge bad", title: "Data is damaged or missing" }, "damaged"),
    assumed.length > 0 && h("span", { class: "badge", title: `Assumed: ${assumed.join(", ")}` }, "assumed"),
    row.reviewed_at && !row.false_trigger && h("span", { class: "badge good", title: row.reviewer ? `Reviewed by ${row.reviewer}` : "Reviewed" }, "reviewed"),
    row.review_notes && h("span", { class: "note-words", title: row.review_notes }, row.review_notes),
  ];
}

/** @type {Column[]} */
export const COLUMNS = [
  { id: "time", title: () => "Unit-local time", sort: "timestamp", hint: "By the unit's own clock, which knows no time zone", cell: (row) => localText(row.timestamp) },
  { id: "unit", title: () => "Unit", cell: (row) => row.serial },
  { id: "kind", title: () => "Kind", cell: (row) => row.kind },
  { id: "ppv", title: () => `PPV ${velocityUnit()}`, sort: "ppv", number: true, hint: "The largest of the three components", cell: (row) => [flagged(row, "tran") ?? flagged(row, "vert") ?? flagged(row, "long"), h("strong", null, velocityText(row.ppv_in_s))] },
  { id: "tran", title: () => "Tran", number: true, cell: (row) => peak(row, "tran_in_s", "tran") },
  { id: "vert", title: () => "Vert", number: true, cell: (row) => peak(row, "vert_in_s", "vert") },
  { id: "long", title: () => "Long", number: true, cell: (row) => peak(row, "long_in_s", "long") },
  { id: "pvs", title: () => "PVS", number: true, hint: "Peak vector sum", cell: (row) => peak(row, "pvs_in_s", "peak_vector_sum") },
  { id: "mic", title: () => `Air ${pref("pressure")}`, number: true, hint: "PSPL, the peak of the microphone", cell: (row) => [flagged(row, "mic_psi"), pressureText(row.mic_psi, row.mic_db_l)] },
  { id: "project", title: () => "Project", cell: (row) => row.project ?? "" },
  { id: "state", title: () => "Review", cell: badges },
];
