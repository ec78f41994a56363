// @ts-check
/** One unit: battery, calibration, firmware, when it monitored, faults; each with its source. */

import { get, link, onlyLast, queryString } from "../api.js";
import { h, later, replace, select } from "../dom.js";
import { Fold } from "../fold.js";
import { onChange } from "../live.js";
import { onPrefs } from "../prefs.js";
import { address, go } from "../router.js";
import { failure, isSilent } from "../say.js";
import { bytesText, countText, fixed, localText, utcText } from "../units.js";
import { counted, dayNumber, dayText, eventsText, monitoredText } from "./days.js";
import { dayStrip } from "./strip.js";
import { placeStyles } from "./styles.js";

/** @typedef {import("../router.js").Params} Params */
/** @typedef {import("./types.js").UnitFacts} UnitFacts */
/** @typedef {{ entry: number, at: string, unit_from: "caller" | "name" | "nothing", filename: string, bytes: number, sha256: string }} MonitorLogFile */

/** Months between calibrations, kept in this browser. */
const MONTHS_KEY = "wavekeep.calibration_months";
const MONTHS = ["6", "12", "18", "24", "36"];

export async function unitView() {
  await placeStyles();
  return show;
}

/** @param {HTMLElement} main @param {Params} params */
function show(main, params) {
  const serial = params["serial"] ?? "";
  document.title = `Unit ${serial} · wavekeep`;
  const leaving = new AbortController();
  const body = h("div", { class: "unit-page" });
  replace(main, h("div", { class: "page places" },
    h("nav", { class: "crumb", "aria-label": "Place of this page" }, h("a", { href: "?view=units", "data-route": true }, "Units"), " › "),
    h("div", { class: "list-head" }, h("h1", null, serial ? `Unit ${serial}` : "Unit"), h("span", { class: "downloads" }, h("a", { class: "button", href: address({ serial }), "data-route": true }, "Events"), h("a", { class: "button", href: address({ view: "location", serial }), "data-route": true }, "Trend"))), body));
  let to = params["to"] ?? "";
  const kept = localStorage.getItem(MONTHS_KEY) ?? "";
  let months = MONTHS.includes(kept) ? kept : "12";
  /** @type {UnitFacts | null} */
  let unit = null;
  /** @type {MonitorLogFile[]} */
  let logs = [];
  let end = () => {};
  // What a reader has opened stays the same element.
  const table = new Fold();

  const draw = () => {
    end();
    end = () => {};
    if (!unit) return;
    const of = unit;
    const strip = h("div");
    const focused = document.activeElement;
    replace(body, h("div", { class: "place-grid" }, stateSection(of, months, (value) => { months = value; localStorage.setItem(MONTHS_KEY, value); reload(); }), faultSection(of)),
      stripSection(of, strip, table, (day) => { to = day; go({ view: "unit", serial, to: day }, { replace: true }); }), firmwareSection(of), logs.length > 0 && logSection(logs), of.moves.length > 0 && moveSection(of));
    if (focused instanceof HTMLElement && body.contains(focused)) focused.focus({ preventScroll: true });
    end = dayStrip(strip, of.days, of.from, of.to, (day) => go({ serial, from: day.day, to: day.day }));
  };
  const asking = onlyLast(leaving.signal);
  const load = async () => {
    const signal = asking();
    [unit, logs] = await Promise.all([get(`/units/${encodeURIComponent(serial)}${queryString({ to, calibration_months: months })}`, signal), get(`/monitor_log_files${queryString({ serial })}`, signal)]);
    draw();
  };
  const reload = () => void load().catch((error) => { if (!isSilent(error)) replace(body, failure(error, "The unit cannot be shown", h("a", { class: "button primary", href: "?view=units", "data-route": true }, "All units"))); });
  reload();
  const endPrefs = onPrefs(draw);
  const endLive = onChange(later(1000, reload));
  return () => { leaving.abort(); end(); endPrefs(); endLive(); };
}

/** @param {number} id @param {string | null} at */
const source = (id, at) => h("span", { class: "leaf" }, "report of ", h("a", { href: address({ event: id }), "data-route": true }, `event ${id}`), `, ${localText(at)}`);
const notStated = () => h("span", { class: "soft" }, "not stated");
const fact = (/** @type {string} */ term, /** @type {import("../dom.js").Child[]} */ ...value) => [h("dt", null, term), h("dd", null, value)];

/** @param {UnitFacts} unit @param {string} months @param {(months: string) => void} change */
function stateSection(unit, months, change) {
  const { battery, calibration, memory, last_log: log } = unit;
  const due = !calibration ? null : calibration.due === null ? h("span", { class: "small" }, "its date is not understood: day and month could be exchanged")
    : (calibration.due_in_days ?? 0) < 0 ? h("span", { class: "badge bad" }, `▲ was due on ${calibration.due}`) : h("span", { class: (calibration.due_in_days ?? 0) <= 30 ? "badge soon" : "badge good" }, `${(calibration.due_in_days ?? 0) <= 30 ? "◆" : "✓"} due on ${calibration.due}, in ${counted(calibration.due_in_days ?? 0, "day")}`);
  return h("section", { "aria-label": "State" }, h("h2", null, "State"), h("dl", { class: "facts" },
    fact("Battery", battery ? [battery.text, source(battery.event, battery.at)] : notStated()),
    fact("Calibration", calibration ? [calibration.text, " ", due, source(calibration.event, calibration.at)] : notStated()),
    fact("Calibrated every", select("Months between calibrations", MONTHS.map((of) => [of, `${of} months`]), months, change)),
    fact("Memory", memory ? [memory.text, source(memory.event, memory.at)] : notStated()),
    fact("Latest event", unit.last_event === null ? notStated() : h("a", { href: address({ event: unit.last_event, serial: unit.serial }), "data-route": true }, localText(unit.last))),
    fact("Last import", utcText(unit.last_captured_at)),
    fact("Monitor log", log ? [`${log.start} to ${log.stop}`, h("span", { class: "leaf" }, "as printed in the report of ", h("a", { href: address({ event: log.event_id }), "data-route": true }, `event ${log.event_id}`))] : notStated()),
    fact("Locations", unit.locations.map((of, index) => [index > 0 && "; ", of.location === null ? h("span", { class: "soft" }, "without location") : h("a", { href: address({ view: "location", location: of.location }), "data-route": true }, of.location)]))));
}

/** @param {UnitFacts} unit */
function faultSection(unit) {
  const { faults } = unit;
  const share = (/** @type {number} */ count) => (faults.events > 0 ? `${fixed((100 * count) / faults.events, count > 0 && count / faults.events < 0.1 ? 1 : 0)} %` : "");
  const row = (/** @type {string} */ words, /** @type {number} */ count, /** @type {Record<string, string>} */ filter) => h("tr", null, h("th", { scope: "row" }, count > 0 ? h("a", { href: address({ serial: unit.serial, ...filter }), "data-route": true }, words) : words), h("td", { class: "number" }, countText(count)), h("td", { class: "number" }, share(count)));
  return h("section", { "aria-label": "Events" }, h("h2", null, "Events and faults"), h("table", { class: "plain" },
    h("thead", null, h("tr", null, h("th", { scope: "col" }, "Events"), h("th", { scope: "col", class: "number" }, "Number"), h("th", { scope: "col", class: "number" }, "Share"))),
    h("tbody", null, row("All", faults.events, {}), row("False triggers", faults.false_triggers, { false_trigger: "true" }), row("Saturated", faults.saturated, { saturated: "true" }), row("Damaged or incomplete", faults.damaged, { damaged: "true" }))));
}

/** @param {UnitFacts} unit @param {HTMLElement} strip @param {Fold} table @param {(to: string) => void} move */
function stripSection(unit, strip, table, move) {
  table.show(() => dayTable(unit), `The days as a table (${countText(unit.days.length)})`);
  const last = unit.last?.slice(0, 10) ?? null;
  const by = (/** @type {number} */ days) => dayText(dayNumber(unit.to) + days);
  const uptime = unit.uptime.map((of) => h("span", null, h("strong", null, of.monitored_s > 0 ? `${fixed(100 * of.share, 1)} %` : "not known"), ` of the ${of.days} days up to ${unit.to}`));
  return h("section", { "aria-label": "Monitoring" }, h("div", { class: "section-head" }, h("h2", null, `Monitoring, ${unit.from} to ${unit.to}`), h("div", { class: "tools" },
    h("button", { type: "button", onclick: () => move(by(-90)) }, "← 90 days"), h("button", { type: "button", onclick: () => move(by(90)) }, "90 days →"),
    last && (last > unit.to || last < unit.from) && h("button", { type: "button", onclick: () => move(last) }, `Up to the latest event, ${last}`))),
    h("p", { class: "uptime" }, "Known to have monitored: ", uptime.map((of, index) => [index > 0 && " · ", of])),
    strip,
    h("p", { class: "small" }, "By the monitor logs in reports, and by histograms from their start to their end. Where neither is, nothing is known: the unit may have monitored.", unit.unread_log_rows > 0 && ` ${counted(unit.unread_log_rows, "row")} of monitor logs whose time was not understood.`),
    table.element);
}

/** @param {UnitFacts} unit */
function dayTable(unit) {
  return h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Days" }, h("table", { class: "plain" },
    h("thead", null, h("tr", null, ["Day", "Events", "Monitored"].map((word) => h("th", { scope: "col" }, word)))),
    h("tbody", null, [...unit.days].reverse().map((day) => h("tr", null, h("th", { scope: "row" }, h("a", { href: address({ serial: unit.serial, from: day.day, to: day.day }), "data-route": true }, day.day)), h("td", null, eventsText(day)), h("td", null, monitoredText(day.monitored_s)))))));
}

/** @param {UnitFacts} unit */
function firmwareSection(unit) {
  return h("section", { "aria-label": "Firmware" }, h("h2", null, "Firmware"),
    unit.firmware.length === 0 ? h("p", { class: "small" }, unit.reports === 0 ? "Not stated: no event has a report." : "Not stated in the reports.") : h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Firmware" }, h("table", { class: "plain" },
      h("thead", null, h("tr", null, ["Version", "First seen", "Last seen", "Reports"].map((word) => h("th", { scope: "col" }, word)))),
      h("tbody", null, unit.firmware.map((of) => h("tr", null, h("th", { scope: "row" }, of.text), h("td", null, localText(of.first), h("span", { class: "leaf" }, h("a", { href: address({ event: of.first_event }), "data-route": true }, `event ${of.first_event}`))), h("td", null, localText(of.last), h("span", { class: "leaf" }, h("a", { href: address({ event: of.last_event }), "data-route": true }, `event ${of.last_event}`))), h("td", null, countText(of.reports))))))),
    unit.reports_read < unit.reports && h("p", { class: "small" }, `By the reports of the latest ${countText(unit.reports_read)} of ${countText(unit.reports)} events with one.`));
}

/** @param {MonitorLogFile[]} logs */
function logSection(logs) {
  return h("section", { "aria-label": "Monitor log files" }, h("h2", null, "Monitor log files"), h("p", { class: "small" }, "Kept as they came. What is in them is not known, and the monitoring above is not from them."), h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Monitor log files" }, h("table", { class: "plain" },
    h("thead", null, h("tr", null, ["File", "Size", "Imported", "SHA-256"].map((word) => h("th", { scope: "col" }, word)))),
    h("tbody", null, logs.map((of) => h("tr", null, h("th", { scope: "row" }, h("a", { href: link(`/monitor_log_files/${of.entry}/file`), download: of.filename }, of.filename), of.unit_from === "name" && h("span", { class: "leaf" }, "of this unit by its name")), h("td", null, bytesText(of.bytes)), h("td", null, utcText(of.at)), h("td", null, h("code", { class: "hash" }, of.sha256))))))));
}

/** @param {UnitFacts} unit */
function moveSection(unit) {
  return h("section", { "aria-label": "Moved events" }, h("h2", null, "Events of another serial number"), h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Moved events" }, h("table", { class: "plain" },
    h("thead", null, h("tr", null, ["Event", "From", "To", "When", "By", "Reason"].map((word) => h("th", { scope: "col" }, word)))),
    h("tbody", null, unit.moves.map((of) => h("tr", null, h("th", { scope: "row" }, h("a", { href: address({ event: of.event }), "data-route": true }, `event ${of.event}`)), h("td", null, of.from), h("td", null, of.to), h("td", null, utcText(of.at), h("span", { class: "leaf" }, `entry ${of.entry}`)), h("td", null, of.who), h("td", null, of.reason ?? "")))))));
}
