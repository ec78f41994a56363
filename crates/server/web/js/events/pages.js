// @ts-check
/** The events that match the filters, fetched in pages as they come into sight. */

import { get, queryString } from "../api.js";

/** @typedef {import("../types.js").EventRow} EventRow */
/** @typedef {import("../router.js").Params} Params */

const PAGE = 200;
/** Rows beside those in sight that are fetched too, so that the cursor knows its neighbours. */
const BESIDE = 20;
/** Pages of a large archive that are kept, and that a search goes through. */
const MOST_KEPT = 60;
const MOST_SEARCHED = 25;

export class Pages {
  /** @type {Map<number, EventRow[]>} */
  #pages = new Map();
  /** @type {Map<number, AbortController>} */
  #asked = new Map();
  #refreshing = new AbortController();
  total = 0;
  /** The page of the cursor, which is kept. */
  #pinned = 0;

  /**
   * @param {Params} filters
   * @param {() => void} arrived Called when rows or the total are known.
   * @param {(error: unknown) => void} failed
   */
  constructor(filters, arrived, failed) {
    this.filters = filters;
    this.arrived = arrived;
    this.failed = failed;
  }

  /** @param {number} index @returns {EventRow | undefined} */
  row(index) {
    return this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** The index of an event among the rows that are here. @param {number} id @returns {number | null} */
  indexOf(id) {
    for (const [page, rows] of this.#pages) {
      const within = rows.findIndex((row) => row.id === id);
      if (within >= 0) return page * PAGE + within;
    }
    return null;
  }

  /** Events on both sides of a row, as far as they are here. @param {number} index */
  around(index) {
    /** @type {number[]} */
    const before = [], after = [];
    for (let at = index - 1, row; before.length < PAGE && (row = this.row(at)); at -= 1) before.push(row.id);
    for (let at = index + 1, row; after.length < PAGE && (row = this.row(at)); at += 1) after.push(row.id);
    return { before, after };
  }

  /** The events from one row to another, with those that are not here. @param {number} first @param {number} last */
  async between(first, last) {
    /** @type {number[]} */
    const ids = [];
    for (let index = first; index <= last; index += 1) {
      const row = this.row(index);
      if (row) ids.push(row.id);
      else {
        const page = Math.floor(index / PAGE);
        const { events } = await this.#answer(page, this.#refreshing.signal);
        const rest = events.slice(index % PAGE, index % PAGE + last - index + 1);
        ids.push(...rest.map((row) => row.id));
        index = Math.max(page * PAGE + PAGE - 1, index);
      }
    }
    return ids;
  }

  /** Asks for what is missing between two rows; what is out of sight is not waited for. @param {number} first @param {number} last */
  want(first, last) {
    const from = Math.floor(Math.max(first - BESIDE, 0) / PAGE);
    const to = Math.floor(Math.max(Math.min(last + BESIDE, this.total - 1), 0) / PAGE);
    for (const [page, controller] of this.#asked) {
      if (page < from - 1 || page > to + 1) {
        controller.abort();
        this.#asked.delete(page);
      }
    }
    for (let page = from; page <= to; page += 1) {
      if (!this.#pages.has(page) && !this.#asked.has(page)) void this.#fetch(page);
    }
  }

  /** @param {number} page */
  async #fetch(page) {
    const controller = new AbortController();
    this.#asked.set(page, controller);
    try {
      const answer = await this.#answer(page, controller.signal);
      if (this.#asked.get(page) !== controller) return;
      this.#keep(page, answer);
      this.arrived();
    } catch (error) {
      if (!controller.signal.aborted) this.failed(error);
    } finally {
      if (this.#asked.get(page) === controller) this.#asked.delete(page);
    }
  }

  /** @param {number} page @param {AbortSignal} signal @returns {Promise<import("../types.js").EventPage>} */
  #answer(page, signal) {
    return get(`/events${queryString({ ...this.filters, limit: PAGE, offset: page * PAGE })}`, signal);
  }

  /** @param {number} page @param {import("../types.js").EventPage} answer */
  #keep(page, answer) {
    if (this.#pages.size > MOST_KEPT) {
      const oldest = [...this.#pages.keys()].find((other) => other !== this.#pinned);
      if (oldest !== undefined) this.#pages.delete(oldest);
    }
    this.#pages.set(page, answer.events);
    this.total = answer.total;
  }

  /**
   * Asks again for everything between two rows. The old rows stay until all of the new ones are
   * here: pages of two moments side by side would show an event twice or not at all.
   * @param {number} first @param {number} last
   */
  async refresh(first, last) {
    this.#refreshing.abort();
    const { signal } = (this.#refreshing = new AbortController());
    const from = Math.floor(Math.max(first - BESIDE, 0) / PAGE);
    const to = Math.floor(Math.max(last + BESIDE, 0) / PAGE);
    try {
      const numbers = Array.from({ length: to - from + 1 }, (_, step) => from + step);
      const answers = await Promise.all(numbers.map((page) => this.#answer(page, signal)));
      for (const controller of this.#asked.values()) controller.abort();
      this.#asked.clear();
      this.#pages.clear();
      answers.forEach((answer, step) => this.#keep(from + step, answer));
      this.arrived();
    } catch (error) {
      if (!signal.aborted) this.failed(error);
    }
  }

  /**
   * The index of an event that is up to `reach` rows from `index`, or null where it does not match
   * the filters any more. @param {number} id @param {number} index @param {number} reach
   */
  async find(id, index, reach) {
    const middle = Math.floor(index / PAGE);
    const last = Math.floor(Math.max(this.total - 1, 0) / PAGE);
    const pages = Array.from({ length: last + 1 }, (_, page) => page)
      .filter((page) => page * PAGE <= index + reach && (page + 1) * PAGE > index - reach)
      .sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle)).slice(0, MOST_SEARCHED);
    for (const page of pages) {
      if (!this.#pages.has(page)) this.#keep(page, await this.#answer(page, this.#refreshing.signal));
      const found = this.indexOf(id);
      if (found !== null) return found;
    }
    return null;
  }

  /** Fetches a row that is not here yet. @param {number} index */
  async fetchRow(index) {
    if (index >= this.total || this.row(index)) return;
    const page = Math.floor(index / PAGE);
    this.#keep(page, await this.#answer(page, this.#refreshing.signal));
  }

  /** Keeps the page of a row, however many others are fetched. @param {number} index */
  pin(index) { this.#pinned = Math.floor(index / PAGE); }

  /** A row that was changed here. @param {EventRow} row */
  put(row) {
    for (const rows of this.#pages.values()) {
      const index = rows.findIndex((other) => other.id === row.id);
      if (index >= 0) rows[index] = row;
    }
  }

  /** Nothing is waited for any more. */
  end() {
    this.#refreshing.abort();
    for (const controller of this.#asked.values()) controller.abort();
  }
}
