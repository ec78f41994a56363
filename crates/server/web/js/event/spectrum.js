// @ts-check
/** Amplitude spectra of the channels, as lines or as one-third-octave bands. */

import { get, lastAsked } from "../api.js";
import { h, replace, select } from "../dom.js";
import { Fold } from "../fold.js";
import { pref, setPref } from "../prefs.js";
import { announce, complain } from "../say.js";
import { channelColour } from "../theme.js";
import { NONE, fixed } from "../units.js";
import { Range, bandText, figure, hzText, lineText, lineUnit } from "./spectrum_figure.js";

/** @typedef {import("../types.js").Spectrum} Spectrum */
/** @typedef {import("../types.js").ChannelSpectrum} ChannelSpectrum */

/** Frequencies that are shown first: to the end of the band of 125 Hz. Above it the geophones are not specified. */
const TO_HZ = 1000 * 10 ** -0.85;
/** Rows of the table of lines. */
const ROWS = 40;

/** What of the samples the spectrum leaves out, or that they are wrong. @param {ChannelSpectrum} channel */
const warning = (channel) => [channel.flag && `${channel.flag}: the amplitudes may be wrong`, channel.restriction].filter(Boolean).join("; ");

/** The largest line or band in words. @param {ChannelSpectrum} channel @param {boolean} inBands */
function largestWords(channel, inBands) {
  if (!inBands) return channel.dominant_hz === null ? "no dominant frequency" : `dominant at ${fixed(channel.dominant_hz, 2)} Hz, ${lineText(channel.dominant_amplitude, channel.unit)}`;
  const largest = channel.third_octaves.bands.reduce((most, band) => (band.rms > (most?.rms ?? 0) ? band : most), /** @type {import("../types.js").ThirdOctave | null} */ (null));
  return largest ? `largest in the band of ${hzText(largest.nominal_hz)} Hz, ${bandText(largest, channel.unit)}` : "nothing moves";
}

/** @param {HTMLElement} place @param {number} id @param {AbortSignal} signal */
export async function showSpectrum(place, id, signal) {
  const ask = lastAsked();
  /** @type {Spectrum} */
  let spectrum = await get(`/events/${id}/spectrum?bands=third_octave&window=${pref("window")}`, signal);
  const names = Object.keys(spectrum.channels);
  const has = Object.values(spectrum.channels);
  const halfRate = spectrum.rate_hz / 2;
  const least = Math.min(...has.map((channel) => channel.resolution_hz ?? Infinity));
  const range = new Range(Number.isFinite(least) ? least : halfRate / 100, halfRate, Math.min(TO_HZ, halfRate));
  let chosen = pref("window");

  const readout = h("p", { class: "readout" });
  const rest = matchMedia("(pointer: coarse)").matches ? "Tap a spectrum to read it." : "Move over a spectrum to read it; drag to zoom.";
  const figures = h("div", { class: "spectra", tabindex: 0, role: "application", "aria-label": "Spectra of the channels. Arrow keys move the cursor, plus and minus zoom, Home shows all." });
  const notes = h("div");
  const asTable = new Fold();
  const whole = h("button", { type: "button", class: "quiet", onclick: () => show(() => range.reset()) }, "Whole");
  const windows = select("Window", [["none", "No window"], ["hann", "Hann window"], ["flat_top", "Flat top window"]], pref("window"), (window) => setPref("window", /** @type {any} */ (window)), { id: "window" });
  const views = select("Lines or bands", [["lines", "Lines"], ["third_octave", "One-third octaves"]], pref("bands"), (bands) => setPref("bands", /** @type {any} */ (bands)), { id: "bands" });
  const axes = select("Frequency axis", [["linear", "Linear axis"], ["log", "Logarithmic axis"]], pref("frequency"), (axis) => setPref("frequency", /** @type {any} */ (axis)), { id: "frequency-axis" });
  const tools = h("div", { class: "tools", role: "toolbar", "aria-label": "Spectra" }, views, windows, axes,
    h("button", { type: "button", class: "quiet", "aria-label": "Zoom in on the frequencies", onclick: () => show(() => range.zoom(0.5)) }, "+"),
    h("button", { type: "button", class: "quiet", "aria-label": "Zoom out of the frequencies", onclick: () => show(() => range.zoom(2)) }, "−"), whole);

  /** @type {ReturnType<typeof figure>[]} */
  let drawn = [];
  /** Where the cursor is. @type {number | null} */
  let cursor = null;
  const inBands = () => pref("bands") === "third_octave";

  /** @param {number | null} hz @param {boolean} [aloud] */
  function point(hz, aloud) {
    cursor = hz;
    const parts = drawn.map((one) => one.point(hz));
    const found = parts.find((part) => part !== null);
    if (hz === null || !found) {
      readout.textContent = rest;
      return;
    }
    replace(readout, h("strong", null, found.at), names.map((name, index) => {
      const head = h("b", null, name);
      head.style.color = channelColour(index);
      return h("span", { class: "reading" }, head, " ", parts[index]?.text ?? NONE);
    }));
    if (aloud) announce(`${found.at}: ${names.map((name, index) => `${name} ${parts[index]?.text ?? NONE}`).join(", ")}`);
  }

  /** @param {() => void} [change] */
  function show(change) {
    change?.();
    range.lowest = inBands() ? Math.min(...has.map((channel) => channel.third_octaves.bands[0]?.from_hz ?? Infinity), halfRate / 10) : least;
    range.isLog = inBands() || pref("frequency") === "log";
    const beside = Math.max(Math.floor((figures.clientWidth + 18) / 340), 1);
    const width = Math.max((figures.clientWidth - 18 * (Math.min(beside, names.length) - 1)) / Math.min(beside, names.length), 240);
    drawn = names.map((name, index) => {
      const channel = /** @type {ChannelSpectrum} */ (spectrum.channels[name]);
      return figure(name, channel, channelColour(index), largestWords(channel, inBands()), warning(channel), range, inBands(), width, { point, select: (from, to) => show(() => range.view(from, to)), reset: () => show(() => range.reset()) });
    });
    replace(figures, drawn.map((one) => one.element));
    whole.disabled = range.isWhole;
    windows.disabled = inBands();
    axes.disabled = inBands();
    point(cursor);
    asTable.show(() => (inBands() ? bandTable() : lineTable()));
    replace(notes,
      spectrum.rate_assumed && h("p", { class: "small" }, "The sample rate is assumed, and the frequencies depend on it."),
      h("p", { class: "small" }, inBands()
        ? "RMS in the bands of IEC 61260-1 (base 10), summed from the lines of a Fourier transform without a window; lines that lie across an edge are divided. These are no levels of a class 1 filter bank."
        : `Amplitudes of sines, ${spectrum.window === "none" ? "without a window" : `divided by the coherent gain of the window, ${Number(spectrum.coherent_gain.toPrecision(4))}`}; lines ${hzText(least)} Hz apart.`));
  }

  const scrolled = (/** @type {string} */ caption, /** @type {string[]} */ heads, /** @type {HTMLElement[]} */ rows) => h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Numbers of the spectra" }, h("table", { class: "plain" },
    h("caption", null, caption), h("thead", null, h("tr", null, heads.map((word) => h("th", { scope: "col" }, word)))), h("tbody", null, rows)));

  function bandTable() {
    const nominal = has.reduce((longest, channel) => (channel.third_octaves.bands.length > longest.length ? channel.third_octaves.bands : longest), /** @type {import("../types.js").ThirdOctave[]} */ ([]));
    return scrolled("RMS of the one-third-octave bands", ["Band", ...names], nominal.map((band) => h("tr", null, h("th", { scope: "row" }, `${hzText(band.nominal_hz)} Hz`),
      has.map((channel) => {
        const own = channel.third_octaves.bands.find((other) => other.nominal_hz === band.nominal_hz);
        return h("td", null, own ? bandText(own, channel.unit) : NONE);
      }))));
  }

  function lineTable() {
    const rows = Array.from({ length: ROWS }, (_, row) => /** @type {const} */ ([range.at(row / ROWS), range.at((row + 1) / ROWS)])).map(([from, to]) => {
      const cells = has.map((channel) => {
        const step = channel.resolution_hz ?? 0;
        const first = Math.max(Math.ceil(from / step - 1e-9), 0), end = Math.min(Math.ceil(to / step - 1e-9), channel.amplitudes.length);
        let most = first;
        for (let line = first; line < end; line += 1) if ((channel.amplitudes[line] ?? 0) > (channel.amplitudes[most] ?? 0)) most = line;
        return end > first ? `${lineText(channel.amplitudes[most] ?? null, channel.unit)} at ${fixed(most * step, 2)} Hz` : NONE;
      });
      return cells.some((cell) => cell !== NONE) && h("tr", null, h("th", { scope: "row" }, `${hzText(from)} Hz`), cells.map((cell) => h("td", null, cell)));
    });
    const dominant = h("tr", null, h("th", { scope: "row" }, "Dominant"), has.map((channel) => h("td", null, channel.dominant_hz === null ? NONE : `${lineText(channel.dominant_amplitude, channel.unit)} at ${fixed(channel.dominant_hz, 2)} Hz`)));
    return scrolled("The largest line from each frequency on", ["From", ...names.map((name, index) => `${name} (${lineUnit(has[index]?.unit ?? "")})`)], [dominant, .../** @type {HTMLElement[]} */ (rows.filter(Boolean))]);
  }

  figures.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== figures) return;
    if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      const step = (event.key === "ArrowRight" ? 1 : -1) * (event.shiftKey ? 10 : 1);
      const next = drawn.map((one) => one.next(cursor, step)).find((hz) => hz !== null) ?? null;
      if (next !== null && (next < range.from || next > range.to)) show(() => range.centre(next));
      point(next, true);
    } else if (event.key === "+" || event.key === "=") show(() => range.zoom(0.5, cursor));
    else if (event.key === "-") show(() => range.zoom(2, cursor));
    else if (event.key === "Home") show(() => range.reset());
    else if (event.key === "Escape" && cursor !== null) point(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  replace(place, h("div", { class: "section-head" }, h("h2", null, "Spectra"), tools), readout, figures, notes, asTable.element);
  let width = 0;
  const resize = new ResizeObserver(() => {
    if (Math.abs(figures.clientWidth - width) < 1) return;
    width = figures.clientWidth;
    show();
  });
  resize.observe(figures);
  signal.addEventListener("abort", () => resize.disconnect());
  show();

  return () => {
    [windows.value, views.value, axes.value] = [pref("window"), pref("bands"), pref("frequency")];
    if (chosen === pref("window")) {
      show();
      return;
    }
    chosen = pref("window");
    const isLast = ask();
    get(`/events/${id}/spectrum?bands=third_octave&window=${chosen}`, signal).then((/** @type {Spectrum} */ found) => {
      if (!isLast()) return;
      spectrum = found;
      has.splice(0, has.length, ...Object.values(found.channels));
      show();
    }).catch((error) => { if (!signal.aborted) complain(error, "The spectra cannot be computed"); });
  };
}
