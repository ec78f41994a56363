// @ts-check
/** Pictures of streams: the overview of all channels, and the strip of one. */

import { h, s } from "../dom.js";
import { hatch } from "../plot/marks.js";
import { channelColour, palette } from "../theme.js";
import { countText } from "../units.js";

/** @typedef {import("./frame_axis.js").FrameAxis} FrameAxis */
/** @typedef {import("./types.js").Overview} Overview */
/** @typedef {import("./types.js").StreamChannel} StreamChannel */
/** @typedef {import("./types.js").Sheet} Sheet */

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

/** The ends of the axis of a channel. @param {StreamChannel} channel @returns {[number, number]} */
export function endsOf(channel) {
  const [low, high] = extentOf(channel) ?? [-1, 1];
  return low === high ? [low - 1, high + 1] : [low, high];
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

/** @param {CanvasRenderingContext2D} ctx @param {Sheet} sheet @param {number} plot @param {number} y */
function ticks(ctx, { across, left }, plot, y) {
  ctx.fillStyle = palette().soft;
  ctx.strokeStyle = palette().frame;
  ctx.textAlign = "center";
  let free = left - PADDING;
  for (const { share, label } of across.ticks(Math.max(Math.floor(plot / 110), 2))) {
    const x = left + share * plot;
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.lineTo(x, y + 4);
    ctx.stroke();
    const half = ctx.measureText(label).width / 2;
    const middle = Math.min(Math.max(x, left + half), left + plot + RIGHT - half);
    if (middle - half < free) continue;
    ctx.fillText(label, middle, y + 17);
    free = middle + half + PADDING;
  }
  ctx.textAlign = "right";
  ctx.fillText(across.label, left - PADDING, y + 17);
}

/** The gaps that are shown, and where. @param {Sheet} sheet @param {number} plot */
const gapsOf = ({ axis, facts, left }, plot) => facts.gaps.flatMap((gap) => { const share = axis.shareOf(gap.before_frames[0]); return share === null || gap.before_frames[0] === axis.first ? [] : [{ gap, x: left + share * plot }]; });

/** How many frames are missing in each gap, in words; one above the other where they are close. @param {CanvasRenderingContext2D} ctx @param {Sheet} sheet @param {number} plot @param {number} height */
function gapNames(ctx, sheet, plot, height) {
  const gaps = gapsOf(sheet, plot);
  if (gaps.length > 12) return;
  /** @type {number[]} */
  const taken = [];
  for (const { gap, x } of gaps) {
    const words = `${countText(gap.missing)} ${gap.missing === 1 ? "frame" : "frames"} missing`;
    const wide = ctx.measureText(words).width + 8;
    const at = x + wide + 4 > sheet.left + plot ? x - wide - 3 : x + 3;
    let line = taken.findIndex((end) => end < at);
    if (line < 0) line = taken.length;
    const y = height - 20 * (line + 1);
    if (y < 8) continue;
    taken[line] = at + wide;
    ctx.fillStyle = palette().paper;
    ctx.fillRect(at, y, wide, 17);
    ctx.fillStyle = palette().warning;
    ctx.textAlign = "left";
    ctx.fillText(words, at + 4, y + 13);
  }
}

/** Missing columns and changes of the metadata. @param {CanvasRenderingContext2D} ctx @param {Sheet} sheet @param {number} plot @param {number} height */
function events(ctx, sheet, plot, height) {
  const { axis, facts, left } = sheet;
  const n = axis.columns.length, top = 0;
  for (let column = 0; column < n; column += 1) {
    if (axis.columns[column]) continue;
    let end = column;
    while (end < n && !axis.columns[end]) end += 1;
    hatch(ctx, left + (column / n) * plot, top, Math.max(((end - column) / n) * plot, 3), height, 1);
    column = end;
  }
  ctx.strokeStyle = ctx.fillStyle = palette().warning;
  ctx.setLineDash([]);
  for (const { x } of gapsOf(sheet, plot)) {
    ctx.lineWidth = 2;
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.stroke();
    ctx.beginPath();
    ctx.moveTo(x - 5, top);
    ctx.lineTo(x + 5, top);
    ctx.lineTo(x, top + 7);
    ctx.fill();
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

/** The smallest and the largest movement of a picture, a factor of two apart at least; null where nothing moves. @param {Overview} overview @returns {[number, number] | null} */
export function levelsOf(overview) {
  let low = Infinity, high = 0;
  for (const cell of overview.cells) if (cell) { low = Math.min(low, cell); high = Math.max(high, cell); }
  return high > 0 ? [low, Math.max(high, 2 * low)] : null;
}

/** What the colours mean. @param {[number, number] | null} levels @param {import("./values.js").Values} values */
export function colourBar(levels, values) {
  if (!levels) return h("p", { class: "scale" }, "nothing moves");
  const [low, high] = levels;
  const at = (/** @type {number} */ level) => values.rough(low * (high / low) ** (level / RAMP.length));
  const words = `Peak to peak from ${at(0)} to ${at(RAMP.length)} ${values.unit}, on a logarithmic scale from dark to light; grey: no change`;
  return h("div", { class: "scale" }, h("span", null, `peak to peak, ${values.unit}`), s("svg", { viewBox: "0 0 440 32", width: 440, height: 32, role: "img", "aria-label": words },
    RAMP.map((fill, level) => s("rect", { x: 10 + level * 27, y: 1, width: 27, height: 13, fill })),
    s("rect", { x: 9.5, y: 0.5, width: 325, height: 14, fill: "none", stroke: palette().frame }),
    [0, 3, 6, 9, 12].map((level) => s("text", { x: 10 + level * 27, y: 28, "font-size": 11, "text-anchor": level === 0 ? "start" : "middle", fill: palette().soft }, at(level))),
    s("rect", { x: 388, y: 1, width: 27, height: 13, fill: STILL }), s("text", { x: 401, y: 28, "font-size": 11, "text-anchor": "middle", fill: palette().soft }, "no change")));
}

/** Pixels from the first row to the last. @param {Overview} overview */
export const overviewHeight = (overview) => Math.min(Math.max(overview.rows * 2, 160), 340);

/** All channels over time. @param {HTMLCanvasElement} canvas @param {Overview} overview @param {Sheet} sheet */
export function drawOverview(canvas, overview, sheet) {
  const { axis, facts, left } = sheet;
  const height = overviewHeight(overview);
  const { ctx, plot } = prepared(canvas, height + AXIS, left);
  ctx.fillStyle = palette().panel;
  ctx.fillRect(left, 0, plot, height);
  const [least, most] = levelsOf(overview) ?? [1, 2];
  const { rows, columns } = overview;
  for (let row = 0; row < rows; row += 1) {
    const y = Math.floor((row * height) / rows), tall = Math.ceil(((row + 1) * height) / rows) - y;
    for (let column = 0; column < columns; column += 1) {
      const cell = overview.cells[row * columns + column];
      if (cell === null || cell === undefined) continue;
      const level = Math.floor((Math.log(cell / least) / Math.log(most / least)) * RAMP.length);
      ctx.fillStyle = cell === 0 ? STILL : (RAMP[Math.min(level, RAMP.length - 1)] ?? STILL);
      const x = Math.floor(left + (column * plot) / columns);
      ctx.fillRect(x, y, Math.ceil(left + ((column + 1) * plot) / columns) - x, tall);
    }
  }
  unfinished(ctx, axis, overview.standing, left, plot, height);
  events(ctx, sheet, plot, height);
  gapNames(ctx, sheet, plot, height);
  ctx.strokeStyle = palette().frame;
  ctx.strokeRect(left, 0.5, plot, height - 1);
  ctx.fillStyle = palette().soft;
  ctx.textAlign = "right";
  // Readouts count in powers of two.
  const all = overview.row_channels.at(-1)?.[1] ?? rows;
  const step = 2 ** Math.ceil(Math.log2(Math.max(all / 8, 1)));
  for (let channel = 0; channel < all; channel += step) {
    const at = (channel / all) * height + 11;
    if (at < height - 4) ctx.fillText(facts.channels[channel]?.name ?? String(channel), left - PADDING, at);
  }
  ticks(ctx, sheet, plot, height);
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

/** One channel. @param {HTMLCanvasElement} canvas @param {StreamChannel} channel @param {Sheet} sheet @param {import("./types.js").StreamSamples} all @param {number} row @param {boolean} last */
export function drawStrip(canvas, channel, sheet, all, row, last) {
  const { axis, left, values } = sheet;
  const height = 92, colour = channelColour(row);
  const { ctx, plot } = prepared(canvas, height + (last ? AXIS : 4), left);
  ctx.fillStyle = palette().panel;
  ctx.fillRect(left, 0, plot, height);
  const [low, high] = endsOf(channel);
  const y = (/** @type {number} */ value) => 6 + ((high - value) / (high - low)) * (height - 12);
  unfinished(ctx, axis, all.standing, left, plot, height);
  events(ctx, sheet, plot, height);
  ctx.strokeStyle = colour;
  ctx.fillStyle = colour;
  // A hairline: many times as fast as a wider pen.
  ctx.lineWidth = 1;
  ctx.beginPath();
  if (channel.samples) {
    const n = axis.columns.length;
    let before = -1;
    channel.samples.forEach((value, index) => {
      const place = all.places?.[index] ?? index;
      const x = left + ((place + 0.5) / n) * plot;
      if (index === 0 || place > before + 1) ctx.moveTo(x, y(value));
      else ctx.lineTo(x, y(value));
      before = place;
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
  if (row === 0) gapNames(ctx, sheet, plot, height);
  ctx.strokeStyle = palette().frame;
  ctx.lineWidth = 1;
  ctx.strokeRect(left, 0.5, plot, height - 1);
  ctx.fillStyle = palette().soft;
  ctx.textAlign = "right";
  ctx.fillText(values.text(high), left - PADDING, 14);
  ctx.fillText(values.text(low), left - PADDING, height - 4);
  if (last) ticks(ctx, sheet, plot, height);
}
