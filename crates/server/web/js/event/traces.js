// @ts-check
/** The channels of an event, one under the other: traces of a waveform, bars of a histogram. */

import { lastAsked } from "../api.js";
import { h, replace, select } from "../dom.js";
import { Fold } from "../fold.js";
import { Extremes } from "../plot/extremes.js";
import { PlotGroup } from "../plot/group.js";
import { clock } from "../plot/trace_plot.js";
import { pref, setPref } from "../prefs.js";
import { params } from "../router.js";
import { announce, failure } from "../say.js";
import { channelColour } from "../theme.js";
import { PA_PER_PSI, decibels, fixed, frequencyText, localText, niceHalf, sampleText, shownUnit, shownValue, tracePressure, velocity } from "../units.js";
import { QUANTITIES, aboutQuantity, peakWords, plotOf, withValues } from "./quantity.js";
import { largestByTime } from "./largest_by_time.js";

/** @typedef {import("../types.js").PlotDocument} PlotDocument */
/** @typedef {import("../types.js").EventDetail} EventDetail */
/** @typedef {import("../plot/trace_plot.js").Trace} Trace */
/** @typedef {import("./quantity.js").Shown} Shown */
/** @typedef {import("./overlay.js").Overlay} Overlay */

/** Quiet axes do not fill their height: 0.05 in/s, 0.001 psi, 60 dB, 0.01 g, 0.0005 in. */
const FLOOR_IN_S = 0.05;
const FLOOR_PSI = 0.001;
const FLOOR_DB = 60;
/** @type {Record<string, number>} */
const FLOORS = { g: 0.01, in: 0.0005, mm: 0.0127 };

/**
 * @param {HTMLElement} place @param {EventDetail} detail @param {Shown} recorded The channels as they were recorded.
 * @param {AbortSignal} signal
 */
export function showTraces(place, detail, recorded, signal) {
  const { id } = detail.event;
  const bars = !!recorded.plot.time_axis.histogram_aggregated;
  const hasMotion = !bars && Object.values(recorded.plot.channels).some((channel) => channel.unit === "in/s");
  /** @type {Shown} */
  let current = recorded;
  /** @type {PlotGroup | null} */
  let group = null;
  /** @type {Overlay | null} */
  let overlay = null;
  /** @type {Map<string, Extremes>} */
  let extremes = new Map();
  const ask = lastAsked();

  const readout = h("p", { class: "readout" });
  const rest = bars ? "Move over the bars to read an interval." : matchMedia("(pointer: coarse)").matches ? "Tap a trace to read the exact sample; two fingers zoom." : "Move over a trace to read the exact sample; drag to zoom.";
  const host = h("div");
  const problem = h("div", { role: "status" });
  const others = h("div", { class: "others" });
  const asTable = new Fold();
  const about = h("p", { class: "small about-quantity" });
  const scaleNote = h("span", { class: "scale-words" });
  const overNote = h("span", { class: "over-legend" });
  const halfWave = h("span", null, "▮ half-wave of the ZC frequency");

  const draw = () => {
    if (!group) return;
    const plots = group;
    const names = Object.keys(current.plot.channels);
    const traces = names.map((name, index) => traceOf(name, index));
    const common = pref("scale") === "common";
    for (const unit of new Set(traces.map((trace) => trace.unit))) {
      const same = traces.filter((trace) => trace.unit === unit);
      const high = Math.max(...same.map((trace) => trace.high));
      if (common) for (const trace of same) [trace.low, trace.high] = [trace.low < 0 ? -high : trace.low, high];
    }
    plots.show(traces, heading);
    const { plot, values } = current, over = overlay;
    asTable.show(() => largestByTime(plot, values, over));
    scaleWords(traces, common);
    replace(overNote, overlay?.legend());
    halfWave.hidden = !traces.some((trace) => trace.halfWave);
  };

  /** Other samples over other times: everything is made anew, and the part of the time is kept. */
  const remake = () => {
    const { plot, values } = current;
    const axis = plot.time_axis;
    const startLocal = bars ? (axis.interval_times?.[0] ?? null) : null;
    const shown = group && !group.isWhole ? /** @type {const} */ ([group.min, group.max]) : null;
    group?.destroy();
    const plots = new PlotGroup({
      t0: bars ? 0 : (axis.t0 ?? 0), dt: axis.dt ?? 1, n: axis.n, bars, startLocal,
      xLabel: bars ? (startLocal ? "interval start, unit-local time" : axis.dt ? "time from the start (s)" : "interval") : "time from the trigger (s)",
    }, bars ? "Bars of the intervals" : "Traces of the channels");
    group = plots;
    extremes = new Map([...values].map(([name, all]) => [name, new Extremes(all)]));
    const span = overlay?.span();
    if (span) plots.include(span[0], span[1]);
    plots.onCursor = (index) => read(plots, startLocal, index);
    plots.onView = () => { all.disabled = plots.isWhole; };
    replace(host, plots.element);
    about.textContent = aboutQuantity(plot.quantity);
    readout.textContent = rest;
    if (shown) plots.view(shown[0], shown[1]);
    else all.disabled = true;
    draw();
  };

  /** @param {string} name @param {number} index @returns {Trace} */
  function traceOf(name, index) {
    const { plot } = current;
    const channel = plot.channels[name];
    if (!channel) throw new Error(`no channel ${name}`);
    const found = /** @type {Extremes} */ (extremes.get(name));
    const measured = plot.quantity ? undefined : detail.measurements?.channels.find((other) => other.name === name);
    const over = overlay?.of(name) ?? null;
    const { shown, floor, base } = shownAs(channel.unit, bars);
    const peak = found.peak();
    const largest = Math.max(Math.abs(shown(peak)), over ? Math.abs(over.shown(over.extremes.peak())) : 0);
    const high = base === 0 ? niceHalf(largest, Math.abs(floor)) : base + niceHalf(Math.max((peak ? shown(peak) : base) - base, 0), floor);
    return {
      name, unit: channel.unit, colour: channelColour(index), extremes: found, shown,
      low: bars ? base : plot.quantity === "vector_sum" ? 0 : -high, high, gaps: plot.gaps[name] ?? [],
      peakIndex: measured?.peak_index ?? channel.peak.index ?? null,
      halfWave: bars ? null : (measured?.half_wave ?? null), trigger: !bars, over,
    };
  }

  /** The unit that a channel is drawn in. @param {string} unit */
  const unitOf = (unit) => (unit === "psi" && bars ? pref("pressure") : shownUnit(unit));

  /** @param {Trace} trace */
  function heading(trace) {
    const name = h("span", { class: "channel" }, trace.name);
    name.style.color = trace.colour;
    return h("div", { class: "plot-head" }, name, h("span", { class: "unit" }, unitOf(trace.unit)), h("span", { class: "peak-words" }, peakWords(current, trace.name, detail.measurements)),
      overlay?.heading(trace.name));
  }

  /** @param {Trace[]} traces @param {boolean} common */
  function scaleWords(traces, common) {
    const words = [...new Set(traces.map((trace) => trace.unit))].map((unit) => {
      const trace = /** @type {Trace} */ (traces.find((one) => one.unit === unit));
      const sensor = unit === "psi" ? "microphone" : current.plot.quantity === "vector_sum" ? "vector sum" : "geophones";
      return `${sensor} ${trace.low < 0 ? "±" : `${fixed(trace.low, 0)} to `}${Number(trace.high.toPrecision(3))} ${unitOf(unit)}`;
    });
    scaleNote.textContent = common ? words.join(", ") : "each channel has its own scale";
  }

  /** @param {PlotGroup} plots @param {string | null} startLocal @param {number | null} index */
  function read(plots, startLocal, index) {
    if (index === null) {
      readout.textContent = rest;
      return;
    }
    const { plot } = current;
    const t = plots.timeOf(index);
    const at = bars
      ? `Interval ${index + 1}${startLocal ? ` from ${localText(plot.time_axis.interval_times?.[index] ?? clock(startLocal, t))} (unit-local)` : ""}`
      : `${fixed(t, 4)} s · ${plot.quantity === "acceleration" ? `between samples ${index} and ${index + 1}` : `sample ${index}`}`;
    const parts = plots.plots.map(({ trace }) => {
      const value = trace.extremes.values[index] ?? NaN;
      const hz = plot.channels[trace.name]?.frequencies_hz;
      const frequency = hz && !Number.isNaN(value) ? (hz[index] ? ` at ${frequencyText({ flag: "measured", hz: /** @type {number} */ (hz[index]) })} Hz` : "") : "";
      return { name: trace.name, colour: trace.colour, text: sampleText(value, trace.unit) + frequency, over: overlay?.valueAt(trace.name, t) };
    });
    plots.element.dataset["readout"] = `${at}: ${parts.map((part) => `${part.name} ${part.text}${part.over ? `, event ${overlay?.id} ${part.over}` : ""}`).join(", ")}`;
    replace(readout, h("strong", null, at), parts.map((part) => {
      const name = h("b", null, part.name);
      name.style.color = part.colour;
      return h("span", { class: "reading" }, name, " ", part.text, part.over && h("span", { class: "over-reading" }, ` event ${overlay?.id}: ${part.over}`));
    }), overlay && h("span", { class: "over-reading" }, overlay.timeAt(t)));
  }

  /** What the reader's choice shows: of this event and of the one over it. */
  async function choose() {
    const isLast = ask();
    const quantity = hasMotion ? pref("quantity") : "velocity";
    /** @type {HTMLElement[]} */
    const problems = [];
    let found = recorded;
    try {
      if (quantity !== "velocity") found = await withValues(id, await plotOf(id, quantity, signal), signal);
    } catch (error) {
      problems.push(failure(error, `The ${words(quantity).toLowerCase()} cannot be shown; this is the velocity`));
    }
    try {
      await overlay?.load(found.plot.quantity ?? "velocity");
    } catch (error) {
      problems.push(failure(error, `The ${words(quantity).toLowerCase()} of event ${overlay?.id} cannot be drawn`));
    }
    if (signal.aborted || !isLast()) return;
    current = found;
    replace(problem, problems);
    remake();
  }
  const words = (/** @type {string} */ quantity) => QUANTITIES.find(([word]) => word === quantity)?.[1] ?? quantity;

  const all = h("button", { type: "button", class: "quiet", disabled: true, onclick: () => group?.reset() }, "Whole");
  const quantities = select("Quantity", QUANTITIES, pref("quantity"), (quantity) => {
    setPref("quantity", /** @type {any} */ (quantity));
    announce(words(quantity));
  }, { id: "quantity" });
  const tools = h("div", { class: "tools", role: "toolbar", "aria-label": "Plot" },
    hasMotion && quantities,
    h("button", { type: "button", class: "quiet", "aria-label": "Zoom in", onclick: () => group?.zoom(0.5) }, "+"),
    h("button", { type: "button", class: "quiet", "aria-label": "Zoom out", onclick: () => group?.zoom(2) }, "−"),
    all,
    select("Scale", [["common", "Common scale"], ["own", "Own scales"]], pref("scale"), (scale) => setPref("scale", /** @type {any} */ (scale)), { id: "scale" }),
    !bars && h("button", { type: "button", class: "quiet", id: "compare", "aria-expanded": "false", onclick: (/** @type {MouseEvent} */ event) => void compare(/** @type {HTMLElement} */ (event.currentTarget)) }, "Compare …"));

  /** The choice of an event to draw over this one is loaded when somebody asks for it. @param {HTMLElement | null} button */
  async function compare(button) {
    const { chooseOther } = await import("./overlay.js");
    if (button && others.querySelector("form")) {
      replace(others);
      button.setAttribute("aria-expanded", "false");
      return;
    }
    chooseOther(others, detail, recorded.plot, signal, (found) => {
      overlay = found;
      void choose();
    }, button !== null);
    tools.querySelector("#compare")?.setAttribute("aria-expanded", String(others.querySelector("form") !== null));
  }

  replace(place, h("div", { class: "section-head" }, h("h2", null, bars ? "Intervals" : "Traces"), tools), others, problem, readout, host,
    h("p", { class: "legend" }, h("span", null, "○ largest peak"), !bars && halfWave, !bars && h("span", null, "┆ trigger"), h("span", null, "▨ missing"), scaleNote, overNote),
    about, asTable.element);
  remake();
  let quantity = pref("quantity");
  if (hasMotion && quantity !== "velocity") void choose();
  if (!bars && params()["over"]) void compare(null);
  return {
    draw: () => {
      quantities.value = pref("quantity");
      if (hasMotion && quantity !== pref("quantity")) {
        quantity = pref("quantity");
        void choose();
      } else draw();
    },
    destroy: () => group?.destroy(),
  };
}

/** How values of a unit are drawn. @param {string} unit @param {boolean} bars */
function shownAs(unit, bars) {
  if (unit === "in/s") return { shown: velocity, floor: velocity(FLOOR_IN_S), base: 0 };
  if (unit !== "psi") {
    const shown = (/** @type {number} */ value) => shownValue(value, unit);
    return { shown, floor: shown(FLOORS[unit] ?? 1e-12), base: 0 };
  }
  if (bars && pref("pressure") === "dB(L)") {
    return { shown: (/** @type {number} */ psi) => Math.max(psi > 0 ? decibels(psi) : FLOOR_DB, FLOOR_DB), floor: 20, base: FLOOR_DB };
  }
  const shown = bars && pref("pressure") === "Pa" ? (/** @type {number} */ psi) => psi * PA_PER_PSI : tracePressure;
  return { shown, floor: shown(FLOOR_PSI), base: 0 };
}
