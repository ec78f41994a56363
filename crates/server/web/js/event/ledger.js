// @ts-check
/** What the archive's ledger has of an event, and the head of the ledger. */

import { Problem, get, link } from "../api.js";
import { h, renew } from "../dom.js";
import { countText, utcText } from "../units.js";

/** @typedef {import("../types.js").LedgerEntry} LedgerEntry */
/** @typedef {import("../types.js").LedgerHead} LedgerHead */

/** More entries than this are not shown. */
const MOST = 20;

/** Actions in words. @type {Record<string, string>} */
const ACTION_WORDS = {
  found: "found in the archive", import: "imported", update: "a report, raw frames or another name added", supersede: "replaced by the whole of it",
  review: "reviewed", derive: "derived files made again", repair: "files put back", move: "moved to another unit", adopt: "adopted",
  forget: "forgotten", remove: "removed",
};

/** A hash: shortened to look at, whole to select and copy. @param {string} digits */
const digest = (digits) => h("code", { class: "digest", title: digits }, digits);

/** @param {LedgerEntry} entry */
const item = (entry) => h("li", { value: entry.entry },
  h("b", null, entry.who), " ", ACTION_WORDS[entry.action] ?? entry.action, typeof entry.reason === "string" && `: “${entry.reason}”`,
  h("span", { class: "zone" }, ` ${utcText(entry.at)}`, entry.from && ` from ${entry.from}`),
  h("span", { class: "leaf" }, "leaf ", digest(entry.leaf)));

/** @param {LedgerHead} head */
const headFacts = (head) => h("dl", { class: "facts" },
  h("dt", null, "Entries"), h("dd", null, countText(head.size)),
  h("dt", null, "Root"), h("dd", null, digest(head.root)),
  h("dt", null, "Time"), h("dd", null, utcText(head.time)));

/** @param {HTMLElement} place @param {number} id @param {AbortSignal} signal */
export async function showLedger(place, id, signal) {
  /** @type {[LedgerEntry[], LedgerHead | null]} */
  const [entries, head] = await Promise.all([
    /** @type {Promise<LedgerEntry[]>} */ (get(`/events/${id}/ledger?limit=${MOST}`, signal)),
    // An archive that another program made has no ledger until it is opened for writing.
    /** @type {Promise<LedgerHead | null>} */ (get("/ledger/head", signal)).catch((error) => { if (error instanceof Problem && error.status === 404) return null; throw error; }),
  ]);
  renew(place, h("h2", null, "Ledger"),
    !head && h("p", { class: "small" }, "This archive has no ledger yet."),
    entries.length > 0 && h("ol", { class: "ledger", "aria-label": "Entries of this event" }, entries.map(item)),
    entries.length === MOST && h("p", { class: "small" }, `The latest ${MOST} entries.`),
    head && [h("h3", null, "Head"), headFacts(head),
      h("p", { class: "acts downloads" }, entries.length > 0 && h("a", { class: "button", href: link(`/events/${id}/proof.zip`), download: "" }, "Download a proof"), " ",
        h("a", { class: "button", href: link("/ledger/head"), download: `head-${head.size}.txt` }, "Download the head"))]);
}
