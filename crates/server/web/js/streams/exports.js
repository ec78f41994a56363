// @ts-check
/** Links to what is shown, as files and as pictures. */

import { link, queryString } from "../api.js";
import { h, replace } from "../dom.js";
import { countText } from "../units.js";

/** Samples of a file, as the server bounds them. */
const MOST = 16 * 2 ** 20;

/** @param {HTMLElement} place @param {string} id @param {{ first: number, end: number, section: number, channels: string }} part @param {number} rows @param {boolean} inRad @param {boolean} dark */
export function showExports(place, id, part, rows, inRad, dark) {
  const samples = rows * (part.end - part.first);
  const at = (/** @type {string} */ path, /** @type {Record<string, string>} */ more, /** @type {string} */ words, /** @type {string} */ label) => h("a", { class: "button", href: link(`/streams/${id}/${path}${queryString({ ...part, ...more })}`), download: true, "aria-label": label }, words);
  const file = (/** @type {string} */ to, /** @type {string} */ words) => at("export", { to, units: inRad ? "physical" : "raw" }, words, `The shown channels and frames as ${words}`);
  const picture = (/** @type {string} */ kind, /** @type {string} */ to) => at("picture", { kind, to, theme: dark ? "dark" : "light" }, to.toUpperCase(), `The picture of ${kind === "overview" ? "all channels" : "the shown channels"} as ${to.toUpperCase()}`);
  const group = (/** @type {string} */ words, /** @type {import("../dom.js").Child[]} */ links) => h("span", { class: "link-group" }, h("span", { class: "small" }, words), links);
  replace(place, samples > MOST ? h("p", { class: "small" }, `The shown part has ${countText(samples)} samples, a file holds at most ${countText(MOST)}: zoom in, or show fewer channels.`)
    : group(`Samples in ${inRad ? "rad" : "counts"}:`, [file("csv", "CSV"), file("npy", "npy"), file("gnz", "GNZ"), file("hdf5", "HDF5"), file("parquet", "Parquet")]),
  group("Picture of all channels:", [picture("overview", "svg"), picture("overview", "png")]),
  group("of those below:", [picture("traces", "svg"), picture("traces", "png")]),
  group("Spectrum and RMS:", [at("spectrum", {}, "JSON", "Spectrum and RMS of the shown channels and frames as JSON")]));
}
