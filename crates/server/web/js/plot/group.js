// @ts-check
/** Linked plots over one time axis: they zoom together and share one cursor. */

import { h } from "../dom.js";
import { announce } from "../say.js";
import { LEAST_LEFT, TracePlot } from "./trace_plot.js";

/** @typedef {import("./trace_plot.js").Trace} Trace */
/** @typedef {{ t0: number, dt: number, n: number, bars: boolean, startLocal: string | null, xLabel: string }} Axis */

/** Fewer samples than this are not zoomed into. */
const FEWEST = 8;
/** Just after the page was scrolled, the wheel goes on scrolling it. */
const SCROLL_GRACE_MS = 400;

let scrolledAt = 0;
addEventListener("scroll", () => { scrolledAt = performance.now(); }, { passive: true });

export class PlotGroup {
  /** @type {TracePlot[]} */
  plots = [];
  #frame = 0;
  /** Room for the numbers of the value axes, the same for all plots. */
  left = LEAST_LEFT;
  /** @type {number | null} */
  index = null;
  /** @type {(index: number | null) => void} */
  onCursor = () => {};
  /** @type {(min: number, max: number) => void} */
  onView = () => {};

  /** @param {Axis} axis @param {string} label */
  constructor(axis, label) {
    this.axis = axis;
    /** @type {readonly [number, number]} */
    this.whole = [axis.t0, this.#last()];
    this.min = this.whole[0];
    this.max = this.whole[1];
    this.element = h("div", {
      class: "plots", tabindex: 0, role: "application",
      "aria-label": `${label}. Arrow keys move the cursor, plus and minus zoom, Home shows all.`,
    });
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.resize = new ResizeObserver(() => this.plots.forEach((plot) => plot.fit()));
    this.resize.observe(this.element);
  }

  /** @param {Trace[]} traces @param {(trace: Trace, index: number) => HTMLElement} heading */
  show(traces, heading) {
    this.plots.forEach((plot) => plot.destroy());
    this.element.replaceChildren();
    this.plots = traces.map((trace, index) => {
      const host = h("div", { class: "plot", "data-channel": trace.name });
      this.element.append(heading(trace, index), host);
      return new TracePlot(this, host, trace, index === traces.length - 1);
    });
    this.cursor(this.index, false);
  }

  /** Widens the axis for what reaches beyond the samples of the axis. @param {number} from @param {number} to */
  include(from, to) {
    const isWhole = this.isWhole;
    this.whole = [Math.min(this.axis.t0, from), Math.max(this.#last(), to)];
    if (isWhole) [this.min, this.max] = this.whole;
  }

  #last() { return this.axis.t0 + (this.axis.bars ? this.axis.n : Math.max(this.axis.n - 1, 1)) * this.axis.dt; }

  /** Shows a part of the time. @param {number} min @param {number} max */
  view(min, max) {
    const [first, last] = this.whole;
    const span = Math.max(Math.min(max - min, last - first), Math.min(FEWEST * this.axis.dt, last - first));
    const middle = (min + max) / 2;
    min = Math.min(Math.max(middle - span / 2, first), last - span);
    this.min = min;
    this.max = min + span;
    this.onView(this.min, this.max);
    // A wheel turns more often than a screen draws.
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#frame = 0;
    for (const plot of this.plots) plot.draw();
    this.cursor(this.index, false);
  }

  /** Gives the value axes of all plots at least this width. @param {number} width */
  widen(width) {
    if (width <= this.left) return;
    this.left = width;
    queueMicrotask(() => this.plots.forEach((plot) => plot.plot.redraw(false, true)));
  }

  reset() { this.view(...this.whole); }

  get isWhole() { return this.max - this.min >= (this.whole[1] - this.whole[0]) * 0.9999; }

  /** @param {number} factor below 1 goes nearer @param {number} [around] */
  zoom(factor, around = (this.min + this.max) / 2) {
    const share = (around - this.min) / (this.max - this.min);
    const span = (this.max - this.min) * factor;
    this.view(around - span * share, around - span * share + span);
  }

  /** @param {WheelEvent} event @param {number} at */
  wheel(event, at) {
    if (performance.now() - scrolledAt < SCROLL_GRACE_MS) return;
    const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    // At the whole there is nothing farther out: then the page scrolls.
    if (this.isWhole && (sideways || event.deltaY > 0)) return;
    event.preventDefault();
    if (sideways) {
      const by = ((event.deltaX || event.deltaY) / 800) * (this.max - this.min);
      this.view(this.min + by, this.max + by);
    } else this.zoom(Math.exp(Math.max(Math.min(event.deltaY, 200), -200) / 400), at);
  }

  /** The sample at a time. @param {number} t */
  indexAt(t) {
    const place = (t - this.axis.t0) / this.axis.dt;
    const index = this.axis.bars ? Math.floor(place) : Math.round(place);
    return Math.min(Math.max(index, 0), this.axis.n - 1);
  }

  /** @param {number} index */
  timeOf(index) { return this.axis.t0 + index * this.axis.dt; }

  /** @param {number | null} index @param {boolean} [notify] */
  cursor(index, notify = true) {
    this.index = index;
    for (const plot of this.plots) plot.point(index);
    if (notify) this.onCursor(index);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.element) return;
    const step = event.shiftKey ? Math.max(Math.round((this.max - this.min) / this.axis.dt / 20), 1) : 1;
    const from = this.index ?? this.indexAt((this.min + this.max) / 2);
    const around = this.index === null ? undefined : this.timeOf(this.index);
    if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      const index = Math.min(Math.max(from + (event.key === "ArrowRight" ? step : -step), 0), this.axis.n - 1);
      const t = this.timeOf(index);
      if (t < this.min || t > this.max) this.view(t - (this.max - this.min) / 2, t + (this.max - this.min) / 2);
      this.cursor(index);
      announce(this.element.dataset["readout"] ?? "");
    } else if (event.key === "+" || event.key === "=") this.zoom(0.5, around);
    else if (event.key === "-") this.zoom(2, around);
    else if (event.key === "Home") this.reset();
    else if (event.key === "Escape") this.cursor(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  destroy() {
    cancelAnimationFrame(this.#frame);
    this.resize.disconnect();
    this.plots.forEach((plot) => plot.destroy());
  }
}
