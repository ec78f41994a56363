// @ts-check
/** The columns of the table of events. */

import { h } from "../dom.js";
import { converted, digits, localText, microphoneReading, readingText, signWords, velocityUnit } from "../units.js";
import { pref } from "../prefs.js";
import { frequencyCell, verdictCell } from "../verdict.js";

/** @typedef {import("../types.js").EventRow} EventRow */
/** @typedef {{ id: string, title: () => string, sort?: string, isWorstFirst?: boolean, number?: boolean, hint?: string, cell: (row: EventRow) => import("../dom.js").Child }} Column */

/** @typedef {import("../types.js").Reading} Reading */

/** Whether a sensor was at its limit. @param {EventRow} row */
export const isSaturated = (row) => Object.values(row.flags).includes("saturated");

/**
 * A peak with the digits of its source, or with the flag alone where that is all there is.
 * @param {EventRow} row @param {string} name @param {number | null} value @param {string} unit @param {string} [flag]
 * @returns {Reading | null}
 */
const readingOf = (row, name, value, unit, flag = name) =>
  row.readings[name] ?? (value === null ? null : withFlag({ value, unit }, row.flags[flag]));

/** @param {Reading | null} reading @param {string} unit */
function cellOf(reading, unit) {
  const words = signWords(reading);
  const text = reading && converted(reading, unit).unit !== unit && reading.unit !== "dB(L)" ? readingText(reading, unit) : digits(reading, unit);
  return words ? h("abbr", { title: words }, text) : text;
}

/** @param {EventRow} row @param {"tran" | "vert" | "long" | "peak_vector_sum"} name @param {number | null} value */
const peak = (row, name, value) => cellOf(readingOf(row, name, value, "in/s"), velocityUnit());

/** A reading with a flag, where there is one. @param {Reading} reading @param {string | undefined} flag @returns {Reading} */
const withFlag = (reading, flag) => (flag ? { ...reading, flag } : reading);

/** The largest of the three, a bound when any of them may be larger. @param {EventRow} row */
export function ppv(row) {
  const all = [readingOf(row, "tran", row.tran_in_s, "in/s"), readingOf(row, "vert", row.vert_in_s, "in/s"), readingOf(row, "long", row.long_in_s, "in/s")]
    .flatMap((reading) => reading ?? []);
  if (all.length === 0) return null;
  const inPerS = (/** @type {Reading} */ reading) => converted(reading, "in/s").value;
  const largest = all.reduce((a, b) => (inPerS(b) > inPerS(a) ? b : a));
  return withFlag(largest, all.map((reading) => reading.flag).find((flag) => flag && flag !== "below_range") ?? largest.flag);
}

/** @param {EventRow} row */
function air(row) {
  const level = readingOf(row, "mic", row.mic_db_l, "dB(L)", "mic_db_l");
  const psi = row.mic_psi === null ? null : withFlag({ value: row.mic_psi, unit: "psi" }, level?.flag);
  const shown = microphoneReading(level, psi);
  return cellOf(shown, shown?.unit === "dB(L)" ? "dB(L)" : pref("pressure"));
}

/** The state of an event in words, not in colours alone. @param {EventRow} row */
export function badges(row) {
  return [
    row.false_trigger && h("span", { class: "badge struck" }, "false trigger"),
    isSaturated(row) && h("span", { class: "badge bad", title: "A sensor was at its limit: the true peak may be larger" }, "saturated"),
    row.damaged && h("span", { class: "badge bad", title: "Data is damaged or missing" }, "damaged"),
    row.contradicted && h("span", { class: "badge bad", title: "The report and the samples cannot both be right" }, "report disagrees"),
    row.assumed.length > 0 && h("span", { class: "badge", title: `Assumed: ${row.assumed.join(", ")}` }, "assumed"),
    row.reviewed_at && !row.false_trigger && h("span", { class: "badge good", title: row.reviewer ? `Reviewed by ${row.reviewer}` : "Reviewed" }, "reviewed"),
    row.review_notes && h("span", { class: "note-words", title: row.review_notes }, row.review_notes),
  ];
}

/** A text of an event, with the mark that it was corrected. @param {EventRow} row @param {"project" | "location"} name */
const textCell = (row, name) => [row[name] ?? "", row.corrected.includes(name) && h("span", { class: "corrected", title: "Corrected: the page of the event has what the unit has" }, " corrected")];

/** Its unit where the head with the units is not there. @param {string} unit */
const phoneUnit = (unit) => h("span", { class: "unit on-phone" }, ` ${unit}`);

/** @type {Column[]} */
export const COLUMNS = [
  { id: "time", title: () => "Unit-local time", sort: "timestamp", hint: "By the unit's own clock, which knows no time zone", cell: (row) => localText(row.timestamp) },
  { id: "unit", title: () => "Unit", cell: (row) => row.serial },
  { id: "kind", title: () => "Kind", cell: (row) => row.kind },
  { id: "verdict", title: () => "Verdict", sort: "margin", isWorstFirst: true, hint: "By the alarm levels; the margin is the distance from the limit that decides", cell: verdictCell },
  { id: "ppv", title: () => `PPV ${velocityUnit()}`, sort: "ppv", number: true, hint: "The largest of the three components", cell: (row) => [h("strong", null, cellOf(ppv(row), velocityUnit())), phoneUnit(velocityUnit())] },
  { id: "hz", title: () => "Hz", number: true, hint: "The frequency of the channel that decides for the ground", cell: frequencyCell },
  { id: "mic", title: () => `Air ${pref("pressure")}`, number: true, hint: "PSPL, the peak of the microphone", cell: (row) => [air(row), phoneUnit(pref("pressure"))] },
  { id: "tran", title: () => "Tran", number: true, cell: (row) => peak(row, "tran", row.tran_in_s) },
  { id: "vert", title: () => "Vert", number: true, cell: (row) => peak(row, "vert", row.vert_in_s) },
  { id: "long", title: () => "Long", number: true, cell: (row) => peak(row, "long", row.long_in_s) },
  { id: "pvs", title: () => "PVS", number: true, hint: "Peak vector sum", cell: (row) => peak(row, "peak_vector_sum", row.pvs_in_s) },
  { id: "project", title: () => "Project", cell: (row) => [row.project ? h("span", null, textCell(row, "project")) : "", row.location ? h("span", { class: "under" }, textCell(row, "location")) : ""] },
  { id: "location", title: () => "Location", cell: (row) => textCell(row, "location") },
  { id: "state", title: () => "Review", cell: badges },
];
