// @ts-check
/** What happened, for eyes and for ears. */

import { byId, h } from "./dom.js";

/** Said by a screen reader when it is idle; seen by nobody. @param {string} text */
export function announce(text) {
  const region = byId("polite");
  // The same words again are said again.
  region.textContent = region.textContent === text ? `${text}\u00a0` : text;
}

/**
 * A note at the foot of the page that goes by itself.
 * @param {string} text @param {{ label: string, act: () => void }} [action]
 */
export function toast(text, action) {
  announce(text);
  const note = h("div", { class: "toast" }, h("span", null, text));
  if (action) {
    note.append(h("button", { type: "button", class: "quiet", onclick: () => { note.remove(); action.act(); } }, action.label));
  }
  const all = byId("toasts");
  while (all.childElementCount > 3) all.firstElementChild?.remove();
  all.append(note);
  setTimeout(() => note.remove(), action ? 8000 : 4000);
}

/** What failed, until it is closed. @param {unknown} error */
export function complain(error) {
  if (error instanceof DOMException && error.name === "AbortError") return;
  const text = error instanceof Error ? error.message : String(error);
  byId("assertive").textContent = text;
  const note = h("div", { class: "toast bad" }, h("strong", null, "Not done"), h("span", null, text));
  note.append(h("button", { type: "button", class: "quiet", "aria-label": "Close", onclick: () => note.remove() }, "×"));
  byId("toasts").append(note);
  setTimeout(() => note.remove(), 15000);
}
