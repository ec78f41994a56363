// @ts-check
/** What is drawn into a plot beside the trace: trigger, half-wave, peak, missing samples. */

import { palette } from "../theme.js";

/** @typedef {import("./uplot.js").Plot} Plot */
/** @typedef {import("./trace_plot.js").Trace} Trace */
/** @typedef {import("./group.js").Axis} Axis */

/** @param {Plot} plot @param {(context: CanvasRenderingContext2D) => void} work */
function clipped(plot, work) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  work(ctx);
  ctx.restore();
}

/** Below the trace. @param {Plot} plot @param {Trace} trace @param {Axis} axis */
export function drawUnder(plot, trace, axis) {
  const scale = devicePixelRatio;
  const { bbox } = plot;
  const x = (/** @type {number} */ t) => plot.valToPos(t, "x", true);
  clipped(plot, (ctx) => {
    if (trace.halfWave) {
      const from = x(trace.halfWave.from_s);
      ctx.globalAlpha = 0.24;
      ctx.fillStyle = trace.colour;
      ctx.fillRect(from, bbox.top, Math.max(x(trace.halfWave.to_s) - from, scale), bbox.height);
      ctx.globalAlpha = 1;
    }
    for (const gap of trace.gaps) {
      const from = x(axis.t0 + gap.first * axis.dt);
      const width = Math.max(x(axis.t0 + (gap.first + gap.count) * axis.dt) - from, 3 * scale);
      if (from > bbox.left + bbox.width || from + width < bbox.left) continue;
      hatch(ctx, from, bbox.top, width, bbox.height, scale);
    }
    if (trace.trigger) {
      ctx.strokeStyle = palette().ink;
      ctx.lineWidth = scale;
      ctx.setLineDash([5 * scale, 3 * scale]);
      ctx.beginPath();
      ctx.moveTo(x(0), bbox.top);
      ctx.lineTo(x(0), bbox.top + bbox.height);
      ctx.stroke();
    }
  });
  // The frame of the panel.
  plot.ctx.save();
  plot.ctx.strokeStyle = palette().frame;
  plot.ctx.lineWidth = scale;
  plot.ctx.strokeRect(bbox.left, bbox.top, bbox.width, bbox.height);
  plot.ctx.restore();
}

/**
 * The trace of another event: dashed, in a fainter line. It stops where samples are missing.
 * @param {Plot} plot @param {import("./trace_plot.js").Over} over @param {{ min: number, max: number }} shown
 */
export function drawOtherEvent(plot, over, { min, max }) {
  const scale = devicePixelRatio;
  const first = Math.floor((min - over.t0) / over.dt) - 1, last = Math.ceil((max - over.t0) / over.dt) + 2;
  const [times, values] = over.extremes.line(first, last, Math.max(plot.bbox.width / scale, 100), over.t0, over.dt, over.shown);
  clipped(plot, (ctx) => {
    ctx.strokeStyle = palette().ink;
    ctx.globalAlpha = 0.62;
    ctx.lineWidth = 1.1 * scale;
    ctx.setLineDash([4 * scale, 2.5 * scale]);
    ctx.beginPath();
    let drawing = false;
    values.forEach((value, index) => {
      if (value === null) { drawing = false; return; }
      const x = plot.valToPos(times[index] ?? 0, "x", true), y = plot.valToPos(value, "y", true);
      if (drawing) ctx.lineTo(x, y);
      else ctx.moveTo(x, y);
      drawing = true;
    });
    ctx.stroke();
  });
}

/** Over the trace. @param {Plot} plot @param {Trace} trace @param {Axis} axis */
export function drawOver(plot, trace, axis) {
  const scale = devicePixelRatio;
  const { bbox } = plot;
  clipped(plot, (ctx) => {
    const peak = trace.peakIndex;
    const value = peak === null ? NaN : trace.extremes.values[peak] ?? NaN;
    if (peak !== null && !Number.isNaN(value)) {
      ctx.strokeStyle = palette().ink;
      ctx.lineWidth = 1.4 * scale;
      ctx.beginPath();
      const t = axis.t0 + (axis.bars ? peak + 0.5 : peak) * axis.dt;
      ctx.arc(plot.valToPos(t, "x", true), plot.valToPos(trace.shown(value), "y", true), 4.5 * scale, 0, 2 * Math.PI);
      ctx.stroke();
    }
    ctx.font = `${12 * scale}px system-ui, sans-serif`;
    ctx.textAlign = "center";
    for (const gap of trace.gaps) {
      const from = plot.valToPos(axis.t0 + gap.first * axis.dt, "x", true);
      const to = plot.valToPos(axis.t0 + (gap.first + gap.count) * axis.dt, "x", true);
      const left = Math.max(from, bbox.left), right = Math.min(to, bbox.left + bbox.width);
      const words = `${gap.count} missing`;
      const width = ctx.measureText(words).width + 8 * scale;
      if (right - left < width) continue;
      const middle = (left + right) / 2, y = bbox.top + bbox.height - 10 * scale;
      ctx.fillStyle = palette().paper;
      ctx.fillRect(middle - width / 2, y - 12 * scale, width, 17 * scale);
      ctx.fillStyle = palette().warning;
      ctx.fillText(words, middle, y);
    }
  });
}

/**
 * Diagonal lines: here nothing was recorded.
 * @param {CanvasRenderingContext2D} ctx
 * @param {number} x @param {number} y @param {number} width @param {number} height @param {number} scale
 */
export function hatch(ctx, x, y, width, height, scale) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, y, width, height);
  ctx.clip();
  ctx.strokeStyle = palette().warning;
  ctx.globalAlpha = 0.55;
  ctx.lineWidth = scale;
  ctx.beginPath();
  const step = 7 * scale;
  for (let left = x - height - ((x - height) % step); left < x + width; left += step) {
    ctx.moveTo(left, y + height);
    ctx.lineTo(left + height, y);
  }
  ctx.stroke();
  ctx.globalAlpha = 1;
  ctx.strokeRect(x, y - scale, width, height + 2 * scale);
  ctx.restore();
}
