// @ts-check
/** Units, projects and months beside the table, each with its count. */

import { get } from "../api.js";
import { h, replace } from "../dom.js";
import { address } from "../router.js";
import { countText } from "../units.js";

/** @typedef {import("../router.js").Params} Params */
/** @typedef {{ key: string, words: string, events: number, false_triggers: number, unreviewed?: number }} Entry */

/**
 * @param {string} title @param {Entry[]} entries @param {string} name @param {Params} filters
 * @param {(key: string) => Params} change
 */
function block(title, entries, name, filters, change) {
  const chosen = filters[name] ?? "";
  const link = (/** @type {Entry} */ entry) => {
    const on = entry.key === chosen;
    const falsely = entry.false_triggers ? `, ${countText(entry.false_triggers)} false` : "";
    const open = entry.unreviewed ? `, ${countText(entry.unreviewed)} to review` : "";
    return h("li", null, h("a", {
      href: address({ ...filters, ...(on ? { [name]: "" } : change(entry.key)) }), "data-route": true,
      "aria-current": on ? "true" : null, title: `${countText(entry.events)} events${falsely}${open}`,
    }, h("span", { class: "words" }, entry.words), entry.unreviewed ? h("span", { class: "dot", "aria-hidden": "true" }) : null, h("span", { class: "count" }, countText(entry.events), h("span", { class: "unseen" }, " events"))));
  };
  const long = entries.length > 12;
  const list = h("ul", null, entries.map(link));
  return h("details", { open: !matchMedia("(max-width: 820px)").matches }, h("summary", null, title, h("span", { class: "count" }, entries.length)), h("div", { class: long ? "long" : null, tabindex: long ? 0 : null, role: long ? "group" : null, "aria-label": long ? title : null }, list));
}

/** @param {HTMLElement} side @param {Params} filters @param {AbortSignal} signal */
export async function drawSides(side, filters, signal) {
  /** @type {[import("../types.js").UnitSummary[], import("../types.js").ProjectSummary[], { month: string | null, events: number, false_triggers: number }[]]} */
  const [units, projects, months] = await Promise.all([get("/units", signal), get("/projects", signal), get("/months", signal)]);
  const month = (filters["from"] ?? "").slice(0, 7);
  const lastDay = (/** @type {string} */ of) => new Date(Date.UTC(Number(of.slice(0, 4)), Number(of.slice(5, 7)), 0)).toISOString().slice(0, 10);
  replace(side,
    block("Units", units.map((unit) => ({ key: unit.serial, words: unit.serial, ...unit })), "serial", filters, (serial) => ({ serial })),
    block("Projects", projects.filter((entry) => entry.project !== null).map((entry) => ({ key: entry.project ?? "", words: entry.project ?? "", ...entry })), "project", filters, (project) => ({ project })),
    block("Months", months.filter((entry) => entry.month !== null).map((entry) => ({ key: entry.month ?? "", words: entry.month ?? "", ...entry })), "month", { ...filters, month: filters["from"]?.endsWith("-01") && filters["to"] === lastDay(month) ? month : "" }, (key) => ({ from: `${key}-01`, to: lastDay(key) })));
}
