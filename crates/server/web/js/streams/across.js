// @ts-check
/** What is written below a picture: seconds from the start, UTC, or frames. */

import { countText, fixed } from "../units.js";

/** @typedef {import("./frame_axis.js").FrameAxis} FrameAxis */
/** @typedef {import("./types.js").Time} Time */
/** @typedef {"s" | "utc" | "frame"} Mode */

const DAY = 86_400;
/** Steps of a clock, in seconds. */
const CLOCK = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, DAY];

/** The round step of which at most `most` fit. @param {number} span @param {number} most */
export function roundStep(span, most) {
  const power = 10 ** Math.floor(Math.log10(span / most));
  return [1, 2, 5, 10].map((by) => by * power).find((step) => span / step <= most) ?? span;
}

/** Decimals that a multiple of `step` needs. @param {number} step */
export const decimalsOf = (step) => Math.min(Math.max(Math.ceil(-Math.log10(step * 1.000001)), 0), 9);

/** @param {number} seconds Of the day. @param {number} decimals */
function clock(seconds, decimals) {
  const all = Number((((seconds % DAY) + DAY) % DAY).toFixed(decimals)) % DAY;
  const two = (/** @type {number} */ n) => String(Math.floor(n)).padStart(2, "0");
  return `${two(all / 3600)}:${two((all / 60) % 60)}:${(all % 60).toFixed(decimals).padStart(decimals ? decimals + 3 : 2, "0")}`;
}

/** `2026-06-30T06:00:00.25Z` as its day and the seconds since that began: no digit is lost. @param {string} utc */
function parted(utc) {
  const [day = "", time = ""] = utc.replace("Z", "").split("T");
  return { day: Date.parse(`${day}T00:00:00Z`), seconds: time.split(":").reduce((all, part) => all * 60 + Number(part), 0) };
}

/** Which axes there are, and why one is not. @param {Time} time @param {boolean} shortened @returns {{ modes: Mode[], reason: string }} */
export function modesOf(time, shortened) {
  if (time.seconds === null || time.start_s === null) return { modes: ["frame"], reason: shortened ? "More frames are missing than are there: gaps are drawn shorter than they were, and the axis counts frames." : "The frame rate is not known or changes: the axis counts frames." };
  return time.start_utc === null ? { modes: ["s", "frame"], reason: "The run has no UTC: its timestamps are no UNIX times." } : { modes: ["s", "utc", "frame"], reason: "" };
}

export class Across {
  /** @param {FrameAxis} axis @param {Time} time @param {boolean} shortened @param {Mode} wanted */
  constructor(axis, time, shortened, wanted) {
    this.axis = axis;
    const { modes } = modesOf(time, shortened);
    /** @type {Mode} */
    this.mode = modes.includes(wanted) ? wanted : (modes[0] ?? "frame");
    this.seconds = time.seconds ?? 0;
    this.start = time.start_s ?? 0;
    this.utc = parted(time.start_utc ?? "1970-01-01T00:00:00Z");
    this.label = { s: "s", utc: "UTC", frame: "frame" }[this.mode];
  }

  /** Whether the axis is one of time. */
  get timed() { return this.mode !== "frame"; }

  /** Round places with their labels. @param {number} most @returns {{ share: number, label: string }[]} */
  ticks(most) {
    if (!this.timed) return this.axis.ticks(most).flatMap((frame) => { const share = this.axis.shareOf(frame); return share === null ? [] : [{ share, label: countText(frame) }]; });
    const { seconds } = this;
    if (!(seconds > 0)) return [];
    const isUtc = this.mode === "utc";
    const from = isUtc ? this.utc.seconds : this.start;
    const step = (isUtc && seconds / most > 0.5 && CLOCK.find((step) => seconds / step <= most)) || roundStep(seconds, most);
    const decimals = decimalsOf(step);
    const out = [];
    for (let n = Math.ceil(from / step - 1e-9); n * step <= from + seconds * (1 + 1e-9) && out.length <= most + 1; n += 1) {
      const label = !isUtc ? fixed(n * step, decimals) : step >= DAY ? this.day(n * step) : clock(n * step, decimals);
      out.push({ share: (n * step - from) / seconds, label });
    }
    return out;
  }

  /** @param {number} seconds Since the day of the first frame began. */
  day(seconds) { return new Date(this.utc.day + Math.floor(seconds / DAY) * DAY * 1000).toISOString().slice(0, 10); }

  /** The moment at a share of the width, in words. @param {number} share */
  textAt(share) {
    const decimals = Math.min(Math.max(decimalsOf(this.seconds / 2000), 3), 9);
    const after = share * this.seconds;
    if (this.mode === "utc") return `${this.day(this.utc.seconds + after)} ${clock(this.utc.seconds + after, decimals)} UTC`;
    return this.mode === "s" ? `${fixed(this.start + after, decimals)} s` : `frame ${countText(this.axis.frameAt(share))}`;
  }
}
