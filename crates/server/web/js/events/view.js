// @ts-check
/** The list of events: what a day begins with. */

import { get, onlyLast, queryString } from "../api.js";
import { h, later, replace } from "../dom.js";
import { setKeys } from "../keys.js";
import { onChange } from "../live.js";
import { onPrefs } from "../prefs.js";
import { go } from "../router.js";
import { announce, complain, failure, isSilent, toast } from "../say.js";
import { matching, review, reviewTogether, undo, undoTogether } from "../review.js";
import { localText } from "../units.js";
import { bulkBar, eventsText } from "./bulk.js";
import { downloads, filterBar, isFiltered } from "./filters.js";
import { Pages } from "./pages.js";
import { paperList } from "./paper.js";
import { endSession, places } from "./session.js";
import { drawSides } from "./sides.js";
import { EventTable } from "./table.js";
import { Ticks } from "./ticks.js";

/** @typedef {import("../router.js").Params} Params */
/** @typedef {import("../types.js").EventRow} EventRow */

/** Rows by which an event may have moved while another view was open. */
const AWAY = 1000;

/** @param {EventRow} row */
const nameOf = (row) => `${row.serial} ${localText(row.timestamp)}`;

/** @param {HTMLElement} main @param {Params} filters */
export function eventsView(main, filters) {
  document.title = "Events · wavekeep";
  endSession();
  const key = queryString(filters);
  const leaving = new AbortController();
  const side = h("aside", { class: "side", "aria-label": "Units, projects, locations, months" });
  const count = h("p", { class: "total", role: "status" }, "…");
  const empty = h("div", { class: "empty", hidden: true });
  const isTyping = document.activeElement?.id === "text-filter";

  const pages = new Pages(filters, () => arrived(), (error) => failed(error));
  const ticks = new Ticks(() => { table.drawTicks(); bulk.show(); announce(ticks.size ? `${eventsText(ticks.size)} ticked` : "No event is ticked"); });
  const table = new EventTable(pages, {
    ticks,
    failed: complain,
    sort: filters["sort"] ?? "-timestamp",
    setSort: (sort) => go({ ...filters, sort }),
    open: (row) => go(row.kind === "stream" ? { stream: row.id } : { ...filters, event: row.id }),
  });
  const { cursor } = table;
  const bulk = bulkBar(ticks, { total: () => pages.total, tickAll: () => void tickAll(), apply: applyTogether, failed: (error) => complain(error, "The events were not changed") });
  const links = h("span");
  let bar = filterBar(filters);
  const showLinks = () => replace(links, downloads(filters, () => void printList()));
  links.className = "downloads";
  showLinks();
  replace(main,
    h("div", { class: "events" }, side, h("section", { class: "list", "aria-labelledby": "events-title" },
      h("div", { class: "list-head" }, h("h1", { id: "events-title" }, "Events"), count, links),
      bar, table.scroller, bulk.element, h("p", { class: "paper-note" }, "Only the rows that were in sight. The page's button Print, or Ctrl P, prints the whole list."), empty)));
  if (isTyping) {
    const text = bar.querySelector("input");
    text?.focus();
    text?.setSelectionRange(text.value.length, text.value.length);
  }

  let isFirst = true;
  function arrived() {
    const filtered = isFiltered(filters);
    count.textContent = `${eventsText(pages.total)}${filtered ? " matching the filters" : ""}`;
    empty.hidden = pages.total > 0;
    table.scroller.hidden = pages.total === 0;
    replace(empty, filtered
      ? [h("p", null, "No event matches these filters."), h("button", { type: "button", class: "primary", onclick: () => go({}) }, "Show all events")]
      : [h("p", null, "The archive is empty."), h("p", null, "Drop event files anywhere on this page, or ", h("a", { href: "?view=import", "data-route": true }, "choose them"), ".")]);
    table.settle();
    bulk.show();
    if (isFirst) void restore().catch(complain);
    isFirst = false;
  }

  /** The cursor goes back to the event that was looked at last, if it is in this list. */
  async function restore() {
    const { row } = places;
    if (!row || pages.total === 0) return;
    const isSame = places.filters === key;
    if (isSame) table.scroller.scrollTop = places.scroll;
    const index = isSame ? await pages.find(row.id, places.index, AWAY) : pages.indexOf(row.id);
    // The reader may have chosen another one meanwhile.
    if (index === null || leaving.signal.aborted || cursor.index !== null) return;
    cursor.restore(row, index);
    table.draw();
    table.show(index);
  }

  /** @param {unknown} error */
  function failed(error) {
    if (isSilent(error)) return;
    if (pages.total > 0) {
      complain(error, "The list may be out of date");
      return;
    }
    count.textContent = "";
    table.scroller.hidden = true;
    empty.hidden = false;
    replace(empty, failure(error, "The events cannot be shown",
      h("button", { type: "button", class: "primary", onclick: () => void pages.refresh(0, 0) }, "Try again"), h("a", { class: "button", href: "./", "data-route": true }, "Show all events")));
  }

  const printList = async () => {
    try {
      const list = await paperList(filters, leaving.signal);
      table.scroller.after(list);
      window.print();
      list.remove();
    } catch (error) {
      if (!leaving.signal.aborted) complain(error);
    }
  };
  // The browser's own way of printing cannot wait for rows that have to be fetched.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "p" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    void printList();
  }, { signal: leaving.signal });

  pages.want(0, 0);
  const forSides = onlyLast(leaving.signal);
  const showSides = () => void drawSides(side, filters, forSides()).catch((error) => { if (!leaving.signal.aborted) complain(error); });
  showSides();

  // Many changes at once, as an import brings them, are one redrawing.
  let fresh = 0;
  /** Changes since the cursor's event was found: by so many rows it may have moved. */
  let reach = 0;
  const refresh = later(150, () => void (async () => {
    if (fresh) announce(`${fresh} new ${fresh === 1 ? "event" : "events"}`);
    fresh = 0;
    showSides();
    await pages.refresh(...table.inSight());
    const { chosen, index } = cursor;
    if (chosen && index !== null && !cursor.isListed) {
      await pages.find(chosen.id, index, reach + 1);
      if (!leaving.signal.aborted) table.settle();
    }
    reach = 0;
  })().catch(complain));
  const endLive = onChange((change) => {
    if (change.what === "new") fresh += 1;
    reach += change.what === "reset" ? AWAY : 1;
    refresh();
  });
  const endPrefs = onPrefs(() => {
    table.drawHead();
    table.draw();
    showLinks();
    const fresh = filterBar(filters);
    bar.replaceWith(fresh);
    bar = fresh;
  });

  /** Events that were reviewed here, each once, the latest last: `u` takes the last change of one back. @type {EventRow[]} */
  let reviewed = [];
  /** Events that were reviewed as one, if that was the last review of this list. @type {number[] | null} */
  let together = null;

  async function tickAll() {
    try {
      const { ids } = await matching(filters);
      if (!leaving.signal.aborted) ticks.setAll(ids, true);
    } catch (error) {
      complain(error, "The events were not ticked");
    }
  }

  /** Reviews what is ticked, as one. @param {import("../review.js").Patch} patch @param {string} words */
  async function applyTogether(patch, words) {
    const { ids } = ticks;
    const { changed } = await reviewTogether(ids, patch);
    together = ids;
    ticks.clear();
    const gone = ids.length - changed;
    toast(`${eventsText(changed)}: ${words}${gone ? `. ${eventsText(gone)} ${gone === 1 ? "is" : "are"} no longer there` : ""}`, { label: "Undo", act: () => void takeBackTogether(ids) });
    await pages.refresh(...table.inSight());
  }

  /** @param {number[]} ids */
  async function takeBackTogether(ids) {
    if (together === ids) together = null;
    try {
      const { undone, not_undone } = await undoTogether(ids);
      toast(`${eventsText(undone)}: undone`);
      if (not_undone.length > 0) complain(new Error(not_undone[0]?.detail), `${eventsText(not_undone.length)} not undone`);
      await pages.refresh(...table.inSight());
    } catch (error) {
      complain(error, "The review was not undone");
    }
  }

  /** @param {EventRow} row */
  const reread = async (row) => {
    /** @type {import("../types.js").EventDetail} */
    const now = await get(`/events/${row.id}`, leaving.signal);
    pages.put(now.event);
    table.settle();
  };

  /** Reviews the event under the cursor, and no other; then the cursor goes on. @param {{ false_trigger: boolean }} patch @param {string} words */
  const mark = async (patch, words) => {
    if (ticks.size > 0) {
      await applyTogether(patch, patch.false_trigger ? words : "reviewed as real").catch((error) => complain(error, "The events were not changed"));
      return;
    }
    const row = cursor.event;
    if (!row) {
      toast(cursor.chosen ? `${nameOf(cursor.chosen)} is no longer in this list: j goes to the next event` : "No event is selected: j selects the next one");
      return;
    }
    try {
      if (cursor.index !== null) await pages.fetchRow(cursor.index + 1);
      const isMoved = cursor.event?.id === row.id && table.moveOn();
      reviewed = [...reviewed.filter((other) => other.id !== row.id), row];
      together = null;
      await review(row.id, patch);
      toast(`${nameOf(row)}: ${words}${isMoved ? "" : ". This is the last event of the list"}`, { label: "Undo", act: () => void takeBack(row) });
      await reread(row);
    } catch (error) {
      complain(error, `${nameOf(row)} was not reviewed`);
    }
  };
  /** @param {EventRow} [of] Without it, the last review. */
  const takeBack = async (of) => {
    if (!of && together) {
      await takeBackTogether(together);
      return;
    }
    const row = of ?? reviewed.at(-1);
    // Undoing twice would be redoing.
    if (!row || !reviewed.some((other) => other.id === row.id)) {
      toast("There is no review of this list left to undo: earlier ones are undone on the page of their event");
      return;
    }
    reviewed = reviewed.filter((other) => other.id !== row.id);
    try {
      await undo(row.id);
      toast(`${nameOf(row)}: undone`);
      await reread(row);
    } catch (error) {
      complain(error, `${nameOf(row)}: not undone`);
    }
  };
  setKeys([
    { keys: ["n", "j"], words: "next event", act: () => { if (cursor.takeStep()) announce("This is the next event"); else table.move(1); } },
    { keys: ["p", "k"], words: "previous event", act: () => table.move(-1) },
    { keys: ["Enter"], words: "open the event", act: () => table.openCurrent() },
    { keys: ["x"], words: "tick the event; Shift with Space or arrows ticks several", act: () => { if (cursor.index !== null) table.tick(cursor.index, false); } },
    { keys: ["Escape"], words: "untick all events", act: () => { if (ticks.size > 0) ticks.clear(); } },
    { keys: ["f"], words: "a false trigger, then the next event; of all ticked events, if some are", act: () => void mark({ false_trigger: true }, "false trigger") },
    { keys: ["r"], words: "reviewed: a real event, then the next event; or all ticked events", act: () => void mark({ false_trigger: false }, "reviewed, a real event") },
    { keys: ["u"], words: "undo the last review", act: () => void takeBack() },
    { keys: ["/"], words: "search", act: () => document.getElementById("text-filter")?.focus() },
  ]);

  return () => {
    if (cursor.chosen && cursor.index !== null) Object.assign(places, { row: cursor.chosen, index: cursor.index, scroll: table.scroller.scrollTop, filters: key });
    leaving.abort();
    pages.end();
    table.resize.disconnect();
    endLive();
    endPrefs();
  };
}
