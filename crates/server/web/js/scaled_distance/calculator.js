// @ts-check
/** A small calculator: of distance, charge and limit two give the third; a limit alone gives a table of charges. */

import { get, lastAsked, queryString } from "../api.js";
import { field } from "../dialog.js";
import { h, later, replace } from "../dom.js";
import { isSilent, sentence } from "../say.js";
import { LINES, figures } from "./words.js";

/** @typedef {import("./words.js").Answer} Answer */

/**
 * @param {Answer} answer @param {string} limitAtFirst @param {() => Record<string, string | undefined>} query @param {AbortSignal} signal
 */
export function calculator(answer, limitAtFirst, query, signal) {
  if (!answer.law) return [];
  const { units } = answer;
  const limitUnit = answer.medium === "air" ? "dB(L)" : units.peak;
  const number = (/** @type {string} */ value) => h("input", { type: "number", min: 0, step: "any", inputmode: "decimal", class: "short", value });
  const distance = number(""), charge = number(""), limit = number(limitAtFirst);
  const result = h("div", { role: "status" });
  const isLast = lastAsked();
  const compute = async () => {
    const last = isLast();
    const given = [distance, charge, limit].filter((input) => input.value !== "").length;
    if (given === 0 || (given === 1 && limit.value === "")) return replace(result, h("p", { class: "small" }, "Two of the three give the third. A limit alone gives the permissible charges at the distances of the events."));
    const with_ = (/** @type {HTMLInputElement} */ input, /** @type {string} */ unit) => (input.value === "" ? "" : `${input.value} ${unit}`);
    const asked = { ...query(), limit: limit.value, distance: with_(distance, units.distance), charge: with_(charge, units.charge), rows: 0 };
    /** @type {Answer} */
    const found = await get(`/scaled_distance${queryString(asked)}`, signal);
    if (last()) replace(result, forecasts(found));
  };
  const soon = later(250, () => void compute().catch((error) => { if (!isSilent(error)) replace(result, h("p", { class: "notice bad" }, sentence(error))); }));
  for (const input of [distance, charge, limit]) input.addEventListener("input", soon);
  soon();
  return [h("h2", null, "Calculator"),
    h("form", { class: "calculator", onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
      field("Distance", distance, h("span", { class: "unit" }, units.distance)), field("Charge per delay", charge, h("span", { class: "unit" }, units.charge)), field("Limit", limit, h("span", { class: "unit" }, limitUnit))),
    result];
}

/** @param {Answer} answer */
function forecasts({ forecasts, units }) {
  if (forecasts.length === 0) return h("p", { class: "notice" }, "No charge is permitted: the line does not come down to the limit.");
  return [h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Forecast" }, h("table", { class: "plain" },
    h("thead", null, h("tr", null, ["Line", `Distance, ${units.distance}`, `Charge, ${units.charge}`, `Peak, ${units.peak}`].map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", null, forecasts.map((one) => h("tr", null, h("th", { scope: "row" }, LINES[one.line] ?? one.line), h("td", { class: "number" }, figures(one.distance)), h("td", { class: "number" }, figures(one.charge)),
      h("td", { class: "number" }, figures(one.peak), one.extrapolated && h("span", { class: "extrapolated", title: "No event was measured at such a scaled distance" }, " *"))))))),
  forecasts.some((one) => one.extrapolated) && h("p", { class: "small" }, "* beyond the scaled distances that were measured")];
}
