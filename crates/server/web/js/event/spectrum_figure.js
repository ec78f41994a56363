// @ts-check
/** The figure of one spectrum, over a range of frequencies that all channels share. */

import { h, s } from "../dom.js";
import { pref } from "../prefs.js";
import { palette } from "../theme.js";
import { fixed, shownUnit, shownValue } from "../units.js";

/** @typedef {import("../types.js").ChannelSpectrum} ChannelSpectrum */
/** @typedef {import("../types.js").ThirdOctave} ThirdOctave */

const H = 178, RIGHT = 12, TOP = 8, BOTTOM = 38;
/** Width of a digit, and the least distance of the names of two bands. */
const DIGIT = 6.4, LABEL = 34;
/** Pixels that a drag has to have. */
const LEAST_DRAG = 5;

/** A frequency with as many digits as say something. @param {number} hz */
export const hzText = (hz) => String(Number(hz.toPrecision(4)));

/** The unit of the lines of a channel. @param {string} unit as sent */
export const lineUnit = (unit) => shownUnit(unit);

/** Three significant digits: amplitudes of lines are far below the peaks. @param {number} value */
const digitsOf = (value) => (value === 0 ? "0" : Math.abs(value) >= 1e-4 && Math.abs(value) < 1e5 ? fixed(value, Math.min(Math.max(2 - Math.floor(Math.log10(Math.abs(value))), 0), 7)) : value.toExponential(2).replace("e-", "e−").replace("e+", "e"));

/** @param {number | null} value @param {string} unit as sent */
export const lineText = (value, unit) => (value === null ? "–" : `${digitsOf(shownValue(value, unit))} ${shownUnit(unit)}`);

/** A band as a level where the reader has levels, else its RMS. @param {ThirdOctave} band @param {string} unit as sent */
export const bandText = (band, unit) => (unit === "psi" && pref("pressure") === "dB(L)" ? (band.level_db === undefined ? "no pressure" : `${fixed(band.level_db, 1)} dB`) : `${digitsOf(shownValue(band.rms, unit))} ${shownUnit(unit)}`);

/** The frequencies that are shown. */
export class Range {
  isLog = false;
  /** Where a logarithmic axis begins. */
  lowest = 0;

  /** @param {number} least The distance of two lines. @param {number} most @param {number} first Up to where is shown at first. */
  constructor(least, most, first) {
    this.least = least;
    this.most = most;
    this.from = 0;
    this.to = first;
  }

  get #low() { return this.isLog ? Math.max(this.lowest, this.most / 1e6) : 0; }

  /** Of a logarithmic axis that begins at 0 Hz the first line is the begin. */
  get #begin() { return this.isLog ? Math.max(this.from, this.#low) : this.from; }

  get isWhole() { return this.from <= this.#low * 1.0001 && this.to >= this.most * 0.9999; }

  reset() { [this.from, this.to] = [0, this.most]; }

  /** @param {number} from @param {number} to */
  view(from, to) {
    const least = this.least * 4;
    this.from = Math.max(Math.min(from, this.most - least), 0);
    this.to = Math.min(Math.max(to, this.from + least), this.most);
  }

  /** @param {number} factor below 1 goes nearer @param {number | null} [around] */
  zoom(factor, around) {
    const share = around === null || around === undefined ? 0.5 : Math.min(Math.max(this.share(around), 0), 1);
    this.view(this.at(share - share * factor), this.at(share + (1 - share) * factor));
  }

  /** @param {number} hz */
  centre(hz) {
    const by = this.share(hz) - 0.5;
    this.view(this.at(by), this.at(1 + by));
  }

  /** Where a frequency is, from 0 to 1. @param {number} hz */
  share(hz) {
    const from = this.#begin;
    return this.isLog ? Math.log(Math.max(hz, 1e-12) / from) / Math.log(this.to / from) : (hz - from) / (this.to - from);
  }

  /** The frequency at a share. @param {number} share */
  at(share) {
    const from = this.#begin;
    return this.isLog ? from * (this.to / from) ** share : from + share * (this.to - from);
  }

  /** Round frequencies of the axis. @param {number} width in pixels */
  ticks(width) {
    if (!this.isLog) return round(this.from, this.to, Math.max(Math.floor(width / 60), 2));
    const all = [];
    for (let power = Math.floor(Math.log10(this.#begin)); power <= Math.log10(this.to); power += 1) all.push(...[1, 2, 5].map((digit) => digit * 10 ** power));
    return all.map((hz) => Number(hz.toPrecision(3))).filter((hz) => hz >= this.#begin * 0.9999 && hz <= this.to * 1.0001);
  }
}

/** Round numbers from one to another. @param {number} from @param {number} to @param {number} most */
function round(from, to, most) {
  const raw = (to - from) / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 2.5, 5, 10].find((digit) => digit * power >= raw) ?? 10) * power;
  const out = [];
  for (let n = Math.ceil(from / step - 1e-9); n * step <= to * (1 + 1e-9); n += 1) out.push(Number((n * step).toPrecision(6)));
  return out;
}

/**
 * @param {string} name @param {ChannelSpectrum} channel @param {string} colour
 * @param {string} words The largest line or band. @param {string} warning
 * @param {Range} range @param {boolean} inBands @param {number} width
 * @param {{ point: (hz: number | null) => void, select: (from: number, to: number) => void, reset: () => void }} act
 */
export function figure(name, channel, colour, words, warning, range, inBands, width, act) {
  const colours = palette();
  const right = width - RIGHT, bottom = H - BOTTOM;
  const { bands } = channel.third_octaves;
  const step = channel.resolution_hz ?? 0;
  const isLevel = inBands && channel.unit === "psi" && pref("pressure") === "dB(L)";
  const shownBands = bands.filter((band) => band.to_hz > range.at(0) && band.from_hz < range.to);
  const valueOf = (/** @type {ThirdOctave} */ band) => (isLevel ? (band.level_db ?? -Infinity) : shownValue(band.rms, channel.unit));
  /** Room for the numbers of the value axis; it is known when the values are. */
  let left = 24;
  const x = (/** @type {number} */ hz) => left + range.share(hz) * (right - left);

  /** The largest line of each pixel: no peak is lost. @type {Map<number, number>} */
  const columns = new Map();
  if (!inBands) {
    const first = Math.max(Math.floor(range.from / step) - 1, range.isLog ? 1 : 0), end = Math.min(Math.ceil(range.to / step) + 2, channel.amplitudes.length);
    for (let line = first; line < end; line += 1) {
      const place = Math.round(range.share(line * step) * (right - left) * 2);
      columns.set(place, Math.max(columns.get(place) ?? 0, shownValue(channel.amplitudes[line] ?? 0, channel.unit)));
    }
  }
  const places = (right - left) * 2;
  const values = inBands ? shownBands.map(valueOf).filter(Number.isFinite) : [...columns.values()];
  const most = values.reduce((a, b) => Math.max(a, b), isLevel ? 0 : 1e-12);
  // Levels are shown over 60 dB below the largest.
  const high = isLevel ? Math.ceil((most + 3) / 10) * 10 : most * 1.06;
  const low = isLevel ? high - 60 : 0;
  const y = (/** @type {number} */ value) => bottom - Math.max((value - low) / (high - low), 0) * (bottom - TOP);
  const valueText = (/** @type {number} */ value) => (value !== 0 && Math.abs(value) < 1e-4 ? value.toExponential(1).replace("e-", "e−") : String(value).replace("-", "−"));
  const valueTicks = round(low, high, 4).map((value) => /** @type {const} */ ([value, valueText(value)]));
  left = Math.ceil(28 + Math.max(...valueTicks.map(([, label]) => label.length)) * DIGIT);
  const unit = isLevel ? "dB re 20 µPa" : `${shownUnit(channel.unit)}${inBands ? " RMS" : ""}`;

  const text = (/** @type {Record<string, any>} */ where, /** @type {string} */ label) => s("text", { fill: colours.soft, "font-size": 11, ...where }, label);
  const clip = `clip-${name.replace(/\W/g, "")}`;
  const line = s("line", { y1: TOP, y2: bottom, stroke: colours.ink, "stroke-opacity": 0.6, visibility: "hidden" });
  const area = s("rect", { y: TOP, height: bottom - TOP, fill: colours.ink, "fill-opacity": 0.12, visibility: "hidden" });
  const content = inBands
    ? shownBands.map((band) => s("rect", { x: x(band.from_hz) + 0.75, width: Math.max(x(band.to_hz) - x(band.from_hz) - 1.5, 1), y: y(valueOf(band)), height: Math.max(bottom - y(valueOf(band)), 0), fill: colour, "fill-opacity": 0.82 }))
    : s("polyline", { points: [...columns].map(([place, value]) => `${(left + (place / places) * (right - left)).toFixed(1)},${y(value).toFixed(1)}`).join(" "), fill: "none", stroke: colour, "stroke-width": 1.3, "stroke-linejoin": "round" });
  // Bands are named as far as the names do not overlap: each, or those an octave or more apart.
  const perBand = shownBands[0] ? x(shownBands[0].to_hz) - x(shownBands[0].from_hz) : LABEL;
  const every = [1, 3, 6, 9].find((bands) => bands * perBand >= LABEL) ?? 15;
  const named = shownBands.filter((band) => Math.round(10 * Math.log10(band.mid_hz / 1000)) % every === 0);
  const ticks = (inBands ? named.map((band) => /** @type {const} */ ([band.mid_hz, band.nominal_hz])) : range.ticks(right - left).map((hz) => /** @type {const} */ ([hz, hz]))).map(([hz, label]) => {
    const at = x(hz);
    return [!inBands && s("line", { x1: at, x2: at, y1: TOP, y2: bottom, stroke: colours.grid }), at + hzText(label).length * DIGIT / 2 < width && text({ x: at, y: bottom + 15, "text-anchor": "middle" }, hzText(label))];
  });
  const picture = s("svg", { width, height: H, viewBox: `0 0 ${width} ${H}`, role: "img", "aria-label": `${inBands ? "One-third-octave bands" : "Spectrum"} of ${name}: ${words}; in ${unit}, from ${hzText(range.at(0))} to ${hzText(range.to)} Hz` },
    s("clipPath", { id: clip }, s("rect", { x: left, y: TOP, width: right - left, height: bottom - TOP })),
    s("rect", { x: left, y: TOP, width: right - left, height: bottom - TOP, fill: colours.panel }),
    valueTicks.map(([value, label]) => [s("line", { x1: left, x2: right, y1: y(value), y2: y(value), stroke: colours.grid }), text({ x: left - 6, y: y(value) + 4, "text-anchor": "end" }, label)]),
    ticks, s("g", { "clip-path": `url(#${clip})` }, content, area, line),
    s("rect", { x: left, y: TOP, width: right - left, height: bottom - TOP, fill: "none", stroke: colours.frame }),
    text({ x: (left + right) / 2, y: H - 6, "text-anchor": "middle" }, inBands ? "mid-band frequency (Hz)" : "frequency (Hz)"),
    text({ x: 12, y: (TOP + bottom) / 2, "text-anchor": "middle", transform: `rotate(-90 12 ${(TOP + bottom) / 2})` }, unit));

  const hzAt = (/** @type {PointerEvent} */ event) => range.at(Math.min(Math.max((event.clientX - picture.getBoundingClientRect().left - left) / (right - left), 0), 1));
  /** Where a drag began. @type {number | null} */
  let began = null;
  picture.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    began = hzAt(event);
    picture.setPointerCapture(event.pointerId);
  });
  picture.addEventListener("pointermove", (event) => {
    act.point(hzAt(event));
    if (began === null) return;
    const [left, end] = [x(began), x(hzAt(event))].sort((a, b) => a - b);
    area.setAttribute("visibility", "visible");
    area.setAttribute("x", String(left));
    area.setAttribute("width", String(/** @type {number} */ (end) - /** @type {number} */ (left)));
  });
  picture.addEventListener("pointerup", (event) => {
    const [from, to] = [began ?? 0, hzAt(event)].sort((a, b) => a - b);
    const isDrag = began !== null && Math.abs(x(/** @type {number} */ (to)) - x(/** @type {number} */ (from))) >= LEAST_DRAG;
    began = null;
    area.setAttribute("visibility", "hidden");
    if (isDrag) act.select(/** @type {number} */ (from), /** @type {number} */ (to));
    else act.point(hzAt(event));
  });
  picture.addEventListener("pointercancel", () => { began = null; area.setAttribute("visibility", "hidden"); });
  picture.addEventListener("pointerleave", () => { if (began === null) act.point(null); });
  picture.addEventListener("dblclick", () => act.reset());

  const head = h("b", null, name);
  head.style.color = colour;
  const element = h("figure", { class: "spectrum" }, h("figcaption", null, head, " ", words, warning && h("span", { class: "spectrum-warning" }, ` ${warning}`)), channel.amplitudes.length > 0 && picture);

  return {
    element,
    /** Shows the line or band at a frequency, and reads it. @param {number | null} hz */
    point(hz) {
      const found = hz === null ? null : inBands ? bands.find((band) => hz >= band.from_hz && hz < band.to_hz) : channel.amplitudes.length > 0 ? Math.min(Math.max(Math.round(hz / step), 0), channel.amplitudes.length - 1) : null;
      line.setAttribute("visibility", found === null || found === undefined ? "hidden" : "visible");
      if (found === null || found === undefined) return null;
      const middle = typeof found === "number" ? found * step : found.mid_hz;
      line.setAttribute("x1", String(x(middle)));
      line.setAttribute("x2", String(x(middle)));
      return typeof found === "number" ? { at: `${fixed(middle, 2)} Hz`, text: lineText(channel.amplitudes[found] ?? null, channel.unit) } : { at: `Band of ${hzText(found.nominal_hz)} Hz (${hzText(found.from_hz)} to ${hzText(found.to_hz)} Hz)`, text: bandText(found, channel.unit) };
    },
    /** The frequency of a line or band beside another one. @param {number | null} hz @param {number} by */
    next(hz, by) {
      if (inBands) {
        if (bands.length === 0) return null;
        const place = hz === null ? Math.floor(bands.length / 2) : bands.findIndex((band) => hz < band.to_hz) + by;
        return bands[Math.min(Math.max(place, 0), bands.length - 1)]?.mid_hz ?? null;
      }
      if (channel.amplitudes.length === 0) return null;
      const from = hz ?? channel.dominant_hz ?? (range.from + range.to) / 2;
      return Math.min(Math.max(Math.round(from / step) + (hz === null ? 0 : by), 0), channel.amplitudes.length - 1) * step;
    },
  };
}
