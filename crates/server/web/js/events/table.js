// @ts-check
/** The table of events: only the rows in sight are in the document, however many there are. */

import { h, replace } from "../dom.js";
import { COLUMNS } from "./columns.js";

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
  current = 0;

  /**
   * @param {Pages} pages
   * @param {{ sort: string, setSort: (sort: string) => void, open: (row: EventRow, index: number) => void }} how
   */
  constructor(pages, how) {
    this.pages = pages;
    this.how = how;
    this.head = h("div", { role: "row", class: "tr th", "aria-rowindex": 1 });
    this.body = h("div", { role: "rowgroup", class: "tbody" });
    this.scroller = h("div", { class: "table", role: "grid", "aria-label": "Events" },
      h("div", { role: "rowgroup", class: "thead" }, this.head), this.body);
    this.scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    this.body.addEventListener("click", (event) => this.#click(event));
    this.body.addEventListener("keydown", (event) => this.#key(event));
    this.body.addEventListener("focusin", (event) => {
      const row = event.target instanceof Element ? event.target.closest(".tr") : null;
      if (row instanceof HTMLElement) this.#select(Number(row.dataset["index"]), false);
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
    element.setAttribute("aria-selected", String(index === this.current));
    element.tabIndex = index === this.current || (place0(index, this.#first) && !this.#currentInSight()) ? 0 : -1;
    element.classList.toggle("false-trigger", !!row?.false_trigger);
    element.classList.toggle("unread", !!row && !row.reviewed_at);
    element.classList.toggle("waiting", !row);
    [...element.children].forEach((cell, column) => {
      const content = row ? COLUMNS[column]?.cell(row) : "";
      replace(cell, content);
    });
  }

  #currentInSight() {
    return this.current >= this.#first && this.current < this.#first + this.#rows.length;
  }

  /** @param {number} index @param {boolean} focus */
  #select(index, focus) {
    index = Math.min(Math.max(index, 0), Math.max(this.pages.total - 1, 0));
    this.current = index;
    if (focus) this.show(index);
    for (const row of this.#rows) {
      const own = Number(row.dataset["index"]) === index;
      row.tabIndex = own ? 0 : -1;
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
  move(by) { this.#select(this.current + by, true); }

  /** The row under the cursor. */
  row() { return this.pages.row(this.current); }

  openCurrent() {
    const row = this.row();
    if (row) this.how.open(row, this.current);
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const element = event.target instanceof Element ? event.target.closest(".tr") : null;
    if (!(element instanceof HTMLElement)) return;
    this.#select(Number(element.dataset["index"]), false);
    this.openCurrent();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(this.#visible - 2, 1);
    /** @type {Record<string, number>} */
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -this.pages.total, End: this.pages.total };
    const by = moves[event.key];
    if (by !== undefined) this.#select(this.current + by, true);
    else if (event.key === "Enter") this.openCurrent();
    else return;
    event.preventDefault();
  }
}

/** @param {number} index @param {number} first */
const place0 = (index, first) => index === first;
