// @ts-check
/**
 * Columns of a picture and the frames behind them. The columns are equal in time, missing frames
 * included: a column of nothing but missing frames has none.
 */

/** @typedef {[number, number] | null} Column */

export class FrameAxis {
  /** @param {Column[]} columns @param {number} first @param {number} end */
  constructor(columns, first, end) {
    this.columns = columns;
    this.first = first;
    this.end = end;
  }

  /** One column a frame. @param {number} first @param {number} end */
  static ofFrames(first, end) {
    return new FrameAxis(Array.from({ length: end - first }, (_, index) => [first + index, first + index + 1]), first, end);
  }

  /** Frames of their own places among missing ones. @param {number} first @param {number} end @param {number[]} places @param {number} all */
  static ofPlaces(first, end, places, all) {
    /** @type {Column[]} */
    const columns = Array(all).fill(null);
    places.forEach((place, index) => { columns[place] = [first + index, first + index + 1]; });
    return new FrameAxis(columns, first, end);
  }

  /** The frame at a share of the width. @param {number} share 0 to 1 */
  frameAt(share) {
    const n = this.columns.length;
    if (n === 0) return this.first;
    const place = Math.min(Math.max(share, 0), 1) * n;
    for (let column = Math.min(Math.floor(place), n - 1); column < n; column += 1) {
      const frames = this.columns[column];
      if (!frames) continue;
      const within = Math.min(Math.max(place - column, 0), 1);
      return Math.min(frames[0] + Math.floor((frames[1] - frames[0]) * within), this.end);
    }
    return this.end;
  }

  /** The share of the width at which a frame begins; null where it is not shown. @param {number} frame */
  shareOf(frame) {
    const n = this.columns.length;
    if (frame < this.first || frame > this.end || n === 0) return null;
    let low = 0, high = n;
    while (low < high) {
      const middle = (low + high) >> 1;
      // A column of missing frames is as far as the next one that is there.
      let next = middle;
      while (next < n && !this.columns[next]) next += 1;
      const frames = this.columns[next];
      if (frames && frames[1] <= frame) low = next + 1;
      else high = middle;
    }
    let column = low;
    while (column < n && !this.columns[column]) column += 1;
    const frames = this.columns[column];
    if (!frames) return 1;
    return (column + (frame - frames[0]) / Math.max(frames[1] - frames[0], 1)) / n;
  }

  /** Round frame numbers for labels. @param {number} most */
  ticks(most) {
    const span = Math.max(this.end - this.first, 1);
    const power = 10 ** Math.floor(Math.log10(span / most));
    const step = Math.max([1, 2, 5, 10].map((by) => by * power).find((step) => span / step <= most) ?? span, 1);
    const out = [];
    for (let frame = Math.ceil(this.first / step) * step; frame <= this.end; frame += step) out.push(frame);
    return out;
  }
}
