// @ts-check
/**
 * The cursor of the table: an event, not a row. Rows move when events arrive, when a filter leaves
 * some out, or when they are sorted; the cursor stays on its event. Where the event does not match
 * the filters any more, the cursor marks the place that it had, and there is nothing to review.
 */

/** @typedef {import("../types.js").EventRow} EventRow */
/** @typedef {import("./pages.js").Pages} Pages */

export class Cursor {
  /** The event. @type {EventRow | null} */
  #row = null;
  /** Where it is; null as long as nothing was chosen. @type {number | null} */
  index = null;
  /** Whether it is among the rows. */
  isListed = false;
  /** Its neighbours when it was last seen. @type {{ before: number[], after: number[] }} */
  #near = { before: [], after: [] };
  /** Whether a review has just moved it on. */
  #isMovedOn = false;

  /** @param {Pages} pages */
  constructor(pages) {
    this.pages = pages;
  }

  /** The event that a review would change. @returns {EventRow | null} */
  get event() { return this.isListed ? this.#row : null; }

  /** The event that was chosen, listed or not. */
  get chosen() { return this.#row; }

  /** Goes to a row. @param {number} index */
  choose(index) {
    this.index = Math.min(Math.max(index, 0), Math.max(this.pages.total - 1, 0));
    this.#row = null;
    this.isListed = false;
    this.#isMovedOn = false;
    this.settle();
  }

  /** The index that is `by` rows away. @param {number} by */
  step(by) {
    if (this.index === null) return by > 0 ? 0 : this.pages.total - 1;
    // The place of an event that has gone is taken by the one that followed it.
    return this.index + by - (this.#row && !this.isListed && by > 0 ? 1 : 0);
  }

  /** Goes on to the next event after a review, if there is one. @returns {boolean} */
  moveOn() {
    const next = (this.index ?? 0) + 1;
    if (!this.event || next >= this.pages.total) return false;
    this.choose(next);
    this.#isMovedOn = true;
    return true;
  }

  /**
   * Whether a step to the next event was made by the review that preceded it already: who presses
   * `f` and then `j` must not leave an event out.
   */
  takeStep() {
    const isTaken = this.#isMovedOn;
    this.#isMovedOn = false;
    return isTaken;
  }

  /** Chooses an event whose row may have moved. @param {EventRow} row @param {number} index where it was */
  restore(row, index) {
    this.#row = row;
    this.index = index;
    this.settle();
  }

  /** After rows came: finds the event again. */
  settle() {
    if (this.index === null) return;
    if (!this.#row) this.#row = this.pages.row(this.index) ?? null;
    if (!this.#row) return;
    const found = this.pages.indexOf(this.#row.id);
    this.isListed = found !== null;
    if (found !== null) {
      this.index = found;
      this.pages.pin(found);
      this.#row = this.pages.row(found) ?? this.#row;
      this.#near = this.pages.around(found);
      return;
    }
    const places = (/** @type {number[]} */ ids) => ids.map((id) => this.pages.indexOf(id)).find((at) => at !== null) ?? null;
    const before = places(this.#near.before);
    this.index = Math.min(places(this.#near.after) ?? (before === null ? this.index : before + 1), this.pages.total);
  }
}
