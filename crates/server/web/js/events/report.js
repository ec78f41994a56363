// @ts-check
/** The report of a period: a form that asks for it, and the file that the server writes. */

import { ask, get, queryString } from "../api.js";
import { field, showForm } from "../dialog.js";
import { h, select } from "../dom.js";
import { pref, setPref, unitQuery } from "../prefs.js";
import { toast } from "../say.js";
import { countText } from "../units.js";
import { filterWords } from "./filters.js";

/** @typedef {import("../router.js").Params} Params */
/** @typedef {import("../types.js").Curve} Curve */

/** Conditions of the list that a report has, too; the days are its own. */
const KEPT = ["serial", "project", "location", "without", "kind", "min_ppv_in_s", "verdict", "air_verdict", "damaged", "saturated", "has_report", "text"];

/** @param {Date} day */
const monthOf = (day) => `${day.getFullYear()}-${String(day.getMonth() + 1).padStart(2, "0")}`;

/** The month that a report is written of: that of the list's first day, else the one before this. @param {Params} filters */
function usualMonth(filters) {
  const from = filters["from"]?.slice(0, 7);
  if (from) return from;
  const now = new Date();
  return monthOf(new Date(now.getFullYear(), now.getMonth() - 1, 1));
}

/** @param {Response} answer @param {string} name */
async function keep(answer, name) {
  const url = URL.createObjectURL(await answer.blob());
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  // The browser reads it after this.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** @param {Params} filters Those of the list. */
export async function reportForm(filters) {
  /** @type {Curve[]} */
  const curves = await get("/curves");
  const isAir = (/** @type {Curve} */ curve) => curve.judges === "air overpressure";
  const option = (/** @type {Curve} */ curve) => /** @type {[string, string]} */ ([curve.id, curve.name]);
  const month = h("input", { type: "month", value: usualMonth(filters), required: true });
  const from = h("input", { type: "date", value: filters["from"]?.slice(0, 10) ?? "" });
  const to = h("input", { type: "date", value: filters["to"]?.slice(0, 10) ?? "" });
  const ofMonth = field("Month (unit-local)", month);
  const ofDays = h("div", null, field("First day (unit-local)", from), field("Last day", to));
  const days = select("Period", [["month", "a month"], ["days", "other days"]], filters["from"] && filters["to"] ? "days" : "month", () => show());
  const show = () => {
    ofMonth.hidden = days.value !== "month";
    ofDays.hidden = days.value === "month";
  };
  show();
  const format = select("Format", [["pdf", "PDF: the document"], ["xlsx", "XLSX: a workbook"], ["csv", "CSV: the table of events"]], "pdf", () => {});
  const language = select("Language", [["en", "English"], ["de", "Deutsch"], ["fr", "français"], ["es", "español"], ["pt", "português"]], pref("language"), (code) => setPref("language", /** @type {any} */ (code)));
  const paper = select("Paper", [["a4", "A4"], ["letter", "Letter"]], "a4", () => {});
  const curve = select("Level for the ground", [["", "the alarm levels of the archive"], ["none", "no level"], ...curves.filter((one) => !isAir(one)).map(option)], "", () => {});
  const air = select("Level for the air", [["", "as for the ground: the archive’s, or none"], ...curves.filter(isAir).map(option)], "", () => {});
  const appendix = h("input", { type: "number", min: 0, max: 200, step: 1, value: "50" });
  const kept = Object.fromEntries(Object.entries(filters).filter(([name]) => KEPT.includes(name)));
  const conditions = filterWords(kept);
  const body = [
    h("p", { class: "small" }, conditions.length ? `Of the events with ${conditions.join(", ")}.` : "Of all events. Filters of the list, such as a project or a location, apply to the report too."),
    h("fieldset", null, h("legend", null, "Of which days"), field("Period", days), ofMonth, ofDays),
    h("fieldset", null, h("legend", null, "How"), field("Format", format), field("Language", language), field("Paper", paper), field("Event pages in the appendix", appendix, h("span", { class: "unit" }, "at most"))),
    h("fieldset", null, h("legend", null, "Held against"), field("Ground", curve), field("Air", air))];
  return showForm("Report of a period", body, "Write the report", async () => {
    const period = days.value === "month" ? month.value : `${from.value}..${to.value}`;
    const answer = await ask(`/report${queryString({ ...kept, ...unitQuery(), period, format: format.value, language: language.value, paper: paper.value, curve: curve.value, air_curve: air.value, appendix: appendix.value })}`);
    await keep(answer, `report-${period}.${format.value}`);
    const events = Number(answer.headers.get("x-wavekeep-events")), exceeding = Number(answer.headers.get("x-wavekeep-exceeding"));
    toast(`Report of ${countText(events)} ${events === 1 ? "event" : "events"}, ${countText(exceeding)} above a level`);
  }, (error) => {
    const text = String(error);
    if (/appendix/.test(text)) return appendix;
    if (/curve/.test(text)) return curve;
    return /period|day|month/i.test(text) ? (days.value === "month" ? month : from) : null;
  });
}
