// @ts-check
/** The table of events: only the rows in sight are in the document, however many there are. */

import { h, replace } from "../dom.js";
import { COLUMNS } from "./columns.js";
import { Cursor } from "./cursor.js";

/** @typedef {import("../types.js").EventRow} EventRow */
/** @typedef {import("./pages.js").Pages} Pages */

/** Two lines on a phone; the style sheet says the same. */
const ROW = matchMedia("(max-width: 820px)").matches ? 46 : 36;
/** Browsers lose precision with taller elements: above it, scrolling is scaled. */
const TALLEST = 8_000_000;

export class EventTable {
  /** @type {HTMLElement[]} */
  #rows = [];
  #first = 0;
  /** The event at the top when the table was last drawn. @type {{ id: number, index: number } | null} */
  #topEvent = null;
  /** The event on which a mouse button went down. */
  #pressed = "";

  /**
   * @param {Pages} pages
   * @param {{ sort: string, setSort: (sort: string) => void, open: (row: EventRow, index: number) => void }} how
   */
  constructor(pages, how) {
    this.pages = pages;
    this.how = how;
    this.cursor = new Cursor(pages);
    this.head = h("div", { role: "row", class: "tr th", "aria-rowindex": 1 });
    this.body = h("div", { role: "rowgroup", class: "tbody" });
    this.scroller = h("div", { class: "table", role: "grid", "aria-label": "Events" },
      h("div", { role: "rowgroup", class: "thead" }, this.head), this.body);
    this.scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    this.body.addEventListener("pointerdown", (event) => { this.#pressed = rowOf(event)?.dataset["id"] ?? ""; });
    this.body.addEventListener("click", (event) => this.#click(event));
    this.body.addEventListener("keydown", (event) => this.#key(event));
    this.body.addEventListener("focusin", (event) => {
      const row = rowOf(event);
      if (row && Number(row.dataset["id"]) !== this.cursor.chosen?.id) this.#select(Number(row.dataset["index"]), false);
    });
    this.resize = new ResizeObserver(() => this.draw());
    this.resize.observe(this.scroller);
    this.drawHead();
  }

  drawHead() {
    replace(this.head, COLUMNS.map((column) => {
      const sorted = this.how.sort.replace("-", "") === column.sort;
      const down = this.how.sort.startsWith("-");
      const title = column.title();
      const cell = { role: "columnheader", class: `td c-${column.id}${column.number ? " number" : ""}`, title: column.hint };
      if (!column.sort) return h("div", cell, title);
      const next = sorted && down ? column.sort : `-${column.sort}`;
      return h("div", { ...cell, "aria-sort": sorted ? (down ? "descending" : "ascending") : "none" },
        h("button", { type: "button", class: "sort", onclick: () => this.how.setSort(next) }, title, h("span", { "aria-hidden": "true" }, sorted ? (down ? " ↓" : " ↑") : "")));
    }));
  }

  get #height() { return Math.min(this.pages.total * ROW, TALLEST); }
  get #visible() { return Math.max(Math.ceil((this.scroller.clientHeight - ROW) / ROW), 1); }

  /** The row at the top; whole tables map pixel by pixel, huge ones in proportion. */
  #top() {
    const scrollable = Math.max(this.#height + ROW - this.scroller.clientHeight, 1);
    const rows = Math.max(this.pages.total - this.#visible + 1, 0);
    if (this.pages.total * ROW <= TALLEST) return Math.floor(this.scroller.scrollTop / ROW);
    return Math.floor(Math.min(this.scroller.scrollTop / scrollable, 1) * rows);
  }

  /** After rows came: the cursor is on its event, and the rows in sight stay where they are. */
  settle() {
    const hasFocus = this.body.contains(document.activeElement);
    this.cursor.settle();
    const moved = this.#topEvent && this.scroller.scrollTop > 0 ? this.pages.indexOf(this.#topEvent.id) : null;
    const by = moved === null || !this.#topEvent ? 0 : moved - this.#topEvent.index;
    this.body.style.height = `${this.#height}px`;
    if (by !== 0 && this.pages.total * ROW <= TALLEST) this.scroller.scrollTop += by * ROW;
    this.draw();
    if (hasFocus && this.cursor.index !== null && this.cursor.chosen) this.focus();
  }

  /** Puts the focus on the cursor's row. */
  focus() {
    if (this.cursor.index === null) return;
    this.show(this.cursor.index);
    this.#mark(true);
  }

  draw() {
    const total = this.pages.total;
    this.scroller.setAttribute("aria-rowcount", String(total + 1));
    this.scroller.setAttribute("aria-colcount", String(COLUMNS.length));
    this.body.style.height = `${this.#height}px`;
    const top = this.#top();
    const first = Math.max(top - 4, 0);
    const last = Math.min(top + this.#visible + 4, total);
    this.pages.want(first, last);
    this.#first = first;
    const topRow = this.pages.row(top);
    this.#topEvent = topRow ? { id: topRow.id, index: top } : null;
    const scaled = total * ROW > TALLEST;
    const offset = scaled ? this.scroller.scrollTop - (top - first) * ROW : first * ROW;
    const wanted = Math.max(last - first, 0);
    while (this.#rows.length < wanted) {
      const row = h("div", { role: "row", class: "tr", tabindex: -1 }, COLUMNS.map((column) => h("div", { role: "gridcell", class: `td c-${column.id}${column.number ? " number" : ""}` })));
      this.#rows.push(row);
      this.body.append(row);
    }
    while (this.#rows.length > wanted) this.#rows.pop()?.remove();
    this.#rows.forEach((element, place) => {
      element.style.transform = `translateY(${Math.max(offset, 0) + place * ROW}px)`;
      this.#fill(element, first + place);
    });
  }

  /** @param {HTMLElement} element @param {number} index */
  #fill(element, index) {
    const row = this.pages.row(index);
    element.dataset["index"] = String(index);
    element.dataset["id"] = String(row?.id ?? "");
    element.setAttribute("aria-rowindex", String(index + 2));
    const isCurrent = this.#isCurrent(index);
    element.setAttribute("aria-selected", String(isCurrent));
    element.tabIndex = isCurrent || (index === this.#first && !this.#isCursorDrawn()) ? 0 : -1;
    element.classList.toggle("false-trigger", !!row?.false_trigger);
    element.classList.toggle("unread", !!row && !row.reviewed_at);
    element.classList.toggle("waiting", !row);
    [...element.children].forEach((cell, column) => {
      const content = row ? COLUMNS[column]?.cell(row) : "";
      replace(cell, content);
    });
  }

  /** @param {number} index */
  #isCurrent(index) {
    // A row that is not here yet may be chosen; an event that has gone leaves no row chosen.
    return index === this.cursor.index && (this.cursor.isListed || !this.cursor.chosen);
  }

  #isCursorDrawn() {
    const at = this.cursor.index;
    return at !== null && this.#isCurrent(at) && at >= this.#first && at < this.#first + this.#rows.length;
  }

  /** @param {number} index @param {boolean} focus */
  #select(index, focus) {
    this.cursor.choose(index);
    if (focus) this.focus();
    else this.#mark(false);
  }

  /** Marks the cursor's row. @param {boolean} focus */
  #mark(focus) {
    for (const row of this.#rows) {
      const index = Number(row.dataset["index"]);
      const own = this.#isCurrent(index);
      row.tabIndex = own || (index === this.#first && !this.#isCursorDrawn()) ? 0 : -1;
      row.setAttribute("aria-selected", String(own));
      if (own && focus) row.focus({ preventScroll: true });
    }
  }

  /** The rows in sight, and some more. @returns {[number, number]} */
  inSight() { return [this.#first, this.#first + this.#rows.length]; }

  /** Scrolls until a row is in sight. @param {number} index */
  show(index) {
    const top = this.#top();
    const visible = this.#visible - 1;
    const aim = index < top ? index : index >= top + visible ? index - visible + 1 : null;
    if (aim === null) return;
    const scrollable = Math.max(this.#height + ROW - this.scroller.clientHeight, 1);
    const rows = Math.max(this.pages.total - this.#visible + 1, 1);
    this.scroller.scrollTop = this.pages.total * ROW <= TALLEST ? aim * ROW : (aim / rows) * scrollable + 1;
    this.draw();
  }

  /** @param {number} by */
  move(by) {
    const to = this.cursor.step(by);
    const isPastEnd = to >= this.pages.total && this.cursor.chosen !== null && !this.cursor.isListed;
    if (this.pages.total > 0 && !isPastEnd) this.#select(to, true);
  }

  /** Goes on to the next event after a review. @returns {boolean} Whether there is one. */
  moveOn() {
    const hasFocus = this.body.contains(document.activeElement);
    const isMoved = this.cursor.moveOn();
    if (isMoved && this.cursor.index !== null) {
      this.show(this.cursor.index);
      this.#mark(hasFocus);
    }
    return isMoved;
  }

  openCurrent() {
    const { event, index } = this.cursor;
    if (event && index !== null) this.how.open(event, index);
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const row = rowOf(event);
    // Rows may have moved under the pointer since the button went down.
    if (!row || (this.#pressed && row.dataset["id"] !== this.#pressed)) return;
    this.#select(Number(row.dataset["index"]), false);
    this.openCurrent();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(this.#visible - 2, 1);
    /** @type {Record<string, number>} */
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -this.pages.total, End: this.pages.total };
    const by = moves[event.key];
    if (by !== undefined) this.move(by);
    else if (event.key === "Enter") this.openCurrent();
    else return;
    event.preventDefault();
  }
}

/** @param {Event} event @returns {HTMLElement | null} */
function rowOf(event) {
  const row = event.target instanceof Element ? event.target.closest(".tr") : null;
  return row instanceof HTMLElement ? row : null;
}
