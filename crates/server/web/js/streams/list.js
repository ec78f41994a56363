// @ts-check
/** The runs that the archive knows, and what the server records, apart from each other: who looks at runs sees no form. */

import { get } from "../api.js";
import { h, replace } from "../dom.js";
import { address } from "../router.js";
import { complain, failure, isSilent } from "../say.js";
import { NONE, bytesText, countText, utcText } from "../units.js";
import { showRecordings } from "./recordings.js";

/** @param {HTMLElement} main */
export function streamsView(main) {
  document.title = "Streams · wavekeep";
  const leaving = new AbortController();
  const place = h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Streams" });
  const count = h("p", { class: "total", role: "status" }, "…");
  const recorder = h("section", { class: "recorder", "aria-label": "Recordings" });
  const records = new URLSearchParams(location.search).get("show") === "recordings";
  const tab = (/** @type {string} */ words, /** @type {boolean} */ isShown, /** @type {string} */ show) => h("a", { href: address({ view: "streams", show }), "data-route": true, "aria-current": isShown ? "page" : null }, words);
  place.hidden = records;
  recorder.hidden = !records;
  replace(main, h("div", { class: "page" }, h("div", { class: "list-head" }, h("h1", null, "Streams"), h("nav", { class: "subtabs", "aria-label": "Streams" }, tab("Runs", !records, ""), tab("Recordings", records, "recordings")), count), place, recorder));
  const load = async () => {
    /** @type {{ total: number, streams: (import("../types.js").EventRow & { stream: { frames: number, start_utc: string | null, bytes: number } | null })[] }} */
    const answer = await get("/streams?limit=1000", leaving.signal);
    count.textContent = `${countText(answer.total)} ${answer.total === 1 ? "run" : "runs"}`;
    replace(place, answer.total === 0 ? h("p", { class: "empty" }, "The archive has no streams yet.") : h("table", { class: "plain lines" },
      h("thead", null, h("tr", null, ["Run", "Stream", "Start", "Frames", "Size", "Imported", "State"].map((word) => h("th", { scope: "col" }, word)))),
      h("tbody", null, answer.streams.map((row) => h("tr", null,
        h("th", { scope: "row" }, h("a", { href: address({ stream: row.id }), "data-route": true }, row.filename)),
        h("td", null, row.serial), h("td", null, utcText(row.stream?.start_utc)), h("td", null, row.stream ? countText(row.stream.frames) : NONE), h("td", null, row.stream ? bytesText(row.stream.bytes) : NONE),
        h("td", null, utcText(row.captured_at)), h("td", null, row.damaged && h("span", { class: "badge bad" }, "damaged"), !row.damaged && "complete"))))));
    return answer.streams;
  };
  let end = () => {};
  void load().then((runs) => { if (records && !leaving.signal.aborted) end = showRecordings(recorder, runs, () => void load().catch(complain), leaving.signal); }).catch((error) => { if (!isSilent(error)) { count.textContent = ""; place.hidden = false; replace(place, failure(error, "The streams cannot be shown")); } });
  return () => { leaving.abort(); end(); };
}
