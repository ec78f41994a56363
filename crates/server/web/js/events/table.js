// @ts-check
/** The table of events: only the rows in sight are in the document, however many there are. */

import { h, replace } from "../dom.js";
import { COLUMNS } from "./columns.js";
import { Cursor } from "./cursor.js";

/** @typedef {import("../types.js").EventRow} EventRow */
/** @typedef {import("./pages.js").Pages} Pages */

const phone = matchMedia("(max-width: 820px)");
/** Pixels of a row: three lines on a phone; the style sheet says the same. */
const rowHeight = () => (phone.matches ? 68 : 36);
/** Browsers lose precision with taller elements: above it, scrolling is scaled. */
const TALLEST = 8_000_000;

export class EventTable {
  /** @type {HTMLElement[]} */
  #rows = [];
  #first = 0;
  /** The event at the top when the table was last drawn. @type {{ id: number, index: number } | null} */
  #topEvent = null;
  /** Whether the list was scrolled until the cursor was out of sight. */
  #isAway = false;
  /** The event on which a mouse button went down. */
  #pressed = "";

  /**
   * @param {Pages} pages
   * @param {{ sort: string, setSort: (sort: string) => void, open: (row: EventRow, index: number) => void, ticks: import("./ticks.js").Ticks, failed: (error: unknown) => void }} how
   */
  constructor(pages, how) {
    this.pages = pages;
    this.how = how;
    this.cursor = new Cursor(pages);
    /** @type {HTMLInputElement | null} */
    this.tickSeen = null;
    this.head = h("div", { role: "row", class: "tr th", "aria-rowindex": 1 });
    this.body = h("div", { role: "rowgroup", class: "tbody" });
    this.scroller = h("div", { class: "table", role: "grid", "aria-label": "Events" },
      h("div", { role: "rowgroup", class: "thead" }, this.head), this.body);
    this.scroller.addEventListener("scroll", () => {
      this.draw();
      const { index } = this.cursor, top = this.#top();
      this.#isAway = index !== null && (index < top - 1 || index > top + this.#visible);
    }, { passive: true });
    this.body.addEventListener("pointerdown", (event) => { this.#pressed = rowOf(event)?.dataset["id"] ?? ""; });
    // With Shift a browser would mark the words between two clicks.
    this.body.addEventListener("mousedown", (event) => { if (event.shiftKey) event.preventDefault(); });
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
    const seen = h("input", { type: "checkbox", "aria-label": "Tick the events in sight", title: "Tick the events in sight", onchange: () => this.how.ticks.setAll(this.#seen(), seen.checked) });
    this.tickSeen = seen;
    replace(this.head, h("div", { role: "columnheader", class: "td c-tick" }, seen), COLUMNS.map((column) => {
      const sorted = this.how.sort.replace("-", "") === column.sort;
      const down = this.how.sort.startsWith("-");
      const title = column.title();
      const cell = { role: "columnheader", class: `td c-${column.id}${column.number ? " number" : ""}`, title: column.hint };
      if (!column.sort) return h("div", cell, title);
      const next = (sorted ? !down : !column.isWorstFirst) ? `-${column.sort}` : column.sort;
      return h("div", { ...cell, "aria-sort": sorted ? (down ? "descending" : "ascending") : "none" },
        h("button", { type: "button", class: "sort", onclick: () => this.how.setSort(next) }, title, h("span", { "aria-hidden": "true" }, sorted ? (down ? " ↓" : " ↑") : "")));
    }));
  }

  /** Events in sight. @returns {number[]} */
  #seen() {
    const top = this.#top();
    return Array.from({ length: this.#visible }, (_, step) => this.pages.row(top + step)?.id).filter((id) => id !== undefined);
  }

  get #height() { return Math.min(this.pages.total * rowHeight(), TALLEST); }
  get #visible() { return Math.max(Math.ceil((this.scroller.clientHeight - rowHeight()) / rowHeight()), 1); }

  /** The row at the top; whole tables map pixel by pixel, huge ones in proportion. */
  #top() {
    const scrollable = Math.max(this.#height + rowHeight() - this.scroller.clientHeight, 1);
    const rows = Math.max(this.pages.total - this.#visible + 1, 0);
    if (this.pages.total * rowHeight() <= TALLEST) return Math.floor(this.scroller.scrollTop / rowHeight());
    return Math.floor(Math.min(this.scroller.scrollTop / scrollable, 1) * rows);
  }

  /** After rows came: the cursor is on its event, and the rows in sight stay where they are. */
  settle() {
    // Rows that came because the reader scrolled away do not bring the cursor back into sight.
    const hasFocus = this.body.contains(document.activeElement) && !this.#isAway;
    this.cursor.settle();
    const moved = this.#topEvent && this.scroller.scrollTop > 0 ? this.pages.indexOf(this.#topEvent.id) : null;
    const by = moved === null || !this.#topEvent ? 0 : moved - this.#topEvent.index;
    this.body.style.height = `${this.#height}px`;
    if (by !== 0 && this.pages.total * rowHeight() <= TALLEST) this.scroller.scrollTop += by * rowHeight();
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
    this.scroller.setAttribute("aria-colcount", String(COLUMNS.length + 1));
    this.body.style.height = `${this.#height}px`;
    const top = this.#top();
    const first = Math.max(top - 4, 0);
    const last = Math.min(top + this.#visible + 4, total);
    this.pages.want(first, last);
    this.#first = first;
    const topRow = this.pages.row(top);
    this.#topEvent = topRow ? { id: topRow.id, index: top } : null;
    const scaled = total * rowHeight() > TALLEST;
    const offset = scaled ? this.scroller.scrollTop - (top - first) * rowHeight() : first * rowHeight();
    const wanted = Math.max(last - first, 0);
    while (this.#rows.length < wanted) {
      const row = h("div", { role: "row", class: "tr", tabindex: -1 }, h("div", { role: "gridcell", class: "td c-tick" }, h("input", { type: "checkbox", tabindex: -1, "aria-label": "Tick" })), COLUMNS.map((column) => h("div", { role: "gridcell", class: `td c-${column.id}${column.number ? " number" : ""}` })));
      this.#rows.push(row);
      this.body.append(row);
    }
    while (this.#rows.length > wanted) this.#rows.pop()?.remove();
    this.#rows.forEach((element, place) => {
      element.style.transform = `translateY(${Math.max(offset, 0) + place * rowHeight()}px)`;
      this.#fill(element, first + place);
    });
    this.drawTicks();
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
    element.classList.toggle("exceeds", row?.verdict === "exceeds" && !row.false_trigger);
    this.#fillTick(element, row);
    [...element.children].slice(1).forEach((cell, column) => {
      const content = row ? COLUMNS[column]?.cell(row) : "";
      replace(cell, content);
    });
  }

  /** @param {HTMLElement} element @param {EventRow | undefined} row */
  #fillTick(element, row) {
    const box = element.querySelector("input");
    const isTicked = this.how.ticks.has(row?.id);
    element.classList.toggle("ticked", isTicked);
    if (!box) return;
    box.checked = isTicked;
    box.disabled = !row;
  }

  /** Shows which events are ticked. */
  drawTicks() {
    for (const element of this.#rows) this.#fillTick(element, this.pages.row(Number(element.dataset["index"])));
    const seen = this.#seen();
    const ticked = seen.filter((id) => this.how.ticks.has(id)).length;
    if (!this.tickSeen) return;
    this.tickSeen.checked = seen.length > 0 && ticked === seen.length;
    this.tickSeen.indeterminate = ticked > 0 && ticked < seen.length;
  }

  /** Ticks a row or unticks it; `isRange` ticks all from the one that was ticked last. @param {number} index @param {boolean} isRange */
  tick(index, isRange) {
    const row = this.pages.row(index);
    if (!row) return;
    if (isRange) void this.how.ticks.range(this.pages, index).catch(this.how.failed);
    else this.how.ticks.set(row.id);
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
    const scrollable = Math.max(this.#height + rowHeight() - this.scroller.clientHeight, 1);
    const rows = Math.max(this.pages.total - this.#visible + 1, 1);
    this.scroller.scrollTop = this.pages.total * rowHeight() <= TALLEST ? aim * rowHeight() : (aim / rows) * scrollable + 1;
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
    const index = Number(row.dataset["index"]);
    if (event.target instanceof Element && event.target.closest(".c-tick")) {
      this.#select(index, true);
      this.tick(index, event.shiftKey);
      this.drawTicks();
      return;
    }
    this.#select(index, false);
    this.openCurrent();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(this.#visible - 2, 1);
    /** @type {Record<string, number>} */
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -this.pages.total, End: this.pages.total };
    const by = moves[event.key];
    const from = this.cursor.index;
    if (by !== undefined) {
      // With Shift the rows that the cursor leaves and reaches are ticked.
      if (event.shiftKey && this.how.ticks.size === 0 && from !== null) this.tick(from, false);
      this.move(by);
      if (event.shiftKey && this.cursor.index !== null) this.tick(this.cursor.index, true);
    } else if (event.key === " " && from !== null) this.tick(from, event.shiftKey);
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
