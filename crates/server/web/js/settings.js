// @ts-check
/** Units, theme, keys: the right end of the bar. */

import { byId, h, replace, select } from "./dom.js";
import { showHelp } from "./keys.js";
import { onState } from "./live.js";
import { pref, setPref } from "./prefs.js";
import { themeSwitch } from "./theme.js";

export function showSettings() {
  const live = h("span", { class: "live", title: "Waiting for the server" }, h("span", { class: "unseen" }, "Live updates: connecting"));
  onState((connected) => {
    live.classList.toggle("on", connected);
    live.title = connected ? "Live: new events appear by themselves" : "Not connected: new events do not appear";
    replace(live, h("span", { class: "unseen" }, connected ? "Live updates: on" : "Live updates: off"));
  });
  replace(byId("settings"),
    live,
    select("Unit of velocity", [["in/s", "in/s"], ["mm/s", "mm/s"]], pref("velocity"), (unit) => setPref("velocity", /** @type {any} */ (unit)), { id: "velocity-unit" }),
    select("Unit of air pressure", [["dB(L)", "dB(L)"], ["Pa", "Pa"], ["psi", "psi"]], pref("pressure"), (unit) => setPref("pressure", /** @type {any} */ (unit)), { id: "pressure-unit" }),
    themeSwitch(),
    h("button", { type: "button", class: "quiet icon", "aria-label": "Keys", title: "Keys (?)", onclick: showHelp }, "?"));
}
