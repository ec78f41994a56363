// @ts-check
/** Samples in the unit of the page: rad where the run has a phase scale, else counts. */

import { countText, fixed } from "../units.js";

export class Values {
  /** @param {number} radians Of one count. @param {string} wanted */
  constructor(radians, wanted) {
    this.scaled = Number.isFinite(radians) && radians !== 0;
    this.inRad = this.scaled && wanted !== "count";
    this.unit = this.inRad ? "rad" : "counts";
    this.ofOne = this.inRad ? radians : 1;
    this.decimals = this.inRad ? Math.min(Math.max(Math.ceil(-Math.log10(Math.abs(radians))), 0), 9) : 0;
  }

  /** A count as it is shown. @param {number} counts */
  text(counts) { return this.inRad ? fixed(counts * this.ofOne, this.decimals) : countText(Math.round(counts)); }
  /** Three digits of a distance. @param {number} counts */
  rough(counts) {
    const value = Math.abs(counts * this.ofOne);
    return value >= 1000 ? countText(Math.round(value)) : value > 0 && value < 0.001 ? value.toExponential(1).replace("-", "−") : String(Number(value.toPrecision(3)));
  }
}

/** A number that may be very small or large. @param {number | null | undefined} value */
export const scientific = (value) => value === null || value === undefined ? "–" : value === 0 ? "0" : Math.abs(value) >= 0.001 && Math.abs(value) < 100_000 ? String(Number(value.toPrecision(4))).replace("-", "−") : value.toExponential(2).replace("e+", "e").replaceAll("-", "−");
