// @ts-check
/** One location, or one unit or project: what was measured day by day, the levels in force, the latest events. */

import { get, onlyLast, queryString } from "../api.js";
import { h, later, replace, select } from "../dom.js";
import { ppv } from "../events/columns.js";
import { Fold } from "../fold.js";
import { onChange } from "../live.js";
import { onPrefs, pref } from "../prefs.js";
import { address, filters, go } from "../router.js";
import { failure, isSilent } from "../say.js";
import { countText, digits, localText, readingText } from "../units.js";
import { placeWords } from "../levels/words.js";
import { verdictCell } from "../verdict.js";
import { dayValue, trendChart, trendLegend } from "./chart.js";
import { counted, dayNumber, monitoredText, outcomeText } from "./days.js";
import { placeStyles } from "./styles.js";

/** @typedef {import("../router.js").Params} Params */
/** @typedef {import("./types.js").Trend} Trend */
/** @typedef {import("./types.js").TrendDay} TrendDay */
/** @typedef {import("./types.js").Peak} Peak */

/** @type {[Peak, string][]} */
const PEAKS = [["ppv", "Largest of the three"], ["tran", "Tran"], ["vert", "Vert"], ["long", "Long"], ["pvs", "Vector sum"]];
/** Days that are shown. @type {[string, string][]} */
const LENGTHS = [["30", "30 days"], ["90", "90 days"], ["365", "One year"], ["", "All"]];

export async function locationView() {
  await placeStyles();
  return show;
}

/** @param {HTMLElement} main @param {Params} params */
function show(main, params) {
  const leaving = new AbortController();
  const of = filters(params);
  const title = of["location"] ?? of["project"] ?? (of["serial"] ? `Unit ${of["serial"]}` : "All locations");
  const rest = [of["location"] && of["project"] && `project ${of["project"]}`, of["location"] && of["serial"] && `unit ${of["serial"]}`].filter(Boolean).join(", ");
  document.title = `${title} · wavekeep`;
  const body = h("div", { class: "trend" });
  const total = h("p", { class: "total", role: "status" }, "…");
  replace(main, h("div", { class: "page places" },
    h("nav", { class: "crumb", "aria-label": "Place of this page" }, of["serial"] && !of["location"] ? [h("a", { href: "?view=units", "data-route": true }, "Units"), " › ", h("a", { href: address({ view: "unit", serial: of["serial"] }), "data-route": true }, of["serial"])] : h("a", { href: "?view=locations", "data-route": true }, "Locations"), " › "),
    h("div", { class: "list-head" }, h("h1", null, title), rest && h("span", { class: "place" }, rest), total, h("span", { class: "downloads" }, h("a", { class: "button", href: address(of), "data-route": true }, "Events"))), body));
  /** @type {Peak} */
  let peak = "ppv";
  let length = "";
  /** @type {Trend | null} */
  let trend = null;
  /** @type {import("../types.js").EventRow[]} */
  let latest = [];
  /** @type {(() => void)[]} */
  let ends = [];
  // What a reader may have opened or has the focus in stays the same element.
  const channel = select("Channel", PEAKS, peak, (value) => { peak = /** @type {Peak} */ (value); draw(); });
  const span = select("Days", LENGTHS, length, (value) => { length = value; draw(); });
  const table = new Fold();

  const openDay = (/** @type {TrendDay} */ day) => go({ ...of, from: day.day, to: day.day });

  const draw = () => {
    for (const end of ends) end();
    ends = [];
    if (!trend) return;
    const shown = trend, focused = document.activeElement;
    total.textContent = `${counted(shown.events, "event")}${shown.false_triggers ? `, ${counted(shown.false_triggers, "false trigger")} left out` : ""}`;
    const lastDay = shown.days.length ? dayNumber(shown.days[shown.days.length - 1]?.day ?? "") : 0;
    const firstDay = shown.days.length ? dayNumber(shown.days[0]?.day ?? "") : 0;
    const first = length ? Math.max(lastDay - Number(length) + 1, Math.min(firstDay, lastDay - 6)) : Math.min(firstDay, lastDay - 6);
    const days = shown.days.filter((day) => dayNumber(day.day) >= first);
    const chart = (/** @type {"ground" | "air"} */ part, /** @type {Peak} */ of, /** @type {string} */ title, /** @type {string} */ unit, /** @type {import("../dom.js").Child} */ tools) => {
      const place = h("div");
      const section = h("section", { "aria-label": title }, h("div", { class: "section-head" }, h("h2", null, title), tools), place, trendLegend(part));
      return { section, begin: () => ends.push(trendChart(place, { title, unit, part, peak: of, days, levels: shown.levels, first, last: Math.max(lastDay, first), open: openDay })) };
    };
    const ground = chart("ground", peak, "PPV of each day", pref("velocity"), h("div", { class: "tools" }, channel, span));
    if (peak === "pvs") replace(/** @type {Element} */ (ground.section.querySelector("h2")), "Peak vector sum of each day");
    const air = chart("air", "pspl", "Air overpressure of each day", "dB(L)", null);
    const weighted = shown.days.reduce((sum, day) => sum + day.weighted_levels, 0);
    const notes = [
      shown.without_time > 0 && `${counted(shown.without_time, "event")} without a time: on no day.`,
      weighted > 0 && `${counted(weighted, "event")} with a weighted microphone: the level is no dB(L), and not in the chart.`,
      shown.unread_log_rows > 0 && `${counted(shown.unread_log_rows, "row")} of monitor logs whose time was not understood.`,
    ].filter(Boolean);
    table.show(() => dayTable(days), `The days as a table (${countText(days.length)}${days.length < shown.days.length ? ` of ${countText(shown.days.length)}` : ""})`);
    replace(body,
      shown.days.length === 0 && h("div", { class: "empty" }, h("p", null, shown.without_time > 0 ? "No event has a time: there is no day to show." : "No event is of this location.")),
      shown.days.length > 0 && [ground.section, air.section, table.element],
      notes.length > 0 && h("ul", { class: "small notes" }, notes.map((note) => h("li", null, note))),
      h("div", { class: "place-grid" }, levelTable(shown), latestTable(latest, of)),
      shown.units.length > 0 && h("p", { class: "small" }, "Units: ", shown.units.map((serial, index) => [index > 0 && ", ", h("a", { href: address({ view: "unit", serial }), "data-route": true }, serial)])));
    if (shown.days.length > 0) { ground.begin(); air.begin(); }
    if (focused instanceof HTMLElement && body.contains(focused)) focused.focus({ preventScroll: true });
  };

  /** The same as the charts, in numbers. @param {TrendDay[]} days */
  const dayTable = (days) => {
    const velocity = pref("velocity");
    const heads = ["Day", "Events", "False", `PPV ${velocity}`, "Tran", "Vert", "Long", `PVS ${velocity}`, "Air dB(L)", "Ground", "Air", "Monitored"];
    return h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Days" }, h("table", { class: "plain numbers" },
      h("thead", null, h("tr", null, heads.map((word) => h("th", { scope: "col" }, word)))),
      h("tbody", null, [...days].reverse().map((day) => h("tr", null,
        h("th", { scope: "row" }, day.events + day.false_triggers > 0 ? h("a", { href: address({ ...of, from: day.day, to: day.day }), "data-route": true }, day.day) : day.day),
        h("td", null, countText(day.events)), h("td", null, countText(day.false_triggers)),
        /** @type {Peak[]} */ (["ppv", "tran", "vert", "long", "pvs"]).map((peak) => h("td", null, dayValue(day, peak, velocity))), h("td", null, dayValue(day, "pspl", "dB(L)")),
        h("td", null, outcomeText(day, "ground")), h("td", null, outcomeText(day, "air")), h("td", null, monitoredText(day.monitored_s)))))));
  };

  const asking = onlyLast(leaving.signal);
  const load = async () => {
    const signal = asking();
    /** @type {[Trend, import("../types.js").EventPage]} */
    const [found, page] = await Promise.all([get(`/trend${queryString(of)}`, signal), get(`/events${queryString({ ...of, limit: 8 })}`, signal)]);
    trend = found;
    latest = page.events;
    draw();
  };
  const reload = () => void load().catch((error) => { if (!isSilent(error)) { total.textContent = ""; replace(body, failure(error, "The trend cannot be shown")); } });
  reload();
  const endPrefs = onPrefs(draw);
  const endLive = onChange(later(1000, reload));
  return () => { leaving.abort(); endPrefs(); endLive(); for (const end of ends) end(); };
}

/** The levels that are in force, and those that were. @param {Trend} trend */
function levelTable(trend) {
  const row = (/** @type {import("./types.js").LevelSpan} */ level) => {
    const unit = level.quantity === "ground" ? pref("velocity") : "dB(L)";
    const limit = !level.lowest || !level.highest ? "" : level.lowest.value === level.highest.value ? readingText(level.lowest, unit) : `${digits(level.lowest, unit)} to ${readingText(level.highest, unit)}`;
    const time = [level.starts ? `from ${localText(level.starts).replace(/ 00:00:00$/, "")}` : "always", level.stops && `until ${localText(level.stops).replace(/ 00:00:00$/, "")}`, level.hours].filter(Boolean).join(", ");
    return h("tr", null, h("th", { scope: "row" }, level.quantity === "ground" ? "Ground" : "Air"), h("td", null, level.name, h("span", { class: "leaf" }, limit)), h("td", null, time), h("td", null, placeWords(level.for)));
  };
  return h("section", { "aria-label": "Levels" }, h("div", { class: "section-head" }, h("h2", null, "Levels"), h("a", { href: "?view=levels", "data-route": true }, "All levels")),
    trend.levels.length === 0 ? h("p", { class: "small" }, "No alarm level applies: events have no verdict.") : h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Levels" }, h("table", { class: "plain" },
      h("thead", null, h("tr", null, ["", "Limit", "When", "For"].map((word) => h("th", { scope: "col" }, word || h("span", { class: "unseen" }, "Quantity"))))),
      h("tbody", null, trend.levels.map(row)))));
}

/** @param {import("../types.js").EventRow[]} events @param {Params} of */
function latestTable(events, of) {
  const unit = pref("velocity");
  return h("section", { "aria-label": "Latest events" }, h("div", { class: "section-head" }, h("h2", null, "Latest events"), h("a", { href: address(of), "data-route": true }, "All events")),
    events.length === 0 ? h("p", { class: "small" }, "None.") : h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Latest events" }, h("table", { class: "plain" },
      h("thead", null, h("tr", null, ["Start (unit-local)", "Unit", "PPV", "Verdict"].map((word) => h("th", { scope: "col" }, word)))),
      h("tbody", null, events.map((row) => h("tr", { class: row.false_trigger ? "false-trigger" : null },
        h("th", { scope: "row" }, h("a", { href: address({ ...of, event: row.id }), "data-route": true }, localText(row.timestamp))), h("td", null, row.serial), h("td", null, readingText(ppv(row), unit)), h("td", null, row.false_trigger ? h("span", { class: "badge struck" }, "false trigger") : verdictCell(row))))))));
}
