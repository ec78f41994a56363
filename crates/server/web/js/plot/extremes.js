// @ts-check
/**
 * The smallest and the largest value of any part of a trace, quickly: blocks of 64 and of 4096
 * samples know theirs. A million samples are drawn as two thousand points without losing a peak.
 */

const SMALL = 64;
const LARGE = 4096;

/** @typedef {{ size: number, low: Int32Array, high: Int32Array, missing: Uint8Array }} Level */

export class Extremes {
  /** @param {Float64Array} values Missing ones are NaN. */
  constructor(values) {
    this.values = values;
    const small = this.#level(SMALL, null);
    this.levels = [this.#level(LARGE, small), small];
  }

  /** @param {number} size @param {Level | null} finer @returns {Level} */
  #level(size, finer) {
    const { values } = this;
    const blocks = Math.floor(values.length / size);
    const level = { size, low: new Int32Array(blocks), high: new Int32Array(blocks), missing: new Uint8Array(blocks) };
    for (let block = 0; block < blocks; block += 1) {
      let low = -1, high = -1, missing = 0, least = Infinity, most = -Infinity;
      if (finer) {
        const per = size / finer.size;
        for (let child = block * per; child < (block + 1) * per; child += 1) {
          missing |= /** @type {number} */ (finer.missing[child]);
          const childLow = /** @type {number} */ (finer.low[child]);
          const childHigh = /** @type {number} */ (finer.high[child]);
          if (childLow < 0) continue;
          const lowValue = /** @type {number} */ (values[childLow]);
          const highValue = /** @type {number} */ (values[childHigh]);
          if (lowValue < least) { least = lowValue; low = childLow; }
          if (highValue > most) { most = highValue; high = childHigh; }
        }
      } else {
        for (let index = block * size; index < (block + 1) * size; index += 1) {
          const value = /** @type {number} */ (values[index]);
          if (value < least) { least = value; low = index; }
          if (value > most) { most = value; high = index; }
          if (value !== value) missing = 1;
        }
      }
      level.low[block] = low;
      level.high[block] = high;
      level.missing[block] = missing;
    }
    return level;
  }

  /** @param {number} index */
  #at(index) { return /** @type {number} */ (this.values[index]); }

  /** Places of the smallest and the largest sample of [from, to), −1 where none is present. @param {number} from @param {number} to */
  of(from, to) {
    let low = -1, high = -1, missing = false;
    let index = from;
    outer: while (index < to) {
      for (const level of this.levels) {
        if (index % level.size !== 0 || index + level.size > to) continue;
        const block = index / level.size;
        const blockLow = /** @type {number} */ (level.low[block]);
        const blockHigh = /** @type {number} */ (level.high[block]);
        missing ||= level.missing[block] === 1;
        if (blockLow >= 0) {
          if (low < 0 || this.#at(blockLow) < this.#at(low)) low = blockLow;
          if (high < 0 || this.#at(blockHigh) > this.#at(high)) high = blockHigh;
        }
        index += level.size;
        continue outer;
      }
      const value = this.#at(index);
      if (value !== value) missing = true;
      else {
        if (low < 0 || value < this.#at(low)) low = index;
        if (high < 0 || value > this.#at(high)) high = index;
      }
      index += 1;
    }
    return { low, high, missing };
  }

  /** The largest distance from zero. */
  peak() {
    const { low, high } = this.of(0, this.values.length);
    return low < 0 ? 0 : Math.max(Math.abs(this.#at(low)), Math.abs(this.#at(high)));
  }

  /**
   * The samples [from, to) as at most about 2 × `buckets` points, each at the place of a real
   * sample. A line stops where samples are missing.
   * @param {number} from @param {number} to @param {number} buckets
   * @param {number} t0 @param {number} dt @param {(value: number) => number} shown
   * @returns {[number[], (number | null)[]]}
   */
  line(from, to, buckets, t0, dt, shown) {
    from = Math.max(from, 0);
    to = Math.min(to, this.values.length);
    /** @type {number[]} */
    const xs = [];
    /** @type {(number | null)[]} */
    const ys = [];
    const count = Math.max(to - from, 0);
    if (count <= buckets * 2) {
      for (let index = from; index < to; index += 1) {
        const value = this.#at(index);
        xs.push(t0 + index * dt);
        ys.push(value === value ? shown(value) : null);
      }
      return [xs, ys];
    }
    for (let bucket = 0; bucket < buckets; bucket += 1) {
      const first = from + Math.floor((count * bucket) / buckets);
      const end = from + Math.floor((count * (bucket + 1)) / buckets);
      const { low, high, missing } = this.of(first, end);
      if (low >= 0) {
        const [one, other] = low < high ? [low, high] : [high, low];
        xs.push(t0 + one * dt);
        ys.push(shown(this.#at(one)));
        if (other !== one) {
          xs.push(t0 + other * dt);
          ys.push(shown(this.#at(other)));
        }
      }
      if (missing) {
        xs.push(t0 + (end - 1) * dt);
        ys.push(null);
      }
    }
    return [xs, ys];
  }

  /**
   * The largest value of each of at most `buckets` parts, at the part's begin.
   * @param {number} from @param {number} to @param {number} buckets
   * @param {number} t0 @param {number} dt @param {(value: number) => number} shown
   * @returns {[number[], (number | null)[]]}
   */
  bars(from, to, buckets, t0, dt, shown) {
    from = Math.max(from, 0);
    to = Math.min(to, this.values.length);
    const count = Math.max(to - from, 0);
    const parts = Math.min(buckets, count);
    /** @type {number[]} */
    const xs = [];
    /** @type {(number | null)[]} */
    const ys = [];
    for (let part = 0; part < parts; part += 1) {
      const first = from + Math.floor((count * part) / parts);
      const { high } = this.of(first, from + Math.floor((count * (part + 1)) / parts));
      xs.push(t0 + first * dt);
      ys.push(high < 0 ? null : shown(this.#at(high)));
    }
    return [xs, ys];
  }
}
