// @ts-check
/** The page: the view that the address names, and what all views share. */

import { byId, h, replace } from "./dom.js";
import { eventView } from "./event/view.js";
import { eventsView } from "./events/view.js";
import { acceptDrops } from "./drops.js";
import { listen, setKeys } from "./keys.js";
import { connect } from "./live.js";
import { address, filters, start } from "./router.js";
import { complain, failure } from "./say.js";
import { showSettings } from "./settings.js";

/** @typedef {import("./router.js").Params} Params */
/** What a view gives: its end. @typedef {() => void} Leave */
/** @typedef {(main: HTMLElement, params: Params) => Leave} View */

/**
 * The views by their names. What nobody opens is not loaded: the list of events and an event are there at once. A view
 * without a tab belongs to that of another one.
 * @type {Record<string, { tab?: string, of?: string, load: () => View | Promise<View> }>}
 */
const VIEWS = {
  events: { tab: "Events", load: () => (main, params) => eventsView(main, filters(params)) },
  locations: { tab: "Locations", load: async () => (await import("./places/locations.js")).locationsView() },
  location: { of: "locations", load: async () => (await import("./places/location.js")).locationView() },
  units: { tab: "Units", load: async () => (await import("./places/units.js")).unitsView() },
  unit: { of: "units", load: async () => (await import("./places/unit.js")).unitView() },
  streams: { tab: "Streams", load: async () => (await import("./streams/list.js")).streamsView },
  "scaled-distance": { tab: "Scaled distance", load: async () => (await import("./scaled_distance/view.js")).scaledDistanceView },
  levels: { tab: "Levels", load: async () => (await import("./levels/view.js")).levelsView },
  import: { tab: "Import", load: async () => (await import("./import.js")).importView },
};

/** @type {Leave} */
let leave = () => {};
/** Counts what was asked for: a view that is loaded too late is not drawn. */
let asked = 0;

/** @param {Params} params */
function draw(params) {
  leave();
  leave = () => {};
  setKeys([]);
  const main = byId("main");
  const place = params["event"] ? "events" : params["stream"] ? "streams" : (params["view"] ?? "events");
  const within = params["event"] || place === "import" || place === "scaled-distance" ? filters(params) : {};
  drawTabs(VIEWS[place]?.of ?? place, within);
  replace(main);
  const own = ++asked;
  const shown = (/** @type {View} */ view) => { if (own === asked) leave = view(main, params); };
  try {
    const view = viewOf(params, place);
    if (!(view instanceof Promise)) shown(view);
    else {
      main.setAttribute("aria-busy", "true");
      void view.then(shown).catch((error) => { if (own === asked) notLoaded(main, error); }).finally(() => main.removeAttribute("aria-busy"));
    }
  } catch (error) {
    complain(error);
  }
}

/** How many tabs stand in one line at which widths; those behind them are in a menu. @type {[MediaQueryList, number][]} */
const WIDTHS = [[matchMedia("(max-width: 940px)"), 3], [matchMedia("(max-width: 1120px)"), 5]];
let redrawTabs = () => {};
for (const [width] of WIDTHS) width.addEventListener("change", () => redrawTabs());

/** @param {string} current @param {Params} within */
function drawTabs(current, within) {
  redrawTabs = () => drawTabs(current, within);
  const tabs = Object.entries(VIEWS).filter(([, view]) => view.tab);
  const link = (/** @type {[string, { tab?: string }]} */ [id, { tab }]) => h("a", { href: id === "events" ? address(within) : `?view=${id}`, "data-route": true, "aria-current": id === current ? "page" : null }, tab);
  const first = WIDTHS.find(([width]) => width.matches)?.[1] ?? tabs.length;
  const [shown, folded] = [tabs.slice(0, first), tabs.slice(first)];
  const inMenu = folded.find(([id]) => id === current)?.[1].tab;
  const more = h("details", { class: "menu more-tabs" }, h("summary", { class: inMenu ? "on" : null }, inMenu ?? "More"), h("div", { class: "menu-body" }, folded.map(link)));
  more.addEventListener("keydown", (event) => { if (event.key === "Escape") { more.open = false; more.querySelector("summary")?.focus(); } });
  more.addEventListener("focusout", (event) => { if (!(event.relatedTarget instanceof Node && more.contains(event.relatedTarget))) more.open = false; });
  replace(byId("nav"), shown.map(link), folded.length > 0 && more);
}

/** @param {Params} params @param {string} place @returns {View | Promise<View>} */
function viewOf(params, place) {
  const number = params["event"] ?? params["stream"];
  if (number !== undefined && !/^\d{1,15}$/.test(number)) return unknown(`The address asks for number “${number}”: events and streams have whole numbers`);
  if (params["event"]) return (main) => eventView(main, Number(params["event"]), filters(params));
  const stream = params["stream"];
  if (stream) return import("./streams/view.js").then(({ streamView }) => (main) => streamView(main, stream));
  if (place === "unit" && !params["serial"]) return unknown("The address asks for a unit without its serial number");
  // Those that need nothing else.
  const known = Object.keys(VIEWS).filter((id) => VIEWS[id]?.tab);
  return VIEWS[place]?.load() ?? unknown(`The address asks for a view “${place}”: there are ${known.slice(0, -1).join(", ")} and ${known.at(-1)}`);
}

/** What cannot be loaded any more: the server is away, or a newer version has other files. @param {HTMLElement} main @param {unknown} error */
function notLoaded(main, error) {
  document.title = "Not loaded · wavekeep";
  replace(main, h("div", { class: "page" }, h("h1", { class: "unseen" }, "Not loaded"), failure(error, "This view cannot be loaded", h("button", { type: "button", class: "primary", onclick: () => location.reload() }, "Load the page again"))));
}

/** @param {string} reason @returns {View} */
const unknown = (reason) => (main) => {
  document.title = "Not found · wavekeep";
  replace(main, h("div", { class: "page" }, h("h1", { class: "unseen" }, "Not found"), failure(reason, "There is no such page", h("a", { class: "button primary", href: "./", "data-route": true }, "Show all events"))));
  return () => {};
};

addEventListener("unhandledrejection", (event) => {
  complain(event.reason);
  if (event.reason instanceof Error && (event.reason.name === "AbortError" || "status" in event.reason)) event.preventDefault();
});
showSettings();
listen();
connect();
acceptDrops();
start(draw);
