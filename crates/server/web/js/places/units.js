// @ts-check
/** All units: what there is of each. */

import { get, onlyLast } from "../api.js";
import { h, later, replace } from "../dom.js";
import { onChange } from "../live.js";
import { onPrefs, pref } from "../prefs.js";
import { address } from "../router.js";
import { failure, isSilent } from "../say.js";
import { countText, localText, readingText, utcText } from "../units.js";
import { counted } from "./days.js";
import { placeStyles } from "./styles.js";

/** @typedef {import("./types.js").UnitSummary} UnitSummary */

export async function unitsView() {
  await placeStyles();
  return show;
}

/** @param {HTMLElement} main */
function show(main) {
  document.title = "Units · wavekeep";
  const leaving = new AbortController();
  const table = h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Units" });
  const total = h("p", { class: "total", role: "status" }, "…");
  replace(main, h("div", { class: "page places" }, h("div", { class: "list-head" }, h("h1", null, "Units"), total), table));
  /** @type {UnitSummary[]} */
  let units = [];
  const draw = () => {
    total.textContent = counted(units.length, "unit");
    replace(table, units.length === 0 ? h("p", { class: "empty" }, "The archive has no events yet.") : unitTable(units));
  };
  const asking = onlyLast(leaving.signal);
  const load = async () => {
    const signal = asking();
    /** @type {UnitSummary[]} */
    const all = await get("/units", signal);
    // Runs of streams have no unit.
    units = all.filter((unit) => unit.events > unit.streams);
    draw();
  };
  const reload = () => void load().catch((error) => { if (!isSilent(error)) { total.textContent = ""; replace(table, failure(error, "The units cannot be shown")); } });
  reload();
  const endPrefs = onPrefs(draw);
  const endLive = onChange(later(1000, reload));
  return () => { leaving.abort(); endPrefs(); endLive(); };
}

/** @param {UnitSummary[]} units */
const unitTable = (units) => h("table", { class: "plain lines" },
  h("thead", null, h("tr", null, ["Unit", "Latest event (unit-local)", "Last import", "Largest PPV"].map((word) => h("th", { scope: "col" }, word)), ["Events", "False", "To review"].map((word) => h("th", { scope: "col", class: "number" }, word)))),
  h("tbody", null, units.map((unit) => h("tr", null,
    h("th", { scope: "row" }, h("a", { href: address({ view: "unit", serial: unit.serial }), "data-route": true }, unit.serial)),
    h("td", null, localText(unit.last)), h("td", null, utcText(unit.last_captured_at)),
    h("td", null, unit.largest_event === null ? "" : h("a", { href: address({ event: unit.largest_event, serial: unit.serial }), "data-route": true }, readingText(unit.largest_ppv, pref("velocity")))),
    [unit.events, unit.false_triggers, unit.unreviewed].map((of) => h("td", { class: "number" }, countText(of)))))));
