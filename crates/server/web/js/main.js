// @ts-check
/** The page: which view the address asks for, and what all views share. */

import { byId, h, replace } from "./dom.js";
import { eventView } from "./event/view.js";
import { eventsView } from "./events/view.js";
import { acceptDrops, importView } from "./import.js";
import { listen, setKeys } from "./keys.js";
import { connect } from "./live.js";
import { address, filters, start } from "./router.js";
import { complain } from "./say.js";
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
  const tabs = [["events", "Events", address(within)], ["streams", "Streams", "/?view=streams"], ["import", "Import", "/?view=import"]];
  replace(byId("nav"), tabs.map(([id, words, href]) => h("a", { href, "data-route": true, "aria-current": id === place ? "page" : null }, words)));
  replace(main);
  try {
    if (params["event"]) leave = eventView(main, Number(params["event"]), filters(params));
    else if (params["stream"]) leave = streamView(main, params["stream"]);
    else if (place === "streams") leave = streamsView(main);
    else if (place === "import") leave = importView(main);
    else leave = eventsView(main, filters(params));
  } catch (error) {
    complain(error);
  }
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
