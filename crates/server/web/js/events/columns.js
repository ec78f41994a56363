// @ts-check
/** The columns of the table of events. */

import { h } from "../dom.js";
import { localText, pressureText, velocityText, velocityUnit } from "../units.js";
import { pref } from "../prefs.js";

/** @typedef {import("../types.js").EventRow} EventRow */
/** @typedef {{ id: string, title: () => string, sort?: string, number?: boolean, hint?: string, cell: (row: EventRow) => import("../dom.js").Child }} Column */

/** @param {EventRow} row @param {string} field */
function flagged(row, field) {
  /** @type {Record<string, string>} */
  let flags = {};
  try { flags = JSON.parse(row.flags); } catch { /* another program's flags */ }
  const flag = flags[field];
  return flag ? h("abbr", { title: `${flag.replace("_", " ")}: the true peak may be larger` }, flag === "saturated" || flag === "above_range" ? ">" : "!") : null;
}

/** @param {EventRow} row @param {"tran_in_s" | "vert_in_s" | "long_in_s" | "pvs_in_s"} field @param {string} flag */
const peak = (row, field, flag) => [flagged(row, flag), velocityText(row[field])];

/** What else there is to say of an event: words, not colours alone. @param {EventRow} row */
export function badges(row) {
  const assumed = row.assumed !== "[]" && row.assumed !== "";
  return [
    row.false_trigger && h("span", { class: "badge struck" }, "false trigger"),
    row.damaged && h("span", { class: "badge bad", title: "Data is damaged or missing" }, "damaged"),
    assumed && h("span", { class: "badge", title: `Nothing states: ${row.assumed.replace(/[[\]"]/g, "").replace(/,/g, ", ")}` }, "assumed"),
    row.reviewed_at && !row.false_trigger && h("span", { class: "badge good", title: `Reviewed by ${row.reviewer ?? "somebody"}` }, "reviewed"),
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
