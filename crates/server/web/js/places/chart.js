// @ts-check
/** The largest values of each day as a chart: levels with their changes, marks by shape and colour, what was monitored. */

import { h, replace, s } from "../dom.js";
import { NONE, converted, digits, fixed, signOf } from "../units.js";
import { DAY_S, dayNumber, dayText, dayTicks, eventsText, monitoredText, outcomeText, worst } from "./days.js";
import { hands } from "./hands.js";

/** @typedef {import("./types.js").TrendDay} TrendDay */
/** @typedef {import("./types.js").LevelSpan} LevelSpan */
/** @typedef {{ title: string, unit: string, part: "ground" | "air", peak: import("./types.js").Peak, days: TrendDay[], levels: LevelSpan[], first: number, last: number, open: (day: TrendDay) => void }} Chart */

const HEIGHT = 262;
const TOP = 28, BOTTOM = 44, LEFT = 58, RIGHT = 14;
/** The lane of what was monitored. */
const LANE = 8;

/** A value axis: by decades for velocities, even for levels. @param {number[]} values @param {boolean} isLevel */
function scale(values, isLevel) {
  const low = Math.min(...values), high = Math.max(...values);
  if (isLevel) {
    const from = Number.isFinite(low) ? Math.floor((low - 3) / 10) * 10 : 90;
    const to = Number.isFinite(high) ? Math.max(Math.ceil((high + 3) / 10) * 10, from + 20) : 140;
    const ticks = Array.from({ length: Math.round((to - from) / 10) + 1 }, (_, n) => from + n * 10);
    return { place: (/** @type {number} */ value) => (value - from) / (to - from), ticks: ticks.map((value) => ({ value, words: fixed(value, 0) })) };
  }
  const top = Math.log10((Number.isFinite(high) && high > 0 ? high : 1) * 1.4);
  const bottom = Math.max(Math.min(Math.log10((Number.isFinite(low) && low > 0 ? low : 0.01) / 1.6), top - 1), top - 6);
  const ticks = [];
  for (let power = Math.floor(bottom); power <= top; power += 1) {
    for (const step of [1, 2, 5]) {
      const at = Math.log10(step) + power;
      if (at >= bottom && at <= top) ticks.push({ value: step * 10 ** power, words: top - bottom > 3 && step !== 1 ? "" : String(Number((step * 10 ** power).toPrecision(1))) });
    }
  }
  return { place: (/** @type {number} */ value) => Math.min(Math.max((Math.log10(Math.max(value, 1e-12)) - bottom) / (top - bottom), 0), 1), ticks };
}

/** The mark of a day: a triangle exceeds, a diamond warns, a ring has no verdict or is a bound, a dot is within. @param {number} x @param {number} y @param {string | null} outcome @param {boolean} isBound */
export function mark(x, y, outcome, isBound) {
  if (outcome === "exceeds") return s("path", { d: `M${x} ${y - 6}l5.5 10h-11z`, class: "mark exceeds" });
  if (outcome === "warns") return s("path", { d: `M${x} ${y - 5.5}l5 5.5l-5 5.5l-5 -5.5z`, class: "mark warns" });
  return s("circle", { cx: x, cy: y, r: 3.6, class: outcome === "no_verdict" || isBound ? "mark open" : "mark" });
}

/** @param {HTMLElement} place @param {Chart} chart */
export function trendChart(place, chart) {
  const { days, first, last } = chart;
  const shown = days.flatMap((day) => {
    const peak = day[chart.peak];
    return peak ? [{ day, peak, at: dayNumber(day.day), value: converted(peak.reading, chart.unit).value }] : [];
  });
  const levels = chart.levels.filter((level) => level.quantity === chart.part && level.lowest && level.highest);
  const limits = levels.flatMap((level) => [level.lowest, level.highest].map((limit) => converted(/** @type {import("../types.js").Reading} */ (limit), chart.unit)));
  const isLevel = chart.unit.startsWith("dB");
  const usable = limits.filter((limit) => limit.unit === chart.unit).map((limit) => limit.value);
  const axis = scale([...shown.map((of) => of.value), ...usable], isLevel);
  const readout = h("p", { class: "readout", role: "status" });
  const drawing = s("svg", { "aria-hidden": "true", height: HEIGHT });
  const box = h("div", { class: "trend-plot", tabindex: 0, role: "group", "aria-label": `${chart.title}: chart. Left and right go from day to day, Enter opens the events of the day` }, drawing);
  replace(place, box, readout);
  let width = 0;
  const step = () => (width - LEFT - RIGHT) / (last - first + 1);
  const across = (/** @type {number} */ day) => LEFT + (day - first + 0.5) * step();
  const up = (/** @type {number} */ value) => HEIGHT - BOTTOM - axis.place(value) * (HEIGHT - TOP - BOTTOM);

  const say = (/** @type {number | null} */ chosen) => {
    const of = shown[chosen ?? -1];
    if (!of) return replace(readout, shown.length === 0 ? "No value in these days." : h("span", null, "Point at a day, or use the keyboard, to read it."));
    const outcome = outcomeText(of.day, chart.part);
    replace(readout, h("strong", null, of.day.day), h("span", { class: "reading" }, `${digits(of.peak.reading, chart.unit)} ${converted(of.peak.reading, chart.unit).unit}`), h("span", null, eventsText(of.day)), outcome && h("span", null, outcome), h("span", null, `monitored: ${monitoredText(of.day.monitored_s)}`));
  };
  const levelLine = (/** @type {LevelSpan} */ level, /** @type {number} */ turn) => {
    const edge = (/** @type {string | null} */ at, /** @type {number} */ otherwise) => (at ? Math.min(Math.max(LEFT + (dayNumber(at) - first) * step(), LEFT), width - RIGHT) : otherwise);
    const from = edge(level.starts, LEFT), to = edge(level.stops, width - RIGHT);
    if (to <= from) return null;
    const [low, high] = [level.lowest, level.highest].map((limit) => converted(/** @type {import("../types.js").Reading} */ (limit), chart.unit));
    if (!low || !high || low.unit !== chart.unit) return null;
    const line = (/** @type {number} */ value) => s("line", { x1: from, x2: to, y1: up(value), y2: up(value), class: "level-line" });
    const numbers = low.value === high.value ? digits(low, chart.unit) : `${digits(low, chart.unit)} to ${digits(high, chart.unit)}`;
    const whole = low.value === high.value ? `${level.name}: ${digits(low, chart.unit)}` : `${level.name}: ${digits(low, chart.unit)} to ${digits(high, chart.unit)} by frequency`;
    // About six pixels a letter.
    const letters = (to - from - 8) / 6;
    const words = whole.length <= letters ? whole : numbers.length <= letters ? numbers : "";
    return [low.value !== high.value && s("rect", { x: from, width: to - from, y: up(high.value), height: Math.max(up(low.value) - up(high.value), 0), class: "level-band" }), line(low.value), low.value !== high.value && line(high.value), words && s("text", { x: to - 4, y: up(high.value) - 4 - (turn % 2) * 11, "text-anchor": "end", class: "level-words" }, words)];
  };
  const draw = (/** @type {number | null} */ chosen, /** @type {number} */ wide) => {
    width = wide;
    drawing.setAttribute("width", String(width));
    drawing.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    const floor = HEIGHT - BOTTOM;
    const of = shown[chosen ?? -1];
    replace(drawing,
      axis.ticks.map(({ value, words }) => [s("line", { x1: LEFT, x2: width - RIGHT, y1: up(value), y2: up(value), class: "grid" }), words && s("text", { x: LEFT - 6, y: up(value) + 4, "text-anchor": "end" }, words)]),
      dayTicks(first, last, Math.max((width - LEFT - RIGHT) / 84, 1)).map((day) => [s("line", { x1: across(day) - step() / 2, x2: across(day) - step() / 2, y1: floor, y2: floor + 4, class: "tick" }), across(day) - step() / 2 < width - 68 && s("text", { x: across(day) - step() / 2 + 2, y: HEIGHT - 8 }, dayText(day))]),
      s("text", { x: LEFT - 6, y: 12, "text-anchor": "end" }, chart.unit),
      levels.map(levelLine),
      days.filter((day) => day.monitored_s > 0).map((day) => s("rect", { x: across(dayNumber(day.day)) - step() / 2, width: Math.max((step() * Math.min(day.monitored_s, DAY_S)) / DAY_S, 0.6), y: floor + 7, height: LANE, class: "monitored" })),
      s("rect", { x: LEFT, width: width - LEFT - RIGHT, y: floor + 7, height: LANE, class: "lane" }),
      of && s("line", { x1: across(of.at), x2: across(of.at), y1: TOP, y2: floor, class: "chosen-line" }),
      shown.map(({ day, peak, at, value }) => [s("line", { x1: across(at), x2: across(at), y1: floor, y2: up(value), class: "stem" }), mark(across(at), up(value), worst(day, chart.part), signOf(peak.reading) !== "")]),
      s("line", { x1: LEFT, x2: width - RIGHT, y1: floor, y2: floor, class: "tick" }));
  };
  const nearest = (/** @type {MouseEvent} */ event) => {
    const x = event.clientX - drawing.getBoundingClientRect().left;
    /** @type {number | null} */
    let found = null;
    let best = Math.max(step(), 24);
    shown.forEach((of, index) => { const far = Math.abs(across(of.at) - x); if (far < best) { best = far; found = index; } });
    return found;
  };
  return hands(box, { first: 0, last: shown.length - 1, at: nearest, enter: (chosen) => { const of = shown[chosen]; if (of) chart.open(of.day); }, draw, say });
}

/** What the marks mean. @param {"ground" | "air"} part */
export function trendLegend(part) {
  const item = (/** @type {string | null} */ outcome, /** @type {boolean} */ isBound, /** @type {string} */ words) => h("span", { class: "trend-key" }, s("svg", { width: 14, height: 14, "aria-hidden": "true" }, mark(7, 7, outcome, isBound)), words);
  return h("p", { class: "legend trend-legend" }, item(null, false, "largest of the day"), item("warns", false, "an event warns"), item("exceeds", false, "an event exceeds"), item(null, true, "a bound, or no verdict"),
    h("span", { class: "trend-key" }, s("svg", { width: 22, height: 10, "aria-hidden": "true" }, s("line", { x1: 0, x2: 22, y1: 5, y2: 5, class: "level-line" })), part === "ground" ? "level for the ground" : "level for the air"),
    h("span", { class: "trend-key" }, s("svg", { width: 22, height: 10, "aria-hidden": "true" }, s("rect", { width: 22, height: 8, y: 1, class: "monitored" })), "known to be monitored; elsewhere not known"));
}

/** The value of a day in a table. @param {TrendDay} day @param {import("./types.js").Peak} peak @param {string} unit */
export const dayValue = (day, peak, unit) => (day[peak] ? digits(day[peak]?.reading, unit) : NONE);
