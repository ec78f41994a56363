// @ts-check
/** The filters above the table. They live in the address. */

import { link, queryString } from "../api.js";
import { h, later, select } from "../dom.js";
import { go } from "../router.js";
import { unitQuery } from "../prefs.js";
import { fixed, inPerSecond, velocity, velocityUnit } from "../units.js";

/** @typedef {import("../router.js").Params} Params */

/** @param {Params} filters */
export function filterBar(filters) {
  /** @param {Params} change @param {boolean} [replace] */
  const set = (change, replace) => go({ ...filters, ...change }, { replace: !!replace });
  const text = h("input", { type: "search", id: "text-filter", placeholder: "Search …", value: filters["text"] ?? "", "aria-label": "Search in project, client, operator, location, notes, file name, serial number" });
  text.addEventListener("input", later(250, () => set({ text: text.value }, true)));
  /** @param {"from" | "to"} name @param {string} label */
  const day = (name, label) => {
    const input = h("input", { type: "date", value: (filters[name] ?? "").slice(0, 10), title: "Unit-local day" });
    input.addEventListener("change", () => set({ [name]: input.value }));
    return h("label", null, label, input);
  };
  const least = filters["min_ppv_in_s"] ? Number(filters["min_ppv_in_s"]) : null;
  const ppv = h("input", { type: "number", min: 0, step: "any", inputmode: "decimal", class: "short", value: least === null ? "" : String(Number(fixed(velocity(least), 4))), "aria-label": `PPV of at least, ${velocityUnit()}` });
  ppv.addEventListener("change", () => set({ min_ppv_in_s: ppv.value === "" ? "" : String(Number(inPerSecond(Number(ppv.value)).toPrecision(8))) }));
  const any = Object.keys(filters).some((name) => name !== "sort");
  return h("form", { class: "filters", role: "search", "aria-label": "Events", onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
    text,
    day("from", "From"),
    day("to", "to"),
    h("label", null, "PPV ≥", ppv, h("span", { class: "unit" }, velocityUnit())),
    select("Kind", [["", "All kinds"], ["waveform", "Waveforms"], ["histogram", "Histograms"], ["stream", "Streams"]], filters["kind"] ?? "", (kind) => set({ kind })),
    select("False triggers", [["", "Including false triggers"], ["false", "Without false triggers"], ["true", "Only false triggers"]], filters["false_trigger"] ?? "", (value) => set({ false_trigger: value })),
    select("Review", [["", "Reviewed or not"], ["false", "To review"], ["true", "Reviewed"]], filters["reviewed"] ?? "", (reviewed) => set({ reviewed })),
    any && h("button", { type: "button", class: "quiet", onclick: () => go(filters["sort"] ? { sort: filters["sort"] } : {}) }, "Clear"));
}

/** The filters in words, in the units of the page. @param {Params} filters */
export function filterWords(filters) {
  /** @type {Record<string, (value: string) => string>} */
  const words = {
    min_ppv_in_s: (value) => `PPV ≥ ${Number(fixed(velocity(Number(value)), 4))} ${velocityUnit()}`,
    false_trigger: (value) => (value === "true" ? "only false triggers" : "without false triggers"),
    reviewed: (value) => (value === "true" ? "reviewed" : "to review"),
    text: (value) => `text “${value}”`,
  };
  return Object.entries(filters).filter(([name, value]) => name !== "sort" && value !== "").map(([name, value]) => words[name]?.(value) ?? `${name} ${value}`);
}

/** Downloads of the events that match the filters, and paper. @param {Params} filters @param {() => void} print */
export function downloads(filters, print) {
  /** @param {Record<string, string>} form @param {string} words @param {string} title */
  const one = (form, words, title) => h("a", { class: "button", href: link(`/export${queryString({ ...filters, ...form })}`), download: true, title }, words);
  return [one({ format: "csv", ...unitQuery() }, "CSV", "The table as CSV, in the units of the page"), one({ format: "parquet" }, "Parquet", "The table as Parquet, in in/s and psi"), one({ format: "zip" }, "ZIP", "The original files"),
    h("button", { type: "button", onclick: print, title: "The whole list on paper (Ctrl P)" }, "Print")];
}
