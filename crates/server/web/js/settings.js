// @ts-check
/** Who is signed in, units, theme, keys: the right end of the bar. */

import { byId, h, replace, select } from "./dom.js";
import { showHelp } from "./keys.js";
import { onState } from "./live.js";
import { onPrefs, pref, setPref } from "./prefs.js";
import { complain } from "./say.js";
import { showCaller } from "./sign_in.js";
import { themeSwitch } from "./theme.js";

export function showSettings() {
  const live = h("span", { class: "live", title: "Connecting to the server" }, h("span", { class: "unseen" }, "Live updates: connecting"));
  onState((connected) => {
    live.classList.toggle("on", connected);
    live.title = connected ? "Live: new events appear by themselves" : "Not connected: new events do not appear";
    replace(live, h("span", { class: "unseen" }, connected ? "Live updates: on" : "Live updates: off"));
  });
  const caller = h("span", { class: "caller" });
  void showCaller(caller, complain).catch(() => {});
  const velocity = select("Unit of velocity", [["in/s", "in/s"], ["mm/s", "mm/s"]], pref("velocity"), (unit) => setPref("velocity", /** @type {any} */ (unit)), { id: "velocity-unit" });
  const pressure = select("Unit of air pressure", [["dB(L)", "dB(L)"], ["Pa", "Pa"], ["psi", "psi"]], pref("pressure"), (unit) => setPref("pressure", /** @type {any} */ (unit)), { id: "pressure-unit" });
  onPrefs(() => {
    velocity.value = pref("velocity");
    pressure.value = pref("pressure");
  });
  replace(byId("settings"), live, caller, velocity, pressure, themeSwitch(),
    h("button", { type: "button", class: "quiet icon", "aria-label": "Keys", title: "Keys (?)", onclick: showHelp }, "?"));
}
