// @ts-check
/** The events that the filters let through, fetched in pages as they come into sight. */

import { get, queryString } from "../api.js";

/** @typedef {import("../types.js").EventRow} EventRow */
/** @typedef {import("../router.js").Params} Params */

const PAGE = 200;

export class Pages {
  /** @type {Map<number, EventRow[]>} */
  #pages = new Map();
  /** @type {Map<number, AbortController>} */
  #asked = new Map();
  total = 0;
  known = false;

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

  /** Asks for what is missing between two rows; what is out of sight is not waited for. @param {number} first @param {number} last */
  want(first, last) {
    const from = Math.floor(Math.max(first, 0) / PAGE);
    const to = Math.floor(Math.max(Math.min(last, this.total - 1), 0) / PAGE);
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
      const query = queryString({ ...this.filters, limit: PAGE, offset: page * PAGE });
      /** @type {import("../types.js").EventPage} */
      const answer = await get(`/events${query}`, controller.signal);
      // Of an archive of millions only the neighbourhood is kept.
      if (this.#pages.size > 60) this.#pages.delete(/** @type {number} */ (this.#pages.keys().next().value));
      this.#pages.set(page, answer.events);
      this.total = answer.total;
      this.known = true;
      this.arrived();
    } catch (error) {
      if (!controller.signal.aborted) this.failed(error);
    } finally {
      if (this.#asked.get(page) === controller) this.#asked.delete(page);
    }
  }

  /** Everything is asked again; rows in sight stay until their successors are there. @param {number} first @param {number} last */
  async refresh(first, last) {
    const from = Math.floor(Math.max(first, 0) / PAGE);
    const to = Math.floor(Math.max(last, 0) / PAGE);
    for (const page of [...this.#pages.keys()]) if (page < from || page > to) this.#pages.delete(page);
    for (let page = from; page <= to; page += 1) await this.#fetch(page);
  }

  /** A row that was changed here. @param {EventRow} row */
  put(row) {
    for (const rows of this.#pages.values()) {
      const index = rows.findIndex((other) => other.id === row.id);
      if (index >= 0) rows[index] = row;
    }
  }
}
