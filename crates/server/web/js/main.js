// @ts-check
/** The page: the view that the address names, and what all views share. */

import { byId, h, replace } from "./dom.js";
import { eventView } from "./event/view.js";
import { eventsView } from "./events/view.js";
import { acceptDrops, importView } from "./import.js";
import { levelsView } from "./levels/view.js";
import { listen, setKeys } from "./keys.js";
import { connect } from "./live.js";
import { address, filters, start } from "./router.js";
import { complain, failure } from "./say.js";
import { showSettings } from "./settings.js";
import { streamView } from "./streams/view.js";
import { streamsView } from "./streams/list.js";

/** What a view gives: its end. @typedef {() => void} Leave */

/** @type {Leave} */
let leave = () => {};

/** @param {import("./router.js").Params} params */
function draw(params) {
  leave();
  leave = () => {};
  setKeys([]);
  const main = byId("main");
  const place = params["event"] ? "events" : params["stream"] ? "streams" : (params["view"] ?? "events");
  const within = params["event"] || place === "import" ? filters(params) : {};
  const tabs = [["events", "Events", address(within)], ["streams", "Streams", "?view=streams"], ["levels", "Levels", "?view=levels"], ["import", "Import", "?view=import"]];
  replace(byId("nav"), tabs.map(([id, words, href]) => h("a", { href, "data-route": true, "aria-current": id === place ? "page" : null }, words)));
  replace(main);
  try {
    const number = params["event"] ?? params["stream"];
    if (number !== undefined && !/^\d{1,15}$/.test(number)) unknown(main, `The address asks for number “${number}”: events and streams have whole numbers`);
    else if (params["event"]) leave = eventView(main, Number(params["event"]), filters(params));
    else if (params["stream"]) leave = streamView(main, params["stream"]);
    else if (place === "streams") leave = streamsView(main);
    else if (place === "levels") leave = levelsView(main);
    else if (place === "import") leave = importView(main);
    else if (place === "events") leave = eventsView(main, filters(params));
    else unknown(main, `The address asks for a view “${place}”: there are events, streams, levels and import`);
  } catch (error) {
    complain(error);
  }
}

/** @param {HTMLElement} main @param {string} reason */
function unknown(main, reason) {
  document.title = "Not found · wavekeep";
  replace(main, h("div", { class: "page" }, h("h1", { class: "unseen" }, "Not found"), failure(reason, "There is no such page", h("a", { class: "button primary", href: "./", "data-route": true }, "Show all events"))));
}

addEventListener("unhandledrejection", (event) => {
  complain(event.reason);
  if (event.reason instanceof Error && (event.reason.name === "AbortError" || "status" in event.reason)) event.preventDefault();
});
showSettings();
listen();
connect();
acceptDrops();
start(draw);
