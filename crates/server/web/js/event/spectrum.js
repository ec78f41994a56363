// @ts-check
/** Amplitude spectra of the channels. */

import { get } from "../api.js";
import { h, replace, s } from "../dom.js";
import { channelColour, palette } from "../theme.js";
import { NONE, fixed, sampleText } from "../units.js";

/** @typedef {import("../types.js").Spectrum} Spectrum */

const W = 480, H = 150, LEFT = 12, RIGHT = 12, TOP = 8, BOTTOM = 26;

/** Frequencies that are drawn. Above them the geophones are not specified. */
const TO_HZ = 125;

/** @param {string} name @param {Spectrum["channels"][string]} channel @param {number} index */
function one(name, channel, index) {
  const colours = palette();
  const last = Math.min(TO_HZ, channel.frequencies_hz.at(-1) ?? TO_HZ);
  const most = Math.max(...channel.amplitudes, 1e-12);
  const x = (/** @type {number} */ hz) => LEFT + (hz / last) * (W - LEFT - RIGHT);
  const y = (/** @type {number} */ value) => H - BOTTOM - (value / most) * (H - TOP - BOTTOM);
  // The largest line of each pixel: no peak is lost.
  /** @type {Map<number, number>} */
  const columns = new Map();
  channel.frequencies_hz.forEach((hz, line) => {
    if (hz > last) return;
    const at = Math.round(x(hz) * 2) / 2;
    columns.set(at, Math.max(columns.get(at) ?? 0, channel.amplitudes[line] ?? 0));
  });
  const path = [...columns].map(([at, value]) => `${at},${y(value).toFixed(1)}`).join(" ");
  const colour = channelColour(index);
  const head = h("b", null, name);
  head.style.color = colour;
  const words = channel.dominant_hz === null ? (typeof channel.restriction === "string" ? channel.restriction : "no dominant frequency")
    : `dominant at ${fixed(channel.dominant_hz, 2)} Hz, ${sampleText(channel.dominant_amplitude, channel.unit)}`;
  const ticks = [0, 25, 50, 75, 100, 125].filter((hz) => hz <= last);
  return h("figure", { class: "spectrum" }, h("figcaption", null, head, " ", words),
    s("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": `Spectrum of ${name}: ${words}` },
      s("rect", { x: LEFT, y: TOP, width: W - LEFT - RIGHT, height: H - TOP - BOTTOM, fill: colours.panel }),
      ticks.map((hz) => [s("line", { x1: x(hz), x2: x(hz), y1: TOP, y2: H - BOTTOM, stroke: colours.grid }), s("text", { x: x(hz), y: H - 9, "text-anchor": hz === 0 ? "start" : hz === last ? "end" : "middle", fill: colours.soft, "font-size": 11 }, hz === last || hz === ticks.at(-1) ? `${hz} Hz` : hz)]),
      s("polyline", { points: path, fill: "none", stroke: colour, "stroke-width": 1.3, "stroke-linejoin": "round" }),
      s("rect", { x: LEFT, y: TOP, width: W - LEFT - RIGHT, height: H - TOP - BOTTOM, fill: "none", stroke: colours.frame })));
}

/** @param {HTMLElement} place @param {number} id @param {AbortSignal} signal */
export async function showSpectrum(place, id, signal) {
  /** @type {Spectrum} */
  const spectrum = await get(`/events/${id}/spectrum`, signal);
  const names = Object.keys(spectrum.channels);
  const rows = () => names.map((name) => {
    const channel = spectrum.channels[name];
    return h("tr", null, h("th", { scope: "row" }, name), h("td", null, channel?.dominant_hz === null || !channel ? NONE : `${fixed(channel.dominant_hz, 2)} Hz`), h("td", null, channel ? sampleText(channel.dominant_amplitude, channel.unit) : NONE));
  });
  const draw = () => replace(place, h("h2", null, "Spectra"),
    spectrum.rate_assumed && h("p", { class: "small" }, "The sample rate is assumed, and the frequencies depend on it."),
    h("div", { class: "spectra" }, names.map((name, index) => spectrum.channels[name] && one(name, spectrum.channels[name], index))),
    h("details", { class: "twin" }, h("summary", null, "The same as a table"), h("table", { class: "plain" }, h("caption", null, "Dominant frequencies"), h("thead", null, h("tr", null, ["Channel", "Frequency", "Amplitude"].map((word) => h("th", { scope: "col" }, word)))), h("tbody", null, rows()))));
  draw();
  return draw;
}
