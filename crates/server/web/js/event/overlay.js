// @ts-check
/** Another event, drawn over the traces of one: its choice, its data, its words. */

import { get, queryString } from "../api.js";
import { h, replace, select } from "../dom.js";
import { Extremes } from "../plot/extremes.js";
import { address, params } from "../router.js";
import { failure } from "../say.js";
import { fixed, localText, sampleText, shownUnit, shownValue } from "../units.js";
import { peakWords, plotOf, withValues } from "./quantity.js";

/** @typedef {import("../types.js").EventDetail} EventDetail */
/** @typedef {import("../types.js").EventRow} EventRow */
/** @typedef {import("../types.js").PlotDocument} PlotDocument */

/** Seconds around the trigger in which an event of another unit can be the same blast. @type {[string, string][]} */
const AROUND = [["5", "±5 s"], ["30", "±30 s"], ["120", "±2 min"], ["600", "±10 min"]];

/** Events of the same blast that are listed. */
const MOST = 12;

/** Another event over the traces of one. */
export class Overlay {
  /** @type {import("./quantity.js").Shown | null} */
  #shown = null;
  /** @type {Map<string, Extremes>} */
  #extremes = new Map();

  /**
   * @param {EventDetail} own The event below. @param {PlotDocument} ownPlot
   * @param {EventDetail} detail The event over it.
   * @param {() => void} remove @param {AbortSignal} signal
   */
  constructor(own, ownPlot, detail, remove, signal) {
    this.own = own;
    this.ownPlot = ownPlot;
    this.detail = detail;
    this.remove = remove;
    this.signal = signal;
  }

  get id() { return this.detail.event.id; }

  /** @param {string} quantity */
  async load(quantity) {
    this.#shown = null;
    this.#extremes = new Map();
    this.#shown = await withValues(this.id, await plotOf(this.id, quantity, this.signal), this.signal);
    this.#extremes = new Map([...this.#shown.values].map(([name, values]) => [name, new Extremes(values)]));
  }

  /** Its first and last time, from the trigger. @returns {[number, number] | null} */
  span() {
    const axis = this.#shown?.plot.time_axis;
    return axis ? [axis.t0 ?? 0, (axis.t0 ?? 0) + Math.max(axis.n - 1, 1) * (axis.dt ?? 1)] : null;
  }

  /** The unit in which a channel of it is sent. @param {string} name */
  unitOf(name) { return this.#shown?.plot.channels[name]?.unit ?? ""; }

  /** The trace of a channel. @param {string} name @returns {import("../plot/trace_plot.js").Over | null} */
  of(name) {
    const extremes = this.#extremes.get(name);
    const axis = this.#shown?.plot.time_axis;
    if (!extremes || !axis) return null;
    const unit = this.unitOf(name);
    return { extremes, t0: axis.t0 ?? 0, dt: axis.dt ?? 1, shown: (value) => shownValue(value, unit) };
  }

  /** Its sample that is nearest to a time. @param {number} t */
  #nearest(t) {
    const axis = this.#shown?.plot.time_axis;
    const index = axis ? Math.round((t - (axis.t0 ?? 0)) / (axis.dt ?? 1)) : -1;
    return axis && index >= 0 && index < axis.n ? { index, t: (axis.t0 ?? 0) + index * (axis.dt ?? 1) } : null;
  }

  /** @param {string} name @param {number} t */
  valueAt(name, t) {
    const extremes = this.#extremes.get(name);
    if (!extremes) return "no such channel";
    const nearest = this.#nearest(t);
    return nearest ? sampleText(extremes.values[nearest.index] ?? NaN, this.unitOf(name)) : "not recorded";
  }

  /** The time of its sample where it differs from that of the other event. @param {number} t */
  timeAt(t) {
    const nearest = this.#nearest(t);
    return nearest && Math.abs(nearest.t - t) > 1e-6 ? `event ${this.id} at ${fixed(nearest.t, 4)} s` : "";
  }

  /** @param {string} name */
  heading(name) {
    const shown = this.#shown;
    if (!shown) return null;
    return h("span", { class: "over-words" }, shown.plot.channels[name] ? `╌ event ${this.id}: ${peakWords(shown, name, this.detail.measurements)}` : `event ${this.id} has no ${name}`);
  }

  /** Its entry in the legend, and what has to be known when the two are compared. */
  legend() {
    const { event } = this.detail;
    const words = this.#differences();
    return [h("span", { class: "over-entry" }, "╌ ", h("a", { href: address({ event: this.id }), "data-route": true }, `event ${this.id}`), `: ${event.serial}, ${localText(event.timestamp)} `,
      h("button", { type: "button", onclick: () => this.remove() }, `Remove event ${this.id}`)),
    words.length > 0 && h("span", { class: "over-differences" }, `${words.join(". ")}.`)];
  }

  #differences() {
    const plot = this.#shown?.plot;
    if (!plot) return [];
    const own = this.own.event.id;
    const words = ["Both begin at their triggers"];
    const [rate, ownRate] = [plot.time_axis.rate_hz, this.ownPlot.time_axis.rate_hz];
    const samples = (/** @type {number | undefined} */ hz) => (hz === undefined ? "an unknown rate" : `${Number(hz.toFixed(3))} samples/s`);
    if (rate !== ownRate) words.push(`Event ${this.id} has ${samples(rate)} and event ${own} ${samples(ownRate)}: each sample is drawn at its own time`);
    const assumed = [[this.id, plot], [own, this.ownPlot]].filter(([, one]) => /** @type {PlotDocument} */ (one).time_axis.rate_assumed).map(([id]) => `event ${id}`);
    if (assumed.length > 0) words.push(`The sample rate of ${assumed.join(" and ")} is assumed`);
    if (this.detail.event.serial !== this.own.event.serial) words.push(`The events are of different units, ${this.own.event.serial} and ${this.detail.event.serial}, whose clocks may differ`);
    if (plot.quantity) return words;
    const lacking = (/** @type {PlotDocument} */ of, /** @type {PlotDocument} */ other) => Object.keys(other.channels).filter((name) => !of.channels[name]);
    const missing = lacking(plot, this.ownPlot), more = lacking(this.ownPlot, plot);
    if (missing.length > 0) words.push(`Event ${this.id} has no ${missing.join(", ")}`);
    if (more.length > 0) words.push(`${more.join(", ")} of event ${this.id} ${more.length === 1 ? "is" : "are"} not drawn: event ${own} has none`);
    const units = Object.keys(plot.channels).filter((name) => this.ownPlot.channels[name] && shownUnit(this.ownPlot.channels[name].unit) !== shownUnit(plot.channels[name]?.unit ?? ""));
    if (units.length > 0) words.push(`${units.join(", ")}: event ${this.id} is in other units`);
    return words;
  }
}

/**
 * Fields to choose the other event; the one of the address is shown at once.
 * @param {HTMLElement} place @param {EventDetail} own @param {PlotDocument} ownPlot @param {AbortSignal} signal
 * @param {(overlay: Overlay | null) => void} chosen @param {boolean} open Whether the fields are shown.
 */
export function chooseOther(place, own, ownPlot, signal, chosen, open) {
  const { event } = own;
  const message = h("div", { role: "status" });
  const list = h("div", { class: "same-blast" });

  const remove = () => {
    keep(null);
    replace(message);
    chosen(null);
  };
  /** @param {number} id */
  const show = async (id) => {
    try {
      if (id === event.id) throw new Error("This event cannot be drawn over itself.");
      /** @type {EventDetail} */
      const detail = await get(`/events/${id}`, signal);
      if (detail.event.kind !== "waveform") throw new Error(`Event ${id} is a ${detail.event.kind}: it has no traces.`);
      const overlay = new Overlay(own, ownPlot, detail, remove, signal);
      // What cannot be decoded is refused here, with the reason.
      await overlay.load("velocity");
      replace(message);
      keep(id);
      chosen(overlay);
    } catch (error) {
      if (!signal.aborted) replace(message, failure(error, `Event ${id} cannot be drawn over this one`));
    }
  };

  /** The event of the same unit that is next to this one. @param {"before" | "after"} side */
  const neighbour = async (side) => {
    const before = side === "before";
    /** @type {import("../types.js").EventPage} */
    const page = await get(`/events${queryString({ serial: event.serial, kind: "waveform", [before ? "to" : "from"]: event.timestamp, sort: before ? "-timestamp" : "timestamp", limit: 20 })}`, signal);
    const other = page.events.find((row) => row.id !== event.id && (before ? isBefore(row, event) : isBefore(event, row)));
    if (other) await show(other.id);
    else replace(message, h("p", { class: "small" }, `There is no ${before ? "earlier" : "later"} waveform of ${event.serial}.`));
  };
  let around = AROUND[1]?.[0] ?? "30";
  const sameBlast = async () => {
    const moment = Date.parse(`${event.timestamp}Z`);
    const at = (/** @type {number} */ seconds) => new Date(moment + seconds * 1000).toISOString().slice(0, 19);
    /** @type {import("../types.js").EventPage} */
    const page = await get(`/events${queryString({ kind: "waveform", from: at(-Number(around)), to: at(Number(around)), sort: "timestamp", limit: MOST + 1 })}`, signal);
    const found = page.events.filter((row) => row.serial !== event.serial).slice(0, MOST);
    replace(list, found.length === 0 ? h("p", { class: "small" }, "No event of another unit is that near in unit-local time.")
      : h("ul", { class: "plain-list" }, found.map((row) => h("li", null, h("button", { type: "button", onclick: () => void show(row.id) }, `Event ${row.id}: ${row.serial}, ${localText(row.timestamp)}${row.location ? `, ${row.location}` : ""}`)))));
  };

  const number = h("input", { type: "text", inputmode: "numeric", size: 7, "aria-label": "Number of the other event", placeholder: "number" });
  const form = h("form", { class: "compare tools", onsubmit: (/** @type {SubmitEvent} */ submitted) => {
    submitted.preventDefault();
    if (/^\d{1,15}$/.test(number.value.trim())) void show(Number(number.value));
    else replace(message, failure(`“${number.value}” is no number of an event`, "Nothing is drawn over this event"));
  } },
  h("span", null, "Draw over it event"), number, h("button", { type: "submit" }, "Show"),
  h("button", { type: "button", onclick: () => void attempt(() => neighbour("before")) }, `Previous of ${event.serial}`),
  h("button", { type: "button", onclick: () => void attempt(() => neighbour("after")) }, `Next of ${event.serial}`),
  event.timestamp && h("span", { class: "same" }, h("button", { type: "button", onclick: () => void attempt(sameBlast) }, "The same blast"),
    select("Seconds around this event", AROUND, around, (seconds) => { around = seconds; void attempt(sameBlast); })));
  /** @param {() => Promise<void>} work */
  const attempt = (work) => work().catch((error) => { if (!signal.aborted) replace(message, failure(error, "The events cannot be listed")); });

  replace(place, open && form, open && list, message);
  if (open) number.focus();
  const asked = params()["over"];
  if (!open && asked) {
    if (/^\d{1,15}$/.test(asked)) void show(Number(asked));
    else replace(message, failure(`The address asks for event “${asked}”: events have whole numbers`, "Nothing is drawn over this event"));
  }
}

/** By time, and by number where the times are the same. @param {EventRow} one @param {EventRow} other */
const isBefore = (one, other) => (one.timestamp ?? "") < (other.timestamp ?? "") || (one.timestamp === other.timestamp && one.id < other.id);

/** The address holds the other event. @param {number | null} id */
const keep = (id) => history.replaceState(null, "", address({ ...params(), over: id }));
