// @ts-check
/** Filters that a reader keeps by name, in this browser. */

import { queryString } from "../api.js";
import { h, replace } from "../dom.js";
import { FILTERS, address } from "../router.js";
import { announce } from "../say.js";

/** @typedef {import("../router.js").Params} Params */

const KEY = "wavekeep.filters";

/** @returns {Record<string, Params>} What another version or another hand left there is not trusted. */
export function savedFilters() {
  try {
    const all = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    const known = (/** @type {unknown} */ of) => Object.fromEntries(Object.entries(of ?? {}).filter(([name, value]) => FILTERS.some((filter) => filter === name) && typeof value === "string"));
    return Object.fromEntries(Object.entries(all).map(([name, of]) => [name, known(of)]));
  } catch {
    return {};
  }
}

/** @param {Record<string, Params>} all */
const keep = (all) => localStorage.setItem(KEY, JSON.stringify(all));

/** The list of saved filters, and a field that saves the present ones. @param {Params} filters */
export function savedMenu(filters) {
  const list = h("ul");
  const name = h("input", { placeholder: "Name", "aria-label": "Name of the filters", maxlength: 60, required: true });
  const show = () => {
    const all = Object.entries(savedFilters()).sort(([a], [b]) => a.localeCompare(b));
    replace(list, all.length === 0 && h("li", { class: "small" }, "No filters are saved in this browser."), all.map(([words, of]) => h("li", null,
      h("a", { href: address(of), "data-route": true, "aria-current": queryString(of) === queryString(filters) ? "true" : null }, words),
      h("button", { type: "button", class: "quiet icon", "aria-label": `Remove “${words}”`, onclick: () => {
        const { [words]: _, ...others } = savedFilters();
        keep(others);
        announce(`“${words}” removed`);
        show();
        name.focus();
      } }, "×"))));
  };
  const save = (/** @type {Event} */ event) => {
    event.preventDefault();
    const words = name.value.trim();
    if (!words) return;
    keep({ ...savedFilters(), [words]: filters });
    name.value = "";
    announce(`Filters saved as “${words}”`);
    show();
  };
  const form = h("form", { onsubmit: save }, name, h("button", null, "Save these"));
  const menu = h("details", { class: "menu", onkeydown: (/** @type {KeyboardEvent} */ event) => { if (event.key !== "Escape" || !menu.open) return;
    // Nothing else of the page hears of it.
    event.preventDefault();
    menu.open = false;
    menu.querySelector("summary")?.focus();
  } },
    h("summary", { class: "button" }, "Saved filters"), h("div", { class: "menu-body" }, list, form));
  show();
  return menu;
}
