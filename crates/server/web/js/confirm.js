// @ts-check
/** A question before an action that is not undone. */

import { h } from "./dom.js";

/**
 * Resolves to whether the reader agreed.
 * @param {string} question @param {string[]} words What will happen. @param {string} action The button.
 * @returns {Promise<boolean>}
 */
export function confirmed(question, words, action) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { class: "sheet", "aria-labelledby": "question" }, h("h2", { id: "question" }, question), words.map((text) => h("p", null, text)),
      h("form", { method: "dialog", class: "acts" }, h("button", { class: "primary", value: "yes" }, action), h("button", { value: "" }, "Cancel")));
    dialog.addEventListener("close", () => { dialog.remove(); resolve(dialog.returnValue === "yes"); });
    document.body.append(dialog);
    dialog.showModal();
  });
}
