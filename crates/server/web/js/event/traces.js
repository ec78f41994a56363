// @ts-check
/** The channels of an event, one under the other: traces of a waveform, bars of a histogram. */

import { ask } from "../api.js";
import { h, replace, select } from "../dom.js";
import { Extremes } from "../plot/extremes.js";
import { PlotGroup } from "../plot/group.js";
import { clock } from "../plot/trace_plot.js";
import { pref, setPref } from "../prefs.js";
import { channelColour } from "../theme.js";
import { PA_PER_PSI, decibels, fixed, frequencyText, localText, microphoneReading, niceHalf, readingText, sampleText, secondsText, tracePressure, traceUnit, velocity, velocityUnit } from "../units.js";

/** @typedef {import("../types.js").PlotDocument} PlotDocument */
/** @typedef {import("../types.js").EventDetail} EventDetail */
/** @typedef {import("../plot/trace_plot.js").Trace} Trace */

/** Quiet axes do not fill their height: 0.05 in/s, 0.001 psi, 60 dB. */
const FLOOR_IN_S = 0.05;
const FLOOR_PSI = 0.001;
const FLOOR_DB = 60;

/** Every sample, missing ones NaN. @param {number} id @param {PlotDocument} plot @param {AbortSignal} signal */
export async function allValues(id, plot, signal) {
  const names = Object.keys(plot.channels);
  /** @type {Map<string, Float64Array>} */
  const out = new Map();
  if (!names.some((name) => plot.channels[name]?.pairs)) {
    for (const name of names) out.set(name, Float64Array.from(plot.channels[name]?.samples ?? [], (value) => value ?? NaN));
    return out;
  }
  const response = await ask(`/events/${id}/samples`, { signal, headers: { accept: "application/octet-stream" } });
  const all = new Float64Array(await response.arrayBuffer());
  const columns = all.length / names.length;
  names.forEach((name, row) => out.set(name, all.subarray(row * columns, (row + 1) * columns)));
  return out;
}

/**
 * @param {HTMLElement} place @param {EventDetail} detail @param {PlotDocument} plot
 * @param {Map<string, Float64Array>} values
 */
export function showTraces(place, detail, plot, values) {
  const axis = plot.time_axis;
  const bars = !!axis.histogram_aggregated;
  const startLocal = bars ? (axis.interval_times?.[0] ?? null) : null;
  const group = new PlotGroup({
    t0: bars ? 0 : (axis.t0 ?? 0), dt: axis.dt ?? 1, n: axis.n, bars, startLocal,
    xLabel: bars ? (startLocal ? "interval start, unit-local time" : axis.dt ? "time from the start (s)" : "interval") : "time from the trigger (s)",
  }, bars ? "Bars of the intervals" : "Traces of the channels");
  const names = Object.keys(plot.channels);
  const extremes = new Map(names.map((name) => [name, new Extremes(values.get(name) ?? new Float64Array())]));
  const readout = h("p", { class: "readout" });
  const rest = bars ? "Move over the bars to read an interval." : matchMedia("(pointer: coarse)").matches ? "Tap a trace to read the exact sample; two fingers zoom." : "Move over a trace to read the exact sample; drag to zoom.";

  const draw = () => {
    const traces = names.map((name, index) => traceOf(name, index));
    const common = pref("scale") === "common";
    for (const unit of ["in/s", "psi"]) {
      const same = traces.filter((trace) => trace.unit === unit);
      const high = Math.max(...same.map((trace) => trace.high));
      if (common) for (const trace of same) [trace.low, trace.high] = [bars ? trace.low : -high, high];
    }
    group.show(traces, heading);
    scaleWords();
  };

  /** @param {string} name @param {number} index @returns {Trace} */
  function traceOf(name, index) {
    const channel = plot.channels[name];
    if (!channel) throw new Error(`no channel ${name}`);
    const found = /** @type {Extremes} */ (extremes.get(name));
    const measured = detail.measurements?.channels.find((other) => other.name === name);
    const { shown, floor, base } = shownAs(channel.unit, bars);
    const peak = found.peak();
    const high = base === 0 ? niceHalf(Math.abs(shown(peak)), Math.abs(floor)) : base + niceHalf(Math.max((peak ? shown(peak) : base) - base, 0), floor);
    return {
      name, unit: channel.unit, colour: channelColour(index), extremes: found, shown,
      low: bars ? base : -high, high, gaps: plot.gaps[name] ?? [],
      peakIndex: measured?.peak_index ?? channel.peak.index ?? null,
      halfWave: bars ? null : (measured?.half_wave ?? null), trigger: !bars,
    };
  }

  /** @param {Trace} trace */
  function heading(trace) {
    const measured = detail.measurements?.channels.find((other) => other.name === trace.name);
    const name = h("span", { class: "channel" }, trace.name);
    name.style.color = trace.colour;
    const unit = trace.unit === "psi" ? (bars ? pref("pressure") : traceUnit()) : trace.unit === "in/s" ? velocityUnit() : trace.unit;
    return h("div", { class: "plot-head" }, name, h("span", { class: "unit" }, unit), h("span", { class: "peak-words" }, peakWords(measured)));
  }

  const scaleNote = h("span", { class: "scale-words" });
  function scaleWords() {
    const words = (/** @type {string} */ unit) => {
      const trace = group.plots.find((plot) => plot.trace.unit === unit)?.trace;
      if (!trace) return null;
      const label = unit === "psi" ? (bars ? pref("pressure") : traceUnit()) : velocityUnit();
      return `${unit === "psi" ? "microphone" : "geophones"} ${bars ? `${fixed(trace.low, 0)} to ` : "±"}${Number(trace.high.toPrecision(3))} ${label}`;
    };
    scaleNote.textContent = pref("scale") === "common" ? ["in/s", "psi"].map(words).filter(Boolean).join(", ") : "each channel has its own scale";
  }

  group.onCursor = (index) => {
    if (index === null) {
      readout.textContent = rest;
      return;
    }
    const t = group.timeOf(index);
    const at = bars
      ? `Interval ${index + 1}${startLocal ? ` from ${localText(axis.interval_times?.[index] ?? clock(startLocal, t))} (unit-local)` : ""}`
      : `${fixed(t, 4)} s · sample ${index}`;
    const parts = group.plots.map(({ trace }) => {
      const value = trace.extremes.values[index] ?? NaN;
      const hz = plot.channels[trace.name]?.frequencies_hz;
      const frequency = hz && !Number.isNaN(value) ? (hz[index] ? ` at ${frequencyText({ flag: "measured", hz: /** @type {number} */ (hz[index]) })} Hz` : "") : "";
      return { name: trace.name, colour: trace.colour, text: sampleText(value, trace.unit) + frequency };
    });
    group.element.dataset["readout"] = `${at}: ${parts.map((part) => `${part.name} ${part.text}`).join(", ")}`;
    replace(readout, h("strong", null, at), parts.map((part) => {
      const name = h("b", null, part.name);
      name.style.color = part.colour;
      return h("span", { class: "reading" }, name, " ", part.text);
    }));
  };

  const all = h("button", { type: "button", class: "quiet", disabled: true, onclick: () => group.reset() }, "Whole");
  group.onView = () => { all.disabled = group.isWhole; };
  const tools = h("div", { class: "tools", role: "toolbar", "aria-label": "Plot" },
    h("button", { type: "button", class: "quiet", "aria-label": "Zoom in", onclick: () => group.zoom(0.5) }, "+"),
    h("button", { type: "button", class: "quiet", "aria-label": "Zoom out", onclick: () => group.zoom(2) }, "−"),
    all,
    select("Scale", [["common", "Common scale"], ["own", "Own scales"]], pref("scale"), (scale) => setPref("scale", /** @type {any} */ (scale)), { id: "scale" }));
  replace(place, h("div", { class: "section-head" }, h("h2", null, bars ? "Intervals" : "Traces"), tools), readout, group.element,
    h("p", { class: "legend" }, h("span", null, "○ largest peak"), !bars && h("span", null, "▮ half-wave of the ZC frequency"), !bars && h("span", null, "┆ trigger"), h("span", null, "▨ missing"), scaleNote),
    twin(plot, values));
  readout.textContent = rest;
  draw();
  return { draw, destroy: () => group.destroy() };
}

/** How values of a unit are drawn. @param {string} unit @param {boolean} bars */
function shownAs(unit, bars) {
  if (unit === "in/s") return { shown: velocity, floor: velocity(FLOOR_IN_S), base: 0 };
  if (unit !== "psi") return { shown: (/** @type {number} */ value) => value, floor: 1e-12, base: 0 };
  if (bars && pref("pressure") === "dB(L)") {
    return { shown: (/** @type {number} */ psi) => Math.max(psi > 0 ? decibels(psi) : FLOOR_DB, FLOOR_DB), floor: 20, base: FLOOR_DB };
  }
  const shown = bars && pref("pressure") === "Pa" ? (/** @type {number} */ psi) => psi * PA_PER_PSI : tracePressure;
  return { shown, floor: shown(FLOOR_PSI), base: 0 };
}

/** @param {import("../types.js").ChannelMeasurements | undefined} measured */
function peakWords(measured) {
  const peak = measured?.peak.value;
  if (!measured || !peak) return "no peak";
  const flag = peak.flag ? ` (${peak.flag.replaceAll("_", " ")})` : "";
  const at = measured.time_of_peak_s.value !== null && measured.time_of_peak_s.value !== undefined
    ? ` at ${secondsText(measured.time_of_peak_s.value)} s` : measured.peak_at?.value ? ` at ${localText(measured.peak_at.value).slice(11)}` : "";
  const hz = measured.zc_frequency.value ? `, ${frequencyText(measured.zc_frequency.value)} Hz` : "";
  if (measured.sensor === "microphone") {
    const shown = microphoneReading(peak, measured.peak_psi?.value);
    return `PSPL ${readingText(shown, shown?.unit ?? "")}${flag}${at}${hz}`;
  }
  return `PPV ${readingText(peak, velocityUnit())}${flag}${at}${hz}`;
}

/** Rows of the table with the values of the plots. */
const TWIN_ROWS = 40;

/** The plot as a table, for readers who do not see it. @param {PlotDocument} plot @param {Map<string, Float64Array>} values */
function twin(plot, values) {
  const details = h("details", { class: "twin" }, h("summary", null, "The same as a table"));
  details.addEventListener("toggle", () => {
    if (!details.open || details.childElementCount > 1) return;
    const axis = plot.time_axis;
    const names = Object.keys(plot.channels);
    const parts = Math.min(TWIN_ROWS, axis.n);
    const found = new Map(names.map((name) => [name, new Extremes(values.get(name) ?? new Float64Array())]));
    const rows = Array.from({ length: parts }, (_, part) => {
      const first = Math.floor((axis.n * part) / parts);
      const end = Math.floor((axis.n * (part + 1)) / parts);
      const label = axis.histogram_aggregated ? localText(axis.interval_times?.[first] ?? `interval ${first + 1}`) : `${fixed((axis.t0 ?? 0) + first * (axis.dt ?? 1), 3)} s`;
      return h("tr", null, h("th", { scope: "row" }, label), names.map((name) => {
        const extremes = /** @type {Extremes} */ (found.get(name));
        const { low, high, missing } = extremes.of(first, end);
        if (low < 0) return h("td", null, "missing");
        const largest = Math.max(Math.abs(extremes.values[low] ?? 0), Math.abs(extremes.values[high] ?? 0));
        return h("td", null, sampleText(largest, plot.channels[name]?.unit ?? ""), missing ? " (some missing)" : "");
      }));
    });
    details.append(h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Largest values by time" }, h("table", { class: "plain" },
      h("caption", null, "The largest absolute value in each part"),
      h("thead", null, h("tr", null, h("th", { scope: "col" }, "From"), names.map((name) => h("th", { scope: "col" }, name)))), h("tbody", null, rows))));
  });
  return details;
}
