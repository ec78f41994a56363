// @ts-check
/** Pictures of streams: the overview of all channels, and the strip of one. */

import { hatch } from "../plot/marks.js";
import { palette } from "../theme.js";
import { countText } from "../units.js";

/** @typedef {import("./frame_axis.js").FrameAxis} FrameAxis */
/** @typedef {import("./types.js").Overview} Overview */
/** @typedef {import("./types.js").StreamChannel} StreamChannel */
/** @typedef {import("./types.js").StreamFacts} StreamFacts */

/** The least width for the numbers of an axis. */
const LEAST_LEFT = 62;
export const RIGHT = 10;
const FONT = "12px system-ui, sans-serif";
/** Between a number and its axis. */
const PADDING = 8;
const AXIS = 26;

/** From still to loud. Lightness alone carries the order. */
const RAMP = ["#0c1a3a", "#14305f", "#17487c", "#1c618c", "#2a7a92", "#3d9290", "#5aa98a", "#80be80", "#abd07a", "#d3dd7e", "#efe79a", "#fdf6cf"];
/** A channel that did not move at all: nothing may be connected. */
const STILL = "#808080";

/** The smallest and the largest value of a channel. @param {StreamChannel} channel @returns {[number, number] | null} */
export function extentOf(channel) {
  let low = Infinity, high = -Infinity;
  for (const value of channel.samples ?? []) { low = Math.min(low, value); high = Math.max(high, value); }
  for (const pair of channel.pairs ?? []) if (pair) { low = Math.min(low, pair[0]); high = Math.max(high, pair[1]); }
  return low > high ? null : [low, high];
}

/** The width that the labels left of the plots need, so that each is shown whole. @param {string[]} labels */
export function leftOf(labels) {
  const ctx = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  ctx.font = FONT;
  return Math.ceil(labels.reduce((most, label) => Math.max(most, ctx.measureText(label).width + PADDING + 2), LEAST_LEFT));
}

/** A canvas made sharp for this screen. @param {HTMLCanvasElement} canvas @param {number} height @param {number} left */
function prepared(canvas, height, left) {
  const scale = devicePixelRatio;
  const width = Math.max(canvas.parentElement?.clientWidth ?? 600, 200);
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  ctx.setTransform(scale, 0, 0, scale, 0, 0);
  ctx.clearRect(0, 0, width, height);
  ctx.font = FONT;
  return { ctx, width, plot: width - left - RIGHT };
}

/** @param {CanvasRenderingContext2D} ctx @param {FrameAxis} axis @param {number} left @param {number} plot @param {number} y */
function frameTicks(ctx, axis, left, plot, y) {
  ctx.fillStyle = palette().soft;
  ctx.strokeStyle = palette().frame;
  ctx.textAlign = "center";
  for (const frame of axis.ticks(Math.max(Math.floor(plot / 110), 2))) {
    const share = axis.shareOf(frame);
    if (share === null) continue;
    const x = left + share * plot;
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.lineTo(x, y + 4);
    ctx.stroke();
    const label = countText(frame);
    const half = ctx.measureText(label).width / 2;
    ctx.fillText(label, Math.min(Math.max(x, left + half), left + plot + RIGHT - half), y + 17);
  }
  ctx.textAlign = "right";
  ctx.fillText("frame", left - PADDING, y + 17);
}

/** Missing columns and changes of the metadata. @param {CanvasRenderingContext2D} ctx @param {FrameAxis} axis @param {StreamFacts} facts @param {number} left @param {number} plot @param {number} top @param {number} height @param {boolean} [named] Whether gaps are labelled with their length. */
function events(ctx, axis, facts, left, plot, top, height, named = false) {
  const n = axis.columns.length;
  for (let column = 0; column < n; column += 1) {
    if (axis.columns[column]) continue;
    let end = column;
    while (end < n && !axis.columns[end]) end += 1;
    hatch(ctx, left + (column / n) * plot, top, Math.max(((end - column) / n) * plot, 3), height, 1);
    column = end;
  }
  ctx.strokeStyle = palette().warning;
  ctx.setLineDash([]);
  for (const gap of facts.gaps) {
    const share = axis.shareOf(gap.before_frames[0]);
    if (share === null) continue;
    ctx.lineWidth = 2;
    ctx.beginPath();
    ctx.moveTo(left + share * plot, top);
    ctx.lineTo(left + share * plot, top + height);
    ctx.stroke();
    if (!named || facts.gaps.length > 12) continue;
    const words = `${countText(gap.missing)} missing`;
    const wide = ctx.measureText(words).width + 8;
    const right = left + share * plot + wide + 4 > left + plot;
    const x = left + share * plot + (right ? -wide - 3 : 3);
    ctx.fillStyle = palette().paper;
    ctx.fillRect(x, top + height - 20, wide, 17);
    ctx.fillStyle = palette().warning;
    ctx.textAlign = "left";
    ctx.fillText(words, x + 4, top + height - 7);
  }
  ctx.strokeStyle = palette().ink;
  ctx.lineWidth = 1;
  ctx.setLineDash([4, 3]);
  for (const frame of facts.metadata_frames.slice(0, 500)) {
    const share = axis.shareOf(frame);
    if (share === null) continue;
    ctx.beginPath();
    ctx.moveTo(left + share * plot, top);
    ctx.lineTo(left + share * plot, top + height);
    ctx.stroke();
  }
  ctx.setLineDash([]);
}

/** All channels over time. @param {HTMLCanvasElement} canvas @param {Overview} overview @param {FrameAxis} axis @param {StreamFacts} facts @param {number} left Room for labels. */
export function drawOverview(canvas, overview, axis, facts, left) {
  const height = Math.min(Math.max(overview.rows * 2, 160), 340);
  const { ctx, plot } = prepared(canvas, height + AXIS, left);
  ctx.fillStyle = palette().panel;
  ctx.fillRect(left, 0, plot, height);
  const there = overview.cells.filter((cell) => cell !== null && cell > 0).map((cell) => Math.log(/** @type {number} */ (cell)));
  const least = there.reduce((a, b) => Math.min(a, b), Infinity), most = there.reduce((a, b) => Math.max(a, b), -Infinity);
  const { rows, columns } = overview;
  for (let row = 0; row < rows; row += 1) {
    const y = Math.floor((row * height) / rows), tall = Math.ceil(((row + 1) * height) / rows) - y;
    for (let column = 0; column < columns; column += 1) {
      const cell = overview.cells[row * columns + column];
      if (cell === null || cell === undefined) continue;
      const level = most > least ? (Math.log(Math.max(cell, 1)) - least) / (most - least) : 0.5;
      ctx.fillStyle = cell === 0 ? STILL : (RAMP[Math.min(Math.max(Math.round(level * (RAMP.length - 1)), 0), RAMP.length - 1)] ?? STILL);
      const x = Math.floor(left + (column * plot) / columns);
      ctx.fillRect(x, y, Math.ceil(left + ((column + 1) * plot) / columns) - x, tall);
    }
  }
  unfinished(ctx, axis, overview.standing, left, plot, height);
  events(ctx, axis, facts, left, plot, 0, height, true);
  ctx.strokeStyle = palette().frame;
  ctx.strokeRect(left, 0.5, plot, height - 1);
  ctx.fillStyle = palette().soft;
  ctx.textAlign = "right";
  const step = Math.max(Math.round(rows / 6), 1);
  for (let row = 0; row < rows; row += step) {
    const channel = overview.row_channels[row]?.[0] ?? row;
    ctx.fillText(facts.channels[channel]?.name ?? String(channel), left - PADDING, (row / rows) * height + 11);
  }
  frameTicks(ctx, axis, left, plot, height);
}

/** Fine lines over the part of which only a sample was read. @param {CanvasRenderingContext2D} ctx @param {FrameAxis} axis @param {import("./types.js").Standing | undefined} standing @param {number} left @param {number} plot @param {number} height */
function unfinished(ctx, axis, standing, left, plot, height) {
  if (!standing || standing.complete) return;
  const share = standing.complete_until === null ? 0 : (axis.shareOf(standing.complete_until) ?? 0);
  const from = left + share * plot;
  ctx.fillStyle = palette().panel;
  ctx.globalAlpha = 0.5;
  for (let x = Math.ceil(from / 4) * 4; x < left + plot; x += 4) ctx.fillRect(x, 0, 1.5, height);
  ctx.globalAlpha = 1;
}

/** One channel. @param {HTMLCanvasElement} canvas @param {StreamChannel} channel @param {FrameAxis} axis @param {import("./types.js").Standing | undefined} standing @param {StreamFacts} facts @param {string} colour @param {boolean} last @param {number} left Room for labels. */
export function drawStrip(canvas, channel, axis, standing, facts, colour, last, left) {
  const height = 92;
  const { ctx, plot } = prepared(canvas, height + (last ? AXIS : 4), left);
  ctx.fillStyle = palette().panel;
  ctx.fillRect(left, 0, plot, height);
  let [low, high] = extentOf(channel) ?? [-1, 1];
  if (low === high) [low, high] = [low - 1, high + 1];
  const y = (/** @type {number} */ value) => 6 + ((high - value) / (high - low)) * (height - 12);
  unfinished(ctx, axis, standing, left, plot, height);
  events(ctx, axis, facts, left, plot, 0, height);
  ctx.strokeStyle = colour;
  ctx.fillStyle = colour;
  // A hairline: many times as fast as a wider pen.
  ctx.lineWidth = 1;
  ctx.beginPath();
  if (channel.samples) {
    const n = channel.samples.length;
    const gaps = new Set(facts.gaps.map((gap) => gap.before_frames[0] - axis.first));
    channel.samples.forEach((value, index) => {
      const x = left + ((index + 0.5) / n) * plot;
      if (index === 0 || gaps.has(index)) ctx.moveTo(x, y(value));
      else ctx.lineTo(x, y(value));
      if (n <= 200) ctx.fillRect(x - 1.5, y(value) - 1.5, 3, 3);
    });
  } else {
    const pairs = channel.pairs ?? [];
    let broken = true;
    pairs.forEach((pair, column) => {
      if (!pair) { broken = true; return; }
      const x = left + ((column + 0.5) / pairs.length) * plot;
      if (broken) ctx.moveTo(x, y(pair[0]));
      else ctx.lineTo(x, y(pair[0]));
      ctx.lineTo(x, y(pair[1]));
      broken = false;
    });
  }
  ctx.stroke();
  ctx.strokeStyle = palette().frame;
  ctx.lineWidth = 1;
  ctx.strokeRect(left, 0.5, plot, height - 1);
  ctx.fillStyle = palette().soft;
  ctx.textAlign = "right";
  ctx.fillText(countText(high), left - PADDING, 14);
  ctx.fillText(countText(low), left - PADDING, height - 4);
  if (last) frameTicks(ctx, axis, left, plot, height);
}
