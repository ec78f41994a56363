// @ts-check
/** Keys, and the list of them. A view sets its own keys; leaving it removes them. */

import { h, replace } from "./dom.js";

/** @typedef {{ keys: string[], words: string, act: (event: KeyboardEvent) => void }} Shortcut */

/** @type {Shortcut[]} */
let current = [];

/** @param {Shortcut[]} shortcuts */
export const setKeys = (shortcuts) => void (current = shortcuts);

const dialog = h("dialog", { class: "sheet", "aria-labelledby": "help-title" });

export function showHelp() {
  const plots = [
    ["drag, wheel, two fingers", "zoom a plot in time"], ["double-click, Home", "the whole plot"],
    ["← →", "in a plot: the cursor, sample by sample"], ["+ −", "in a plot: zoom"],
  ];
  const rows = [...current.map((key) => [key.keys.join(" or "), key.words]), ...plots, ["?", "this list"]];
  replace(dialog,
    h("h2", { id: "help-title" }, "Keys"),
    h("dl", { class: "keys" }, rows.map(([keys, words]) => [h("dt", null, (keys ?? "").split(" or ").map((key, index) => [index ? " or " : "", h("kbd", null, key)])), h("dd", null, words)])),
    h("form", { method: "dialog" }, h("button", { class: "primary" }, "Close")));
  if (!dialog.isConnected) document.body.append(dialog);
  if (!dialog.open) dialog.showModal();
}

/** @param {EventTarget | null} target */
const isTyping = (target) =>
  target instanceof HTMLElement && (target.matches("input, textarea, select") || target.isContentEditable);

export function listen() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === "?") {
      event.preventDefault();
      showHelp();
      return;
    }
    const shortcut = current.find((shortcut) => shortcut.keys.includes(event.key));
    if (!shortcut) return;
    event.preventDefault();
    shortcut.act(event);
  });
}
