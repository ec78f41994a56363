// @ts-check
/** One trace, or the bars of one channel, within a group of linked plots. */

import { h } from "../dom.js";
import { palette } from "../theme.js";
import { fixed } from "../units.js";
import { Extremes } from "./extremes.js";
import { drawOtherEvent, drawOver, drawUnder } from "./marks.js";
import { touches } from "./touch.js";
import { uPlot } from "./uplot.js";

/** @typedef {import("./uplot.js").Plot} Plot */
/** @typedef {import("./group.js").PlotGroup} PlotGroup */
/**
 * @typedef {{
 *   name: string, unit: string, colour: string, extremes: Extremes, shown: (value: number) => number,
 *   low: number, high: number, gaps: import("../types.js").Gap[],
 *   peakIndex: number | null, halfWave: { from_s: number, to_s: number } | null, trigger: boolean, over?: Over | null
 * }} Trace
 * A trace of another event, over the same time from the trigger: each sample at its own time.
 * @typedef {{ extremes: Extremes, t0: number, dt: number, shown: (value: number) => number }} Over
 */

/** The least width for the numbers of the value axis. */
export const LEAST_LEFT = 62;
const RIGHT = 18;
const AXIS = 42;
/** The part of it for the words below the numbers. */
const LABEL = 18;
const FONT = "12px system-ui, sans-serif";

export class TracePlot {
  /**
   * @param {PlotGroup} group @param {HTMLElement} host @param {Trace} trace
   * @param {boolean} hasAxis Whether the time is written below.
   */
  constructor(group, host, trace, hasAxis) {
    this.group = group;
    this.host = host;
    this.trace = trace;
    this.hasAxis = hasAxis;
    this.width = 0;
    this.line = h("div", { class: "cursor-line", hidden: true });
    this.dot = h("div", { class: "cursor-dot", hidden: true });
    this.plot = new uPlot(this.#options(), this.#data(), host);
    this.width = this.plot.width;
    this.plot.over.append(this.line, this.dot);
    this.plot.over.addEventListener("wheel", (event) => group.wheel(event, this.#time(event)), { passive: false });
    this.plot.over.addEventListener("mousemove", (event) => group.cursor(group.indexAt(this.#time(event))));
    this.plot.over.addEventListener("mouseleave", () => group.cursor(null));
    const over = this.plot.over;
    touches(over, {
      share: (clientX) => (clientX - over.getBoundingClientRect().left) / Math.max(over.clientWidth, 1),
      move: (by) => group.view(group.min + by * (group.max - group.min), group.max + by * (group.max - group.min)),
      zoom: (factor, around) => group.zoom(factor, group.min + around * (group.max - group.min)),
      tap: (event) => group.cursor(group.indexAt(this.#time(event))),
    });
  }

  /** @param {MouseEvent} event */
  #time(event) {
    return this.plot.posToVal(event.clientX - this.plot.over.getBoundingClientRect().left, "x");
  }

  /** Four of them, with what stands above, fit a window as far as they stay readable. */
  #height() { return (innerWidth < 640 ? 104 : Math.round(Math.min(Math.max((innerHeight - 430) / 4 - 26, 72), 128))) + (this.hasAxis ? AXIS : 7); }

  /** @returns {[number[], (number | null)[]]} */
  #data() {
    const { axis, min, max } = this.group;
    const first = Math.floor((min - axis.t0) / axis.dt) - 1;
    const last = Math.ceil((max - axis.t0) / axis.dt) + 2;
    const buckets = Math.max(this.host.clientWidth - this.group.left - RIGHT, 100);
    const { extremes, shown } = this.trace;
    const kind = axis.bars ? "bars" : "line";
    return extremes[kind](first, last, buckets, axis.t0, axis.dt, shown);
  }

  /** A dense line is drawn with a hairline, a hundred times as fast as with a wider pen. */
  #pen() {
    if (this.group.axis.bars) return 0;
    return (this.group.max - this.group.min) / this.group.axis.dt > this.host.clientWidth * 2 ? 1 : 1.35;
  }

  /** @returns {import("uplot").Options} */
  #options() {
    const { trace, group } = this;
    const colours = palette();
    const grid = { stroke: colours.grid, width: 1 };
    const bars = uPlot.paths.bars?.({ size: [0.92, Infinity], align: 1 });
    const stepped = uPlot.paths.stepped?.({ align: 1 });
    return {
      width: Math.max(this.host.clientWidth, 200),
      height: this.#height(),
      padding: [7, RIGHT, this.hasAxis ? 0 : 7, 0],
      legend: { show: false },
      cursor: {
        x: false, y: false, points: { show: false },
        drag: { x: true, y: false, setScale: false, dist: 4 },
        bind: { dblclick: () => () => { group.reset(); return null; } },
      },
      scales: {
        x: { time: false, range: () => [group.min, group.max] },
        y: { range: () => [trace.low, trace.high] },
      },
      axes: [
        {
          show: true, size: this.hasAxis ? AXIS - LABEL : 0, stroke: colours.soft, font: FONT, labelFont: FONT, labelSize: LABEL, labelGap: 0,
          ...(this.hasAxis ? { label: group.axis.xLabel } : {}), grid, ticks: { show: this.hasAxis, stroke: colours.frame, width: 1, size: 4 }, gap: 4, space: 70,
          ...(group.axis.bars ? { incrs: CLOCK_STEPS } : {}),
          values: (_, splits) => this.hasAxis ? splits.map((t) => this.#timeLabel(t, (splits[1] ?? 1) - (splits[0] ?? 0))) : splits.map(() => ""),
        },
        {
          size: (plot, values) => { group.widen(widest(plot.ctx, values)); return group.left; }, stroke: colours.soft, font: FONT, grid, ticks: { show: false }, gap: 6, space: 26,
          values: (_, splits) => splits.map((value) => fixed(value, decimals(splits))),
        },
      ],
      series: [{}, {
        stroke: trace.colour, width: this.#pen(), spanGaps: false, points: { show: false },
        ...(group.axis.bars ? {
          fill: trace.colour,
          // Bars that touch are one shape.
          paths: (plot, series, first, last) => (last - first < 160 && bars ? bars : stepped)?.(plot, series, first, last) ?? null,
        } : {}),
      }],
      hooks: {
        drawAxes: [(plot) => drawUnder(plot, trace, group.axis)],
        draw: [(plot) => { if (trace.over) drawOtherEvent(plot, trace.over, group); }, (plot) => drawOver(plot, trace, group.axis)],
        setSelect: [(plot) => {
          const { left, width } = plot.select;
          if (width < 4) return;
          group.view(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        }],
      },
    };
  }

  /** @param {number} t @param {number} step */
  #timeLabel(t, step) {
    const { startLocal, bars } = this.group.axis;
    if (!bars || !startLocal) return fixed(t, Math.min(Math.max(Math.ceil(-Math.log10(step) - 1e-9), 0), 7));
    return clock(startLocal, t).slice(11, step < 60 ? 19 : 16);
  }

  /** Draws the group's part of the time. */
  draw() {
    const { plot, group } = this;
    const line = plot.series[1];
    if (line) line.width = this.#pen();
    plot.batch(() => {
      plot.setData(this.#data(), false);
      plot.setScale("x", { min: group.min, max: group.max });
    });
  }

  /** Takes the width that it has. */
  fit() {
    const width = Math.max(this.host.clientWidth, 200);
    if (Math.abs(width - this.width) < 1) return;
    this.width = width;
    this.plot.setSize({ width, height: this.#height() });
    this.draw();
    this.point(this.group.index);
  }

  /** Puts the cursor on a sample. @param {number | null} index */
  point(index) {
    const { plot, group, trace } = this;
    const t = index === null ? NaN : group.timeOf(index) + (group.axis.bars ? group.axis.dt / 2 : 0);
    const inside = t >= group.min && t <= group.max;
    this.line.hidden = !inside;
    const value = index === null ? NaN : trace.extremes.values[index] ?? NaN;
    this.dot.hidden = !inside || Number.isNaN(value) || group.axis.bars;
    if (!inside) return;
    const left = plot.valToPos(t, "x");
    this.line.style.transform = `translateX(${left}px)`;
    if (!this.dot.hidden) {
      this.dot.style.transform = `translate(${left}px, ${plot.valToPos(trace.shown(value), "y")}px)`;
      this.dot.style.borderColor = trace.colour;
    }
  }

  destroy() { this.plot.destroy(); }
}

/** Width that the numbers of an axis need, in pixels of the page. @param {CanvasRenderingContext2D} ctx @param {string[] | null} values */
function widest(ctx, values) {
  const before = ctx.font;
  ctx.font = FONT;
  const width = (values ?? []).reduce((most, value) => Math.max(most, ctx.measureText(value).width), 0);
  ctx.font = before;
  return Math.ceil(width) + 10;
}

/** Steps of a clock in seconds. */
const CLOCK_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];

/** A unit-local time some seconds later; no zone is in play. @param {string} startLocal @param {number} seconds */
export function clock(startLocal, seconds) {
  return new Date(Date.parse(`${startLocal}Z`) + seconds * 1000).toISOString().slice(0, 19);
}

/** Decimals that distinguish the lines of an axis. @param {number[]} splits */
function decimals(splits) {
  const step = Math.abs((splits[1] ?? 1) - (splits[0] ?? 0));
  for (let digits = 0; digits < 7; digits += 1) {
    if (Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) < 1e-6) return digits;
  }
  return 7;
}
