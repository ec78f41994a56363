// @ts-check
/** What is folded away under a line of words: a picture as a table, for readers who do not see it. */

import { h, replace } from "./dom.js";

/**
 * It is one element for as long as its place is there: a reader who opened it, or is about to, does not
 * lose it when what it shows is found anew. The content is made while it is open.
 */
export class Fold {
  /** @param {string} [words] */
  constructor(words = "The same as a table") {
    this.words = h("summary", null, words);
    this.content = h("div");
    this.element = h("details", { class: "folded", hidden: true, ontoggle: () => this.fill() }, this.words, this.content);
    /** @type {(() => import("./dom.js").Child) | null} */
    this.make = null;
  }

  /** @param {() => import("./dom.js").Child} make The content. @param {string} [words] Other words than before. */
  show(make, words) {
    if (words) this.words.textContent = words;
    this.make = make;
    this.element.hidden = false;
    if (this.element.open) this.fill();
    else replace(this.content);
  }

  fill() {
    if (!this.make || !this.element.open) return;
    replace(this.content, this.make());
    // Opened, closed and opened again it is the same.
    this.make = null;
  }
}
