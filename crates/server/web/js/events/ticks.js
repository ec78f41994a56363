// @ts-check
/** The events that are ticked, to be reviewed together. */

/** @typedef {import("./pages.js").Pages} Pages */

/** Events of one review, as the server limits them. */
export const MOST_TICKED = 10_000;

export class Ticks {
  /** @type {Set<number>} */
  #ids = new Set();
  /** The event from which a range goes. @type {number | null} */
  #anchor = null;

  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
  }

  get size() { return this.#ids.size; }
  get ids() { return [...this.#ids]; }
  /** @param {number | undefined} id */
  has(id) { return id !== undefined && this.#ids.has(id); }

  /** @param {number} id @param {boolean} [on] */
  set(id, on = !this.#ids.has(id)) {
    if (on) this.#ids.add(id);
    else this.#ids.delete(id);
    this.#anchor = id;
    this.changed();
  }

  /** @param {number[]} ids @param {boolean} on */
  setAll(ids, on) {
    for (const id of ids) if (on) this.#ids.add(id); else this.#ids.delete(id);
    this.changed();
  }

  clear() {
    this.#ids.clear();
    this.#anchor = null;
    this.changed();
  }

  /** All from the event that was ticked last to a row, however far it is. @param {Pages} pages @param {number} index */
  async range(pages, index) {
    const from = this.#anchor === null ? null : pages.indexOf(this.#anchor);
    const first = Math.min(from ?? index, index), last = Math.max(from ?? index, index);
    this.setAll(await pages.between(first, Math.min(last, first + MOST_TICKED - 1)), true);
  }
}
