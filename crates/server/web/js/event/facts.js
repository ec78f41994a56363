// @ts-check
/** The facts of an event with their sources, what was assumed, what is damaged. */

import { BLAST, TEXTS, given, stated } from "../correct.js";
import { h } from "../dom.js";
import { address } from "../router.js";
import { NONE, bytesText, countText, durationText, fixed, inUnits, localText, utcText, velocity, velocityUnit } from "../units.js";

/** @typedef {import("../types.js").EventDetail} EventDetail */

/** Names of fields in words. @type {Record<string, string>} */
const FIELD_WORDS = { rate_hz: "sample rate", pretrigger_s: "time before the trigger", range: "geophone range", serial: "serial number", start: "start", length_s: "interval length" };

/** R / √W in the reader's units. @param {number} metric */
const scaledDistance = (metric) => (velocityUnit() === "mm/s" ? `${fixed(metric, 1)} m/√kg` : `${fixed(metric * Math.sqrt(0.45359237) / 0.3048, 1)} ft/√lb`);

/** @param {EventDetail} detail @param {{ correct: () => void, move: () => void }} act */
export function facts(detail, act) {
  const { event, sidecar, notes } = detail;
  const block = sidecar["event"] ?? {}, source = sidecar["source"] ?? {}, file = sidecar["blastware"] ?? {}, info = sidecar["project_info"] ?? {};
  const report = sidecar["bw_report"] ?? sidecar["extensions"]?.["idf_report"] ?? null;
  /** @type {string[]} */
  const assumed = block.assumed ?? [];
  const mark = (/** @type {string} */ field) => assumed.includes(field) ? h("span", { class: "badge", title: "Nothing in the file, its name or a report states it" }, "assumed") : null;
  /** @param {string} term @param {...import("../dom.js").Child} value */
  const fact = (term, ...value) => value.some((part) => part !== null && part !== undefined && part !== "" && part !== false) ? [h("dt", null, term), h("dd", null, value)] : null;
  const known = (/** @type {unknown} */ value, /** @type {string} */ text) => (value === null || value === undefined ? null : text);
  const atLimit = (detail.measurements?.channels ?? []).filter((channel) => channel.samples_at_limit > 0 || channel.peak.value?.flag === "saturated");
  const one = detail.measurements?.kind === "histogram" ? "interval" : "sample";
  const kept = notes.filter((note) => note.kind !== "assumption");
  return [
    h("div", { class: "section-head" }, h("h2", null, "Facts"), event.kind !== "stream" && h("div", { class: "tools" }, h("button", { type: "button", onclick: act.correct }, "Correct …"), h("button", { type: "button", onclick: act.move }, "Other unit …"))),
    (event.damaged || kept.length > 0 || detail.not_decoded) && h("div", { class: "notice bad" },
      h("strong", null, event.damaged ? "Damaged or incomplete" : event.contradicted ? "Report and samples disagree" : "Notes on the file"),
      h("ul", null, detail.not_decoded && h("li", null, detail.not_decoded), kept.map((note) => h("li", null, note.channel ? `${note.channel}: ` : "", inUnits(note.message))))),
    atLimit.length > 0 && h("div", { class: "notice bad" },
      h("strong", null, "Saturated: the true peak may be larger"),
      h("ul", null, atLimit.map(({ name, samples_at_limit: count }) => h("li", null, count > 0 ? `${name}: ${countText(count)} ${count === 1 ? one : `${one}s`} at the limit` : name)))),
    assumed.length > 0 && h("div", { class: "notice" },
      h("strong", null, "Assumed, because nothing states it"),
      h("ul", null, notes.filter((note) => note.kind === "assumption").map((note) => h("li", null, inUnits(note.message))), notes.every((note) => note.kind !== "assumption") && assumed.map((field) => h("li", null, FIELD_WORDS[field] ?? field)))),
    h("dl", { class: "facts" },
      fact("Start", localText(event.timestamp), h("span", { class: "zone" }, " unit-local time, no zone"), mark("start")),
      fact("Imported", utcText(event.captured_at)),
      fact("Unit", event.kind === "stream" ? event.serial : h("a", { href: `?view=unit&serial=${encodeURIComponent(event.serial)}`, "data-route": true }, event.serial), mark("serial"), report?.firmware && ` · ${report.firmware}`),
      fact("Calibration", report?.calibration),
      fact("Battery", report?.battery),
      TEXTS.map(([name, label, own]) => event.corrected.includes(name)
        ? fact(label, event[name] ?? "none", " ", h("span", { class: "badge corrected-mark" }, "corrected"), h("span", { class: "small" }, info[own] ? `the unit has “${info[own]}”` : "the unit has none")) : fact(label, event[name])),
      BLAST.map(([name, label]) => event.corrected.includes(name)
        ? fact(label, given(event.blast[name]) || "none", " ", h("span", { class: "badge corrected-mark" }, "corrected"), h("span", { class: "small" }, stated(event, name) ? `the report has “${stated(event, name)}”` : "the report has none")) : fact(label, given(event.blast[name]))),
      fact("Scaled distance", event.scaled_distance_m_kg05 !== null && h("a", { href: address({ view: "scaled-distance", project: event.project, location: event.project ? null : event.location, serial: event.project || event.location ? null : event.serial }), "data-route": true }, scaledDistance(event.scaled_distance_m_kg05))),
      fact("Not used", event.blast.not_used?.join("; ")),
      fact("Notes", info.notes),
      fact("Trigger", report?.trigger && inUnits(report.trigger)),
      fact("Sample rate", known(event.sample_rate_hz, `${event.sample_rate_hz} samples/s `), event.sample_rate_hz !== null && mark("rate_hz")),
      fact("Record time", known(event.record_time_s, `${durationText(event.record_time_s ?? 0)} `), known(block.pretrigger_s, `and ${fixed(block.pretrigger_s ?? 0, 2)} s before the trigger `), block.pretrigger_s !== undefined && block.pretrigger_s !== null && mark("pretrigger_s")),
      fact("Geophone range", known(block.geo_range_in_s, `${fixed(velocity(block.geo_range_in_s ?? 0), 2)} ${velocityUnit()} `), block.geo_range_in_s && mark("range")),
      fact("Missing samples", event.missing_samples ? `${event.missing_samples}, shown as gaps` : "none"),
      fact("Report", event.has_report ? "read; its values take precedence" : "none: all values are computed from the samples"),
      fact("File", `${event.filename} · ${event.filesize === null ? NONE : bytesText(event.filesize)}`),
      fact("SHA-256", h("code", { class: "hash" }, file.sha256 ?? event.sha256 ?? NONE)),
      fact("Derived by", source.tool_version ?? event.tool_version, source.kind ? ` · ${source.kind}` : ""))];
}
