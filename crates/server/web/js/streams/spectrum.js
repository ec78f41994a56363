// @ts-check
/** Amplitude spectral density and RMS of what is shown. */

import { get, queryString } from "../api.js";
import { h, replace, s } from "../dom.js";
import { Fold } from "../fold.js";
import { channelColour, palette } from "../theme.js";
import { countText } from "../units.js";
import { scientific } from "./values.js";

/** @typedef {import("./types.js").Densities} Densities */

const H = 190, LEFT = 62, RIGHT = 12, TOP = 6, BOTTOM = 34;
/** The least width of a figure and the distance of two, as in streams.css. */
const LEAST = 420, GAP = 18;

/** Round values of a logarithmic axis: 1, or 1, 2 and 5 of each decade. @param {number} from @param {number} to @param {number} most */
function marks(from, to, most) {
  const first = Math.floor(Math.log10(from)), last = Math.ceil(Math.log10(to));
  const digits = Math.log10(to / from) <= 2.5 ? [1, 2, 5] : [1];
  const every = Math.max(Math.ceil((last - first) / most), 1);
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, n) => first + n).filter((power) => power % every === 0)
    .flatMap((power) => digits.map((digit) => Number(`${digit}e${power}`))).filter((value) => value >= from * 0.999999 && value <= to * 1.000001);
}

/** @param {number} value */
const markText = (value) => value >= 0.01 && value < 100_000 ? (value < 1 ? String(value) : countText(value)) : value.toExponential(0).replace("e+", "e").replace("-", "−");

/** One channel. @param {Densities} all @param {Densities["channels"][number]} channel @param {number} index @param {number} width @param {[number, number]} range */
function one(all, channel, index, width, range) {
  const colours = palette();
  const { resolution_hz: step = 1, rate_hz: rate } = all;
  const from = step ?? 1, to = (rate ?? 2) / 2;
  const [low, high] = range;
  const x = (/** @type {number} */ hz) => LEFT + (Math.log(hz / from) / Math.log(to / from)) * (width - LEFT - RIGHT);
  const y = (/** @type {number} */ value) => TOP + (Math.log(high / Math.max(value, low)) / Math.log(high / low)) * (H - TOP - BOTTOM);
  // Smallest and largest of each pixel: no peak is lost.
  /** @type {Map<number, [number, number]>} */
  const columns = new Map();
  channel.density?.forEach((value, line) => {
    if (line === 0) return;
    const at = Math.round(x(line * from));
    const held = columns.get(at);
    columns.set(at, held ? [Math.min(held[0], value), Math.max(held[1], value)] : [value, value]);
  });
  const path = [...columns].map(([at, [least, most]]) => least === most ? `${at},${y(most).toFixed(1)}` : `${at},${y(least).toFixed(1)} ${at},${y(most).toFixed(1)}`).join(" ");
  const head = h("b", null, channel.name ?? `channel ${channel.index}`);
  head.style.color = channelColour(index);
  const words = `RMS ${scientific(channel.rms)} ${all.unit}`;
  const label = (/** @type {Record<string, any>} */ where, /** @type {string} */ text) => s("text", { fill: colours.soft, "font-size": 11, ...where }, text);
  return h("figure", { class: "density" }, h("figcaption", null, head, h("span", { class: "unit" }, words)),
    channel.density === null ? h("p", { class: "small" }, `No density: ${all.no_density}.`) : s("svg", { viewBox: `0 0 ${width} ${H}`, role: "img", "aria-label": `Amplitude spectral density of ${channel.name ?? `channel ${channel.index}`} in ${all.density_unit} from ${scientific(from)} to ${scientific(to)} Hz; ${words}` },
      s("rect", { x: LEFT, y: TOP, width: width - LEFT - RIGHT, height: H - TOP - BOTTOM, fill: colours.panel, stroke: colours.frame }),
      marks(from, to, 8).map((hz) => [s("line", { x1: x(hz), x2: x(hz), y1: TOP, y2: H - BOTTOM, stroke: colours.grid }), label({ x: Math.min(x(hz), width - 22), y: H - 19, "text-anchor": "middle" }, markText(hz))]),
      marks(low, high, 6).map((value) => [s("line", { x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value), stroke: colours.grid }), label({ x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, markText(value))]),
      label({ x: width - RIGHT, y: H - 4, "text-anchor": "end" }, "Hz"), label({ x: LEFT, y: H - 4 }, all.density_unit),
      s("polyline", { points: path, fill: "none", stroke: channelColour(index), "stroke-width": 1.2, "stroke-linejoin": "round" })));
}

/** Density and RMS as a table: the densities at decades of frequency. @param {Densities} all */
function table(all) {
  const step = all.resolution_hz ?? 0;
  const has = all.channels.some((channel) => channel.density);
  const at = has && step > 0 ? marks(step, (all.rate_hz ?? 0) / 2, 6) : [];
  return h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "RMS and density" }, h("table", { class: "plain" },
    h("caption", null, `Mean and RMS about it in ${all.unit}; density in ${all.density_unit} at the line next to a frequency`),
    h("thead", null, h("tr", null, ["Channel", "Mean", "RMS", ...at.map((hz) => `${scientific(hz)} Hz`)].map((word) => h("th", { scope: "col" }, word)))),
    h("tbody", null, all.channels.map((channel) => h("tr", null, h("th", { scope: "row" }, channel.name ?? channel.index), h("td", null, scientific(channel.mean)), h("td", null, scientific(channel.rms)),
      at.map((hz) => h("td", null, scientific(channel.density?.[Math.round(hz / step)]))))))));
}

/** The part of the page; `ask` computes it when it is open. @param {string} id @param {() => Record<string, string | number>} part @param {(error: unknown) => void} complain @param {boolean} open */
export function densities(id, part, complain, open) {
  const place = h("div");
  const asTable = new Fold();
  const box = h("details", { class: "spectrum-box", open }, h("summary", null, h("h2", null, "Spectrum and RMS")), place, asTable.element);
  /** @type {Densities | null} */
  let all = null;
  let asking = new AbortController();
  const draw = () => {
    const found = all;
    if (!found || !box.open) return;
    // As many beside each other as the style sheet puts there.
    const beside = Math.max(Math.min(Math.floor((place.clientWidth + GAP) / (LEAST + GAP)), found.channels.length), 1);
    const width = Math.max((place.clientWidth - GAP * (beside - 1)) / beside, 240);
    const there = found.channels.flatMap((channel) => channel.density ? channel.density.slice(1).filter((value) => value > 0) : []);
    const low = there.reduce((a, b) => Math.min(a, b), Infinity), high = there.reduce((a, b) => Math.max(a, b), -Infinity);
    const range = /** @type {[number, number]} */ (low < high ? [Math.max(low, high * 1e-9), high * 1.3] : high > 0 ? [high / 10, high * 10] : [0.1, 1]);
    const [from, to] = found.stretch;
    replace(place, h("p", { class: "small" }, `Frames ${countText(from)} to ${countText(Math.max(to - 1, from))}. One-sided amplitude spectral density (Welch, Hann window, segments of ${countText(found.segment)} frames, half overlapping, ${countText(found.segments)} averaged${found.resolution_hz ? `, ${scientific(found.resolution_hz)} Hz apart` : ""}); RMS about the mean.`),
      found.restriction && h("p", { class: "notice" }, h("strong", null, "Not of all that is shown: "), found.restriction, "."),
      h("div", { class: "densities" }, found.channels.map((channel, index) => one(found, channel, index, width, range))));
    asTable.show(() => table(found));
  };
  const load = async () => {
    if (!box.open) return;
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    if (!all) replace(place, h("p", { class: "small" }, "It is being computed …"));
    try {
      all = await get(`/streams/${id}/spectrum${queryString(part())}`, signal);
      draw();
    } catch (error) {
      if (signal.aborted) return;
      replace(place);
      asTable.element.hidden = true;
      complain(error);
    }
  };
  box.addEventListener("toggle", () => void load());
  return { box, load, draw, end: () => asking.abort() };
}
