// @ts-check
/** Messages, for eyes and for ears. */

import { Problem } from "./api.js";
import { byId, h } from "./dom.js";

/** For screen readers alone, when they are idle. @param {string} text */
export function announce(text) {
  const region = byId("polite");
  // The same words again are read again.
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

/** An error as a sentence. @param {unknown} error */
export function sentence(error) {
  const text = (error instanceof Error ? error.message : String(error)).trim() || "The reason is not known";
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?…]$/.test(text) ? "" : "."}`;
}

/** Whether an error needs no message: the page was left, or the sign-in form is asking already. @param {unknown} error */
export const isSilent = (error) => (error instanceof DOMException && error.name === "AbortError") || (error instanceof Problem && error.status === 401);

/** What failed, until it is closed. @param {unknown} error @param {string} [what] The action that failed. */
export function complain(error, what = "Not done") {
  if (isSilent(error)) return;
  const text = sentence(error);
  byId("assertive").textContent = `${what}: ${text}`;
  const note = h("div", { class: "toast bad" }, h("strong", null, what), h("span", null, text));
  note.append(h("button", { type: "button", class: "quiet", "aria-label": "Close", onclick: () => note.remove() }, "×"));
  byId("toasts").append(note);
  setTimeout(() => note.remove(), 15000);
}

/**
 * What cannot be shown and why, in its place; it stays.
 * @param {unknown} error @param {string} title @param {...import("./dom.js").Child} actions
 */
export const failure = (error, title, ...actions) =>
  h("div", { class: "notice bad failure", role: "alert" }, h("strong", null, title), h("p", null, sentence(error)), actions.length > 0 && h("p", { class: "acts" }, actions));
