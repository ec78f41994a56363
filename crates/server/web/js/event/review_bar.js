// @ts-check
/** False trigger, real event, note, undo: one line above the traces. */

import { h } from "../dom.js";
import { utcText } from "../units.js";

/**
 * @param {{ markFalse: () => void, confirm: () => void, note: (words: string) => Promise<void>, undo: () => void }} act
 */
export function reviewBar(act) {
  const falsely = h("button", { type: "button", "aria-pressed": "false", onclick: act.markFalse }, "False trigger ", h("kbd", null, "f"));
  const real = h("button", { type: "button", "aria-pressed": "false", onclick: act.confirm }, "Real event ", h("kbd", null, "r"));
  const note = h("textarea", { rows: 1, placeholder: "Note (e)", "aria-label": "Note of the review", maxlength: 4000 });
  const state = h("p", { class: "state", role: "status" });
  let kept = "";
  const keep = () => { if (note.value !== kept) void act.note(note.value); };
  note.addEventListener("blur", keep);
  note.addEventListener("keydown", (event) => {
    if (event.key === "Escape") note.value = kept;
    // Shift + Enter is a new line.
    if (event.key === "Escape" || (event.key === "Enter" && !event.shiftKey)) {
      event.preventDefault();
      event.stopPropagation();
      note.blur();
    }
  });
  const element = h("div", { class: "review-bar", role: "group", "aria-label": "Review" }, falsely, real, note,
    h("button", { type: "button", class: "quiet", onclick: act.undo }, "Undo ", h("kbd", null, "u")), state);
  return {
    element,
    edit: () => note.focus(),
    /** @param {import("../types.js").EventRow} event */
    show(event) {
      falsely.setAttribute("aria-pressed", String(event.false_trigger));
      real.setAttribute("aria-pressed", String(!!event.reviewed_at && !event.false_trigger));
      kept = event.review_notes ?? "";
      if (document.activeElement !== note) note.value = kept;
      state.textContent = event.reviewed_at ? `${event.reviewer ?? "Reviewed"}, ${utcText(event.reviewed_at)}` : "not reviewed";
    },
  };
}
