// @ts-check
/** The list of events: what a day begins with. */

import { get, queryString } from "../api.js";
import { h, later, replace } from "../dom.js";
import { setKeys } from "../keys.js";
import { onChange } from "../live.js";
import { onPrefs } from "../prefs.js";
import { go } from "../router.js";
import { announce, complain, toast } from "../say.js";
import { review, undo } from "../review.js";
import { countText } from "../units.js";
import { downloads, filterBar } from "./filters.js";
import { Pages } from "./pages.js";
import { paperList } from "./paper.js";
import { endSession, places } from "./session.js";
import { drawSides } from "./sides.js";
import { EventTable } from "./table.js";

/** @typedef {import("../router.js").Params} Params */

/** @param {HTMLElement} main @param {Params} filters */
export function eventsView(main, filters) {
  document.title = "Events · wavekeep";
  endSession();
  const key = queryString(filters);
  const leaving = new AbortController();
  const side = h("aside", { class: "side", "aria-label": "Units, projects, months" });
  const count = h("p", { class: "total", role: "status" }, "…");
  const empty = h("div", { class: "empty", hidden: true });
  const typing = document.activeElement?.id === "text-filter";

  const pages = new Pages(filters, () => arrived(), complain);
  const table = new EventTable(pages, {
    sort: filters["sort"] ?? "-timestamp",
    setSort: (sort) => go({ ...filters, sort }),
    open: (row, index) => {
      Object.assign(places, { index, scroll: table.scroller.scrollTop, filters: key });
      go(row.kind === "stream" ? { stream: row.id } : { ...filters, event: row.id });
    },
  });
  const bar = filterBar(filters);
  replace(main,
    h("div", { class: "events" }, side, h("section", { class: "list", "aria-labelledby": "events-title" },
      h("div", { class: "list-head" }, h("h1", { id: "events-title" }, "Events"), count, downloads(filters, () => void printList())),
      bar, table.scroller, h("p", { class: "paper-note" }, "Only the rows that were in sight. The page's button Print, or Ctrl P, prints the whole list."), empty)));
  if (typing) {
    const text = bar.querySelector("input");
    text?.focus();
    text?.setSelectionRange(text.value.length, text.value.length);
  }

  let first = true;
  function arrived() {
    const filtered = Object.keys(filters).some((name) => name !== "sort");
    count.textContent = `${countText(pages.total)} ${pages.total === 1 ? "event" : "events"}${filtered ? " through the filters" : ""}`;
    empty.hidden = pages.total > 0;
    table.scroller.hidden = pages.total === 0;
    replace(empty, filtered
      ? [h("p", null, "No event passes these filters."), h("button", { type: "button", class: "primary", onclick: () => go({}) }, "Show all events")]
      : [h("p", null, "The archive is empty."), h("p", null, "Drop event files anywhere on this page, or ", h("a", { href: "/?view=import", "data-route": true }, "choose them"), ".")]);
    table.draw();
    if (first && places.filters === key && places.index > 0) {
      table.scroller.scrollTop = places.scroll;
      table.current = places.index;
      table.draw();
    }
    first = false;
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
  void drawSides(side, filters, leaving.signal).catch(complain);

  // Many changes at once, as an import brings them, are one redrawing.
  let fresh = 0;
  const refresh = later(150, () => {
    void pages.refresh(...table.inSight());
    void drawSides(side, filters, leaving.signal).catch(complain);
    if (fresh) announce(`${fresh} new ${fresh === 1 ? "event" : "events"}`);
    fresh = 0;
  });
  const endLive = onChange((change) => {
    if (change.what === "new") fresh += 1;
    refresh();
  });
  const endPrefs = onPrefs(() => { table.drawHead(); table.draw(); bar.replaceWith(filterBar(filters)); });

  /** @param {(id: number) => Promise<unknown>} act @param {string} words */
  const change = async (act, words) => {
    const row = table.row();
    if (!row) return;
    try {
      await act(row.id);
      /** @type {import("../types.js").EventDetail} */
      const now = await get(`/events/${row.id}`, leaving.signal);
      pages.put(now.event);
      table.draw();
      toast(`${row.filename}: ${words}`);
    } catch (error) {
      complain(error);
    }
  };
  setKeys([
    { keys: ["n", "j"], words: "next event", act: () => table.move(1) },
    { keys: ["p", "k"], words: "previous event", act: () => table.move(-1) },
    { keys: ["Enter"], words: "open the event", act: () => table.openCurrent() },
    { keys: ["f"], words: "a false trigger, or no longer", act: () => void change((id) => review(id, { false_trigger: !table.row()?.false_trigger }), table.row()?.false_trigger ? "no false trigger" : "false trigger") },
    { keys: ["r"], words: "reviewed: a real event", act: () => void change((id) => review(id, { false_trigger: false }), "reviewed") },
    { keys: ["u"], words: "undo the last change", act: () => void change(undo, "undone") },
    { keys: ["/"], words: "search", act: () => document.getElementById("text-filter")?.focus() },
  ]);

  return () => {
    leaving.abort();
    table.resize.disconnect();
    endLive();
    endPrefs();
  };
}
