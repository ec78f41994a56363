// @ts-check
/** Peaks against scaled distance: the chart, the law of the site, a calculator, and the events with the reasons why some do not count. */

import { get, lastAsked, link, queryString } from "../api.js";
import { h, later, replace, select } from "../dom.js";
import { setKeys } from "../keys.js";
import { onChange } from "../live.js";
import { onPrefs, unitQuery } from "../prefs.js";
import { filters as listFilters, go } from "../router.js";
import { failure, isSilent } from "../say.js";
import { palette } from "../theme.js";
import { countText } from "../units.js";
import { calculator } from "./calculator.js";
import { eventsTable } from "./table.js";
import { REASONS, figures } from "./words.js";

/** @typedef {import("../router.js").Params} Params */
/** @typedef {import("./words.js").Answer} Answer */

/** Events of the table, at most: the law is of all. */
const MOST_ROWS = 1000;

/** @param {HTMLElement} main @param {Params} params */
export function scaledDistanceView(main, params) {
  document.title = "Scaled distance · wavekeep";
  const leaving = new AbortController();
  const chosen = listFilters(params);
  const medium = params["medium"] === "air" ? "air" : "ground";
  const own = { view: "scaled-distance", ...chosen, medium: medium === "air" ? "air" : "", limit: params["limit"] ?? "" };
  /** @param {Params} change */
  const set = (change) => go({ ...own, ...change });
  const query = () => ({ ...chosen, medium, ...unitQuery(), limit: params["limit"] });
  const dark = () => (palette().paper === "#ffffff" ? "light" : "dark");

  const law = h("section", { "aria-label": "Law" });
  const picture = h("section", { "aria-label": "Chart" });
  const forecast = h("section", { "aria-label": "Calculator" });
  const table = h("section", { "aria-label": "Events" });
  const download = (/** @type {string} */ format, /** @type {string} */ words) => h("a", { class: "button", href: link(`/scaled_distance${queryString({ ...query(), format })}`), download: `scaled-distance.${format}` }, words);
  const downloads = h("span", { class: "downloads" });
  replace(main, h("div", { class: "page scaled" }, h("div", { class: "list-head" }, h("h1", null, "Scaled distance"), downloads),
    filterForm(chosen, medium, set), h("div", { class: "scaled-grid" }, h("div", null, picture, table), h("div", null, law, forecast))));

  const show = (/** @type {Answer} */ answer) => {
    replace(downloads, download("pdf", "PDF"), download("svg", "SVG"), download("csv", "CSV"));
    replace(picture, h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Chart of peaks against scaled distance" }, h("img", { class: "chart", src: link(`/scaled_distance${queryString({ ...query(), format: "svg", theme: dark() })}`), alt: chartWords(answer) })));
    replace(law, h("h2", null, "Law of these events"), lawFacts(answer));
    replace(table, h("h2", null, "Events"), eventsTable(answer, chosen));
  };
  let calculated = "";
  const ask = lastAsked();
  const load = async () => {
    const isLast = ask();
    /** @type {Answer} */
    const answer = await get(`/scaled_distance${queryString({ ...query(), rows: MOST_ROWS })}`, leaving.signal);
    if (!isLast()) return;
    show(answer);
    // What was typed stays when an event comes in.
    const kind = JSON.stringify([answer.units, answer.law !== null]);
    if (kind === calculated) return;
    calculated = kind;
    replace(forecast, calculator(answer, params["limit"] ?? "", query, leaving.signal));
  };
  const reload = () => void load().catch((error) => { if (!isSilent(error)) replace(picture, failure(error, "The scaled distances cannot be shown")); });
  reload();
  setKeys([]);
  const ends = [onPrefs(reload), onChange(later(1000, reload))];
  return () => { leaving.abort(); ends.forEach((end) => end()); };
}

/** @param {Params} chosen @param {string} medium @param {(change: Params) => void} set */
function filterForm(chosen, medium, set) {
  /** @param {"project" | "location" | "serial"} name @param {string} label @param {string} list */
  const text = (name, label, list) => {
    const input = h("input", { value: chosen[name] ?? "", list, maxlength: 500 });
    input.addEventListener("change", () => set({ [name]: input.value.trim() }));
    return h("label", null, label, input);
  };
  /** @param {"from" | "to"} name @param {string} label */
  const day = (name, label) => {
    const input = h("input", { type: "date", value: (chosen[name] ?? "").slice(0, 10), title: "Unit-local day" });
    input.addEventListener("change", () => set({ [name]: input.value }));
    return h("label", null, label, input);
  };
  const lists = h("span", { hidden: true });
  /** @type {Promise<[{ project: string | null }[], { location: string | null }[], { serial: string }[]]>} */
  const names = Promise.all([get("/projects"), get("/locations"), get("/units")]);
  void names.then(([projects, locations, units]) => {
    const list = (/** @type {string} */ id, /** @type {(string | null)[]} */ all) => h("datalist", { id }, all.filter(Boolean).map((value) => h("option", { value })));
    replace(lists, list("sd-projects", projects.map((one) => one.project)), list("sd-locations", locations.map((one) => one.location)), list("sd-units", units.map((one) => one.serial)));
  }).catch(() => {});
  const more = Object.keys(chosen).filter((name) => !["project", "location", "serial", "from", "to", "sort"].includes(name));
  return h("form", { class: "filters open", role: "search", "aria-label": "Events of the law", onsubmit: (/** @type {Event} */ event) => event.preventDefault() }, lists,
    h("div", { class: "foldable" },
      select("Medium", [["ground", "Ground: PPV, R/√W"], ["air", "Air: PSPL, R/∛W"]], medium, (value) => set({ medium: value === "air" ? "air" : "", limit: "" })),
      text("project", "Project", "sd-projects"), text("location", "Location", "sd-locations"), text("serial", "Unit", "sd-units"),
      day("from", "From"), day("to", "to"),
      more.length > 0 && h("span", { class: "small" }, `and ${more.map((name) => `${name.replaceAll("_", " ")} ${chosen[name]}`).join(", ")}`)));
}

/** What the picture shows, for those who do not see it. @param {Answer} answer */
function chartWords(answer) {
  const { law, units } = answer;
  const what = `Peaks of ${countText(answer.counted)} events against scaled distance on logarithmic axes`;
  return law ? `${what}: K ${figures(law.k)} ${units.peak}, β ${law.beta.toFixed(3)}, K95 ${figures(law.k95)}` : `${what}: ${answer.no_law}`;
}

/** @param {Answer} answer */
function lawFacts({ law, no_law, units, counted, left_out, medium }) {
  const fact = (/** @type {string} */ term, /** @type {import("../dom.js").Child[]} */ ...value) => [h("dt", null, term), h("dd", null, value)];
  const reasons = Object.entries(left_out);
  return [
    law ? h("p", { class: "equation" }, `${medium === "air" ? "PSPL" : "PPV"} = ${figures(law.k)} · SD`, h("sup", null, `−${law.beta.toFixed(3)}`.replace("−-", "+"))) : h("p", { class: "notice" }, `No law: ${no_law}.`),
    counted === 0 && h("p", null, "Charge and distance of a blast are read from the report of its event, or set with “Correct …”: on the page of the event, or for all ticked events of the list."),
    law && law.beta <= 0 && h("p", { class: "notice bad" }, "The peaks of these events do not fall with the distance: the law permits no charge."),
    h("dl", { class: "facts" },
      law && [
        fact("K", `${figures(law.k)} ${units.peak} at 1 ${units.scaled_distance}`),
        fact("K95", `${figures(law.k95)} ${units.peak}, the mean line + 1.645 standard errors`),
        fact("β", `${law.beta.toFixed(3)} ± ${law.beta_standard_error.toFixed(3)}`),
        fact("R²", law.r_squared.toFixed(3)),
        fact("Standard error", `${law.standard_error.toFixed(3)} of log10`),
        fact("Student’s t, 95 %", `${law.t95.toFixed(3)} with ${law.points - 2} degrees of freedom`),
        fact("Measured from", `${figures(law.least_scaled_distance)} to ${figures(law.most_scaled_distance)} ${units.scaled_distance}`)],
      fact("Events", countText(counted)),
      reasons.length > 0 && fact("Left out", h("ul", { class: "reasons" }, reasons.map(([reason, count]) => h("li", null, `${countText(count)}: ${REASONS[reason] ?? reason}`))))),
    h("p", { class: "small" }, "The law holds for this site and for scaled distances that were measured."),
  ];
}
