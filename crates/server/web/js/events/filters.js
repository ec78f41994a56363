// @ts-check
/** The filters above the table. They live in the address. */

import { link, queryString } from "../api.js";
import { h, later, select } from "../dom.js";
import { go } from "../router.js";
import { unitQuery } from "../prefs.js";
import { complain } from "../say.js";
import { fixed, inPerSecond, velocity, velocityUnit } from "../units.js";
import { VERDICTS } from "../verdict.js";
import { savedMenu } from "./saved.js";

/** @typedef {import("../router.js").Params} Params */

/** Whether a phone shows the filters: it stays so from list to list. */
let isOpen = false;

/** What stands behind a click: parameter, value, words, explanation. @type {[string, string, string, string][]} */
const CHIPS = [
  ["air_verdict", "exceeds", "Air exceeds", "The air overpressure exceeds its alarm level"],
  ["damaged", "true", "Damaged", "Data is damaged or missing"],
  ["saturated", "true", "Saturated", "A sensor was at its limit: the true peak may be larger"],
  ["has_report", "false", "No report", "No report of the instrument came with the event"],
  ["imported_since", "yesterday", "New since yesterday", "Imported since the beginning of yesterday (UTC)"],
];

/** @param {Params} filters */
export const isFiltered = (filters) => Object.keys(filters).some((name) => name !== "sort");

/** The row of buttons: what exceeded, what is damaged, what is new. @param {Params} filters */
function chips(filters) {
  const verdicts = (filters["verdict"] ?? "").split(",").filter(Boolean);
  /** @param {string} words @param {boolean} on @param {Params} change @param {string} title @param {string} [sign] */
  const chip = (words, on, change, title, sign) => h("button", { type: "button", class: "chip", "aria-pressed": String(on), title, onclick: () => go({ ...filters, ...change }) }, sign && h("span", { "aria-hidden": "true" }, `${sign} `), words);
  const capital = (/** @type {string} */ word) => word.charAt(0).toUpperCase() + word.slice(1);
  return h("div", { class: "chips", role: "group", "aria-label": "Verdicts and states" },
    Object.entries(VERDICTS).filter(([name]) => name !== "no_level").map(([name, [sign, word]]) => {
      const on = verdicts.includes(name);
      const verdict = (on ? verdicts.filter((other) => other !== name) : [...verdicts, name]).join(",");
      return chip(capital(word), on, { verdict }, `Events that the alarm levels judge: ${word}`, sign);
    }),
    h("span", { class: "gap", "aria-hidden": "true" }),
    CHIPS.map(([name, value, words, title]) => chip(words, filters[name] === value, { [name]: filters[name] === value ? "" : value }, title)));
}

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
  const count = Object.keys(filters).filter((name) => name !== "sort" && name !== "text").length;
  const fold = h("button", { type: "button", class: "fold", "aria-expanded": String(isOpen), "aria-controls": "all-filters", onclick: () => {
    isOpen = !isOpen;
    fold.setAttribute("aria-expanded", String(isOpen));
    form.classList.toggle("open", isOpen);
  } }, count ? `Filters · ${count}` : "Filters");
  const form = h("form", { class: `filters${isOpen ? " open" : ""}`, role: "search", "aria-label": "Events", onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
    text, fold,
    h("div", { class: "foldable", id: "all-filters" },
      day("from", "From"),
      day("to", "to"),
      h("label", null, "PPV ≥", ppv, h("span", { class: "unit" }, velocityUnit())),
      select("Kind", [["", "All kinds"], ["waveform", "Waveforms"], ["histogram", "Histograms"], ["stream", "Streams"]], filters["kind"] ?? "", (kind) => set({ kind })),
      select("False triggers", [["", "With false triggers"], ["false", "No false triggers"], ["true", "Only false triggers"]], filters["false_trigger"] ?? "", (value) => set({ false_trigger: value })),
      select("Review", [["", "Review: all"], ["false", "To review"], ["true", "Reviewed"]], filters["reviewed"] ?? "", (reviewed) => set({ reviewed })),
      select("Order", [["", "Latest first"], ["timestamp", "Earliest first"], ["margin", "Worst first"], ["-margin", "Best first"], ["-ppv", "Largest PPV first"], ["ppv", "Smallest PPV first"]], filters["sort"] === "-timestamp" ? "" : filters["sort"] ?? "", (sort) => set({ sort }), { class: "order" })));
  return h("div", { class: "filter-rows" }, form, h("div", { class: "chip-row" }, chips(filters),
    h("div", { class: "chip-end" }, isFiltered(filters) && h("button", { type: "button", class: "quiet", onclick: () => go(filters["sort"] ? { sort: filters["sort"] } : {}) }, "Clear"), savedMenu(filters))));
}

/** The filters in words, in the units of the page. @param {Params} filters */
export function filterWords(filters) {
  /** @type {Record<string, (value: string) => string>} */
  const words = {
    min_ppv_in_s: (value) => `PPV ≥ ${Number(fixed(velocity(Number(value)), 4))} ${velocityUnit()}`,
    false_trigger: (value) => (value === "true" ? "only false triggers" : "without false triggers"),
    reviewed: (value) => (value === "true" ? "reviewed" : "to review"),
    verdict: (value) => `verdict ${value.split(",").map((one) => VERDICTS[one]?.[1] ?? one).join(" or ")}`,
    text: (value) => `text “${value}”`,
    without: (value) => `without ${value}`,
  };
  const chip = (/** @type {string} */ name, /** @type {string} */ value) => CHIPS.find(([of, is]) => of === name && is === value)?.[2].toLowerCase();
  return Object.entries(filters).filter(([name, value]) => name !== "sort" && value !== "").map(([name, value]) => words[name]?.(value) ?? chip(name, value) ?? `${name.replaceAll("_", " ")} ${value}`);
}

/** Downloads of the events that match the filters, and paper. @param {Params} filters @param {() => void} print */
export function downloads(filters, print) {
  /** @param {Record<string, string>} form @param {string} words @param {string} title */
  const one = (form, words, title) => h("a", { class: "button", href: link(`/export${queryString({ ...filters, ...form })}`), download: true, title }, words);
  return [one({ format: "csv", ...unitQuery() }, "CSV", "The table as CSV, in the units of the page"), one({ format: "parquet" }, "Parquet", "The table as Parquet, in in/s and psi"), one({ format: "zip" }, "ZIP", "The original files"),
    h("button", { type: "button", title: "The report of a month or of other days, as PDF, XLSX or CSV", onclick: () => void import("./report.js").then(({ reportForm }) => reportForm(filters)).catch((error) => complain(error, "No report was written")) }, "Report …"),
    h("button", { type: "button", onclick: print, title: "The whole list on paper (Ctrl P)" }, "Print")];
}
