// @ts-check
/** The styles of these views, which are loaded with the first of them. */

import { h } from "../dom.js";

/** @type {Promise<void> | null} */
let loaded = null;

export function placeStyles() {
  loaded ??= new Promise((done) => {
    const link = h("link", { rel: "stylesheet", href: "places.css" });
    // Without it the view is plain, and all of it is there.
    link.addEventListener("load", () => done());
    link.addEventListener("error", () => done());
    document.head.append(link);
  });
  return loaded;
}
