// @ts-check
/** The list on paper: all events, where the table on the screen holds only the rows in sight. */

import { get, queryString } from "../api.js";
import { h } from "../dom.js";
import { countText } from "../units.js";
import { COLUMNS } from "./columns.js";
import { filterWords } from "./filters.js";

/** @typedef {import("../router.js").Params} Params */

/** As many as the server answers at once: some 200 sheets. */
const MOST = 10_000;

/**
 * The events that match the filters, as a table that only printers show.
 * @param {Params} filters @param {AbortSignal} signal
 */
export async function paperList(filters, signal) {
  /** @type {import("../types.js").EventPage} */
  const { events, total } = await get(`/events${queryString({ ...filters, limit: MOST })}`, signal);
  const conditions = filterWords(filters);
  /** @param {"th" | "td"} tag @param {(column: import("./columns.js").Column) => import("../dom.js").Child} content */
  const cells = (tag, content) => COLUMNS.map((column) => h(tag, { class: column.number ? "number" : null }, content(column)));
  return h("table", { class: "paper-list" },
    h("caption", null,
      events.length < total ? `The first ${countText(events.length)} of ${countText(total)} events: narrower filters print the others` : `${countText(total)} ${total === 1 ? "event" : "events"}`,
      conditions.length ? `, with ${conditions.join(", ")}` : "",
      // On the screen the marks say so when they are pointed at.
      events.some((row) => Object.keys(row.flags).length > 0) ? ". ≥ and !: the true peak may be larger" : ""),
    h("thead", null, h("tr", null, cells("th", (column) => column.title()))),
    h("tbody", null, events.map((row) => h("tr", { class: row.false_trigger ? "false-trigger" : null }, cells("td", (column) => column.cell(row))))));
}
