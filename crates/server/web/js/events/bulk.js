// @ts-check
/** The bar of the events that are ticked: they are reviewed as one. */

import { correctSeveral } from "../correct.js";
import { field, showForm } from "../dialog.js";
import { h, replace } from "../dom.js";
import { countText } from "../units.js";
import { MOST_TICKED } from "./ticks.js";

/** @typedef {import("./ticks.js").Ticks} Ticks */
/** @typedef {import("../review.js").Patch} Patch */

/** @param {number} n */
export const eventsText = (n) => `${countText(n)} ${n === 1 ? "event" : "events"}`;

/**
 * @param {Ticks} ticks
 * @param {{ total: () => number, tickAll: () => void, apply: (patch: Patch, words: string) => Promise<void>, failed: (error: unknown) => void }} how
 */
export function bulkBar(ticks, how) {
  const count = h("strong");
  const all = h("button", { type: "button", class: "quiet", onclick: how.tickAll });
  const act = (/** @type {string} */ words, /** @type {Patch} */ patch, /** @type {string} */ done, /** @type {string} */ key) =>
    h("button", { type: "button", onclick: () => void how.apply(patch, done).catch(how.failed) }, words, key && " ", key && h("kbd", null, key));
  const note = h("button", { type: "button", onclick: () => {
    const words = h("textarea", { rows: 3, maxlength: 4000 });
    showForm(`Note for ${eventsText(ticks.size)}`, [field("Note", words), h("p", { class: "small" }, "It replaces the notes that these events have. Without words their notes are removed.")], "Save", () => how.apply({ notes: words.value.trim() || null }, "note saved"));
  } }, "Note …");
  const correct = h("button", { type: "button", onclick: () => correctSeveral(`Correct ${eventsText(ticks.size)}`, (corrections) => how.apply({ corrections }, "corrected")) }, "Correct …");
  const element = h("div", { class: "bulk", role: "region", "aria-label": "Ticked events", hidden: true }, count,
    act("False trigger", { false_trigger: true }, "false trigger", "f"), act("Real event", { false_trigger: false }, "reviewed as real", "r"), act("Reviewed", {}, "reviewed", ""), note, correct,
    all, h("button", { type: "button", class: "quiet", onclick: () => ticks.clear() }, "Untick ", h("kbd", null, "Esc")));
  return {
    element,
    show() {
      element.hidden = ticks.size === 0;
      count.textContent = `${eventsText(ticks.size)} ticked`;
      const total = how.total();
      all.hidden = ticks.size >= total || total > MOST_TICKED;
      replace(all, `Tick all ${countText(total)}`);
    },
  };
}
