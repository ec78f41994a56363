// @ts-check
/** The verdicts of an event for ground and air together, each with the alarm level that judges it. */

import { get } from "../api.js";
import { h, renew } from "../dom.js";
import { limitWords, placeWords, setWords, timeWords } from "../levels/words.js";
import { pref } from "../prefs.js";
import { inUnits, readingText, velocityUnit } from "../units.js";
import { marginWords, verdictBadge } from "../verdict.js";
import { allCurves } from "./limits.js";

/** @typedef {import("../types.js").EventRow} EventRow */
/** @typedef {import("../types.js").Level} Level */
/** @typedef {import("../types.js").LevelVerdict} LevelVerdict */

/** @param {LevelVerdict} verdict @param {"ground" | "air"} part */
function measured(verdict, part) {
  const unit = part === "ground" ? velocityUnit() : pref("pressure");
  const margin = marginWords(verdict);
  return [`${verdict.subject} ${readingText(verdict.value, unit)}${verdict.frequency ? ` at ${verdict.frequency}` : ""}`, verdict.limit && ` · limit ${readingText(verdict.limit, unit)}`,
    // Without a verdict the distance from a limit proves nothing.
    margin && verdict.outcome !== "no_verdict" && [" · ", h("strong", null, margin)]];
}

/**
 * @param {HTMLElement} place @param {EventRow} event @param {AbortSignal} signal
 */
export async function showVerdict(place, event, signal) {
  if (event.kind === "stream") return;
  const { judged } = event;
  /** @type {[{ levels: Level[] }, import("../types.js").Curve[]]} */
  const [{ levels }, curves] = await Promise.all([get("/levels?all=true", signal), allCurves()]);
  if (signal.aborted) return;
  const row = (/** @type {"ground" | "air"} */ part) => {
    const verdict = judged[part];
    const words = part === "ground" ? "Ground" : "Air";
    if (!verdict) return h("div", { class: "verdict-row" }, h("h3", null, words), h("span", { class: "soft" }, event.verdict === null ? "not judged yet" : "no alarm level applies"));
    const level = levels.find((one) => one.entry === verdict.level);
    return h("div", { class: "verdict-row" }, h("h3", null, words), verdictBadge(verdict.outcome),
      h("p", null, h("span", { class: "judged" }, measured(verdict, part)),
        verdict.outcome === "no_verdict" && h("span", { class: "why" }, inUnits(verdict.reason.replace(/^.*?no verdict: /, "No verdict: "), [verdict.value ?? null, verdict.limit ?? null])),
        h("span", { class: "by-level" }, level ? `${limitWords(level[part], curves)} · for ${placeWords(level.for)}, ${timeWords(level)} · ${setWords(level)}` : `by the level of entry ${verdict.level}`)));
  };
  renew(place, h("h2", { class: "unseen" }, "Verdict by the alarm levels"),
    event.verdict === "no_level" || levels.length === 0 ? h("p", null, verdictBadge("no_level"), " No alarm level applies to this event. ", h("a", { href: "?view=levels", "data-route": true }, "Alarm levels")) : [row("ground"), row("air")]);
}
