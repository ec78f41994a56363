// @ts-check
/** Units, projects, locations, months and streams beside the table, each with its count. */

import { get } from "../api.js";
import { h, renew } from "../dom.js";
import { address } from "../router.js";
import { countText } from "../units.js";

/** @typedef {import("../router.js").Params} Params */
/** @typedef {import("../types.js").UnitSummary} UnitSummary */
/** @typedef {{ key: string, words: string, events: number, false_triggers?: number, unreviewed?: number }} Entry */

/** Blocks that the reader opened or closed, by their titles. @type {Map<string, boolean>} */
const opened = new Map();

/**
 * @param {string} title @param {Entry[]} entries @param {Params} filters @param {(key: string) => boolean} isChosen
 * @param {(key: string) => Params} change @param {Params} off What takes the choice back.
 */
function block(title, entries, filters, isChosen, change, off) {
  if (entries.length === 0) return null;
  const link = (/** @type {Entry} */ entry) => {
    const on = isChosen(entry.key);
    const falsely = entry.false_triggers ? `, ${countText(entry.false_triggers)} false` : "";
    const open = entry.unreviewed ? `, ${countText(entry.unreviewed)} to review` : "";
    return h("li", null, h("a", {
      href: address({ ...filters, ...(on ? off : change(entry.key)) }), "data-route": true,
      "aria-current": on ? "true" : null, title: `${entry.words}: ${countText(entry.events)} events${falsely}${open}`, class: entry.key === "" ? "lacking" : null,
    }, h("span", { class: "words" }, entry.words), entry.unreviewed ? h("span", { class: "dot", "aria-hidden": "true" }) : null, h("span", { class: "count" }, countText(entry.events), h("span", { class: "unseen" }, " events"))));
  };
  const long = entries.length > 12;
  const views = { Units: "units", Locations: "locations" };
  const view = views[/** @type {keyof typeof views} */ (title)];
  return h("details", { open: opened.get(title) ?? !matchMedia("(max-width: 985px)").matches, ontoggle: remember },
    h("summary", null, title, h("span", { class: "count" }, entries.filter((entry) => entry.key !== "").length)),
    h("div", { class: long ? "long" : null, tabindex: long ? 0 : null, role: long ? "group" : null, "aria-label": long ? title : null }, h("ul", null, entries.map(link)), view && h("a", { class: "all-of", href: `?view=${view}`, "data-route": true }, `All ${title.toLowerCase()}: ${view === "units" ? "state and monitoring" : "trends and plan"}`)));
}

/** A block of another title may have taken its place. @param {Event} event */
function remember(event) {
  const details = /** @type {HTMLDetailsElement} */ (event.currentTarget);
  opened.set(details.querySelector("summary")?.firstChild?.nodeValue ?? "", details.open);
}

/** @param {HTMLElement} side @param {Params} filters @param {AbortSignal} signal */
export async function drawSides(side, filters, signal) {
  /** @type {[UnitSummary[], import("../types.js").ProjectSummary[], import("../types.js").LocationSummary[], { month: string | null, events: number, false_triggers: number }[]]} */
  const [units, projects, locations, months] = await Promise.all([get("/units", signal), get("/projects", signal), get("/locations", signal), get("/months", signal)]);
  const lastDay = (/** @type {string} */ of) => new Date(Date.UTC(Number(of.slice(0, 4)), Number(of.slice(5, 7)), 0)).toISOString().slice(0, 10);
  const is = (/** @type {string} */ name) => (/** @type {string} */ key) => filters[name] === key;
  const ofUnit = (/** @type {UnitSummary} */ unit) => ({ ...unit, key: unit.serial, words: unit.serial });
  /** Names, and behind them the events that have none. @param {string} title @param {"project" | "location"} name @param {Entry[]} all */
  const named = (title, name, all) => block(title, all.every((one) => one.key === "") ? [] : all, filters,
    (key) => (key ? filters[name] === key : filters["without"] === name),
    (key) => (key ? { [name]: key, without: filters["without"] === name ? "" : filters["without"] ?? "" } : { [name]: "", without: name }),
    { [name]: "", without: filters["without"] === name ? "" : filters["without"] ?? "" });
  const entry = (/** @type {string | null} */ name, /** @type {string} */ lacking) => ({ key: name ?? "", words: name ?? lacking });
  renew(side,
    block("Units", units.filter((unit) => unit.events > unit.streams).map(ofUnit), filters, (key) => filters["serial"] === key && filters["kind"] !== "stream", (serial) => ({ serial, kind: filters["kind"] === "stream" ? "" : filters["kind"] ?? "" }), { serial: "" }),
    named("Projects", "project", projects.map((one) => ({ ...one, ...entry(one.project, "without project") }))),
    named("Locations", "location", locations.map((one) => ({ ...one, ...entry(one.location, "without location") }))),
    block("Months", months.filter((one) => one.month !== null).map((one) => ({ ...one, ...entry(one.month, "") })), filters, (key) => is("from")(`${key}-01`) && is("to")(lastDay(key)), (key) => ({ from: `${key}-01`, to: lastDay(key) }), { from: "", to: "" }),
    block("Streams", units.filter((unit) => unit.streams > 0).map((unit) => ({ key: unit.serial, words: unit.serial, events: unit.streams })), filters, (key) => filters["serial"] === key && filters["kind"] === "stream", (serial) => ({ serial, kind: "stream" }), { serial: "", kind: "" }));
}
