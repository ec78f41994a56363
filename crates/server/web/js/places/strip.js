// @ts-check
/** The days of a unit as a strip: when it is known to have monitored, and how many events each day has. */

import { h, replace, s } from "../dom.js";
import { countText } from "../units.js";
import { DAY_S, dayNumber, dayText, dayTicks, eventsText, monitoredText } from "./days.js";
import { hands } from "./hands.js";

/** @typedef {import("./types.js").TrendDay} TrendDay */

const HEIGHT = 104, FLOOR = 56, LANE = 18;

/** @param {HTMLElement} place @param {TrendDay[]} days @param {string} from @param {string} to @param {(day: TrendDay) => void} open */
export function dayStrip(place, days, from, to, open) {
  const [first, last] = [dayNumber(from), dayNumber(to)];
  const byDay = new Map(days.map((day) => [dayNumber(day.day), day]));
  const most = Math.max(...days.map((day) => day.events), 1);
  const readout = h("p", { class: "readout strip-readout", role: "status" });
  const drawing = s("svg", { "aria-hidden": "true", height: HEIGHT });
  const box = h("div", { class: "trend-plot", tabindex: 0, role: "group", "aria-label": "Monitoring and events of each day. Left and right go from day to day, Enter opens the events of the day" }, drawing);
  replace(place, box, readout);
  let width = 0;
  const step = () => width / (last - first + 1);
  const left = (/** @type {number} */ day) => (day - first) * step();
  const say = (/** @type {number | null} */ chosen) => {
    if (chosen === null) return replace(readout, h("span", null, `Most events of a day: ${countText(days.length ? most : 0)}. Below: dark is known to be monitored, empty is not known.`));
    const day = byDay.get(chosen);
    replace(readout, h("strong", null, dayText(chosen)), h("span", null, day && day.events + day.false_triggers > 0 ? eventsText(day) : "no event"), h("span", null, `monitored: ${monitoredText(day?.monitored_s ?? 0)}`));
  };
  const draw = (/** @type {number | null} */ chosen, /** @type {number} */ wide) => {
    width = wide;
    drawing.setAttribute("width", String(width));
    drawing.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    const gap = step() > 4 ? 1 : 0;
    replace(drawing,
      chosen !== null && s("rect", { x: left(chosen), width: step(), y: 0, height: FLOOR + 6 + LANE, class: "chosen-day" }),
      days.filter((day) => day.events > 0).map((day) => s("rect", { x: left(dayNumber(day.day)), width: Math.max(step() - gap, 1), y: FLOOR - Math.max((day.events / most) * (FLOOR - 6), 3), height: Math.max((day.events / most) * (FLOOR - 6), 3), class: day.ground.exceeds + day.air.exceeds > 0 ? "bar exceeds" : "bar" })),
      s("line", { x1: 0, x2: width, y1: FLOOR, y2: FLOOR, class: "tick" }),
      days.filter((day) => day.monitored_s > 0).map((day) => s("rect", { x: left(dayNumber(day.day)), width: Math.max((step() * Math.min(day.monitored_s, DAY_S)) / DAY_S, 0.6), y: FLOOR + 6, height: LANE, class: "monitored" })),
      s("rect", { x: 0.5, width: width - 1, y: FLOOR + 6, height: LANE, class: "lane" }),
      dayTicks(first, last, Math.max(width / 90, 1)).map((day) => [s("line", { x1: left(day), x2: left(day), y1: FLOOR + 6 + LANE, y2: FLOOR + 11 + LANE, class: "tick" }), left(day) < width - 66 && s("text", { x: left(day) + 2, y: HEIGHT - 8 }, dayText(day))]));
  };
  const at = (/** @type {MouseEvent} */ event) => Math.min(Math.max(first + Math.floor((event.clientX - drawing.getBoundingClientRect().left) / step()), first), last);
  const enter = (/** @type {number} */ chosen) => { const day = byDay.get(chosen); if (day && day.events + day.false_triggers > 0) open(day); };
  return hands(box, { first, last, at, enter, draw, say });
}
