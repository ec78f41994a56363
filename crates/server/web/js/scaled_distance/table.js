// @ts-check
/** The events of a law with charge, distance, scaled distance and peak; those that do not count with the reason. */

import { h } from "../dom.js";
import { address } from "../router.js";
import { countText, localText, readingText } from "../units.js";
import { REASONS, figures } from "./words.js";

/** @param {import("./words.js").Answer} answer @param {import("../router.js").Params} chosen */
export function eventsTable(answer, chosen) {
  const { events, total, units } = answer;
  if (events.length === 0) return h("p", { class: "empty" }, "No event matches.");
  const heads = ["Event", "Location", `Charge, ${units.charge}`, `Distance, ${units.distance}`, `Scaled distance, ${units.scaled_distance}`, `${answer.medium === "air" ? "PSPL" : "PPV"}, ${units.peak}`, "Counts"];
  const source = (/** @type {import("../types.js").BlastValue | undefined} */ value) => value?.from === "corrected" && h("span", { class: "corrected", title: "Set by a person" }, " set");
  const row = (/** @type {import("./words.js").BlastEvent} */ event) => h("tr", { class: event.left_out ? "soft" : null },
    h("th", { scope: "row" }, h("a", { href: address({ ...chosen, event: event.id }), "data-route": true }, `${event.serial} ${localText(event.timestamp)}`)),
    h("td", { "data-label": "Location" }, event.location ?? ""),
    h("td", { class: "number", "data-label": heads[2] }, figures(event.charge), source(event.blast.charge)),
    h("td", { class: "number", "data-label": heads[3] }, figures(event.distance), source(event.blast.distance)),
    h("td", { class: "number", "data-label": heads[4] }, figures(event.scaled_distance)),
    h("td", { class: "number", "data-label": heads[5] }, event.peak ? readingText(event.peak, units.peak).replace(` ${units.peak}`, "") : "–"),
    h("td", { "data-label": "Counts" }, event.left_out ? (REASONS[event.left_out] ?? event.left_out) : "yes"));
  return [
    h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Events" }, h("table", { class: "plain" },
      h("thead", null, h("tr", null, heads.map((head) => h("th", { scope: "col" }, head)))), h("tbody", null, events.map(row)))),
    total > events.length && h("p", { class: "small" }, `The first ${countText(events.length)} of ${countText(total)} events; the CSV has all of them.`),
    h("p", { class: "small" }, "Charge and distance of events are set with “Correct …”, on the page of an event or for several ticked events of the list."),
  ];
}
