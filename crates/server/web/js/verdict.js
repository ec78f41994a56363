// @ts-check
/** What the alarm levels say of an event: a sign, a word, the margin. The sign and the word say all that the colour says. */

import { h } from "./dom.js";
import { countText, fixed } from "./units.js";

/** @typedef {import("./types.js").EventRow} EventRow */
/** @typedef {import("./types.js").LevelVerdict} LevelVerdict */

/** Sign and word of each verdict. @type {Record<string, [string, string]>} */
export const VERDICTS = {
  exceeds: ["▲", "exceeds"], warns: ["◆", "warns"], no_verdict: ["?", "no verdict"], within: ["✓", "within"], no_level: ["–", "no level"],
};

/** The part that decides, ground or air. @param {EventRow} row @returns {["ground" | "air", LevelVerdict] | null} */
export function deciding(row) {
  const parts = /** @type {const} */ (["ground", "air"]).flatMap((part) => {
    const verdict = row.judged[part];
    return verdict && verdict.outcome === row.verdict ? [/** @type {["ground" | "air", LevelVerdict]} */ ([part, verdict])] : [];
  });
  return parts.find(([, verdict]) => verdict.margin_percent === row.margin_percent) ?? parts[0] ?? null;
}

/** A level in dB has a distance in dB, everything else one in per cent of the limit. @param {LevelVerdict} verdict */
function distance({ value, limit, margin_percent: margin }) {
  if (value && limit && value.unit === limit.unit && value.unit.startsWith("dB")) return { over: value.value - limit.value, unit: "dB", decimals: 1 };
  return margin === null || margin === undefined ? null : { over: -margin, unit: "%", decimals: Math.abs(margin) < 9.95 ? 1 : 0 };
}

/** @param {LevelVerdict} verdict @returns {string} `98 % above the limit` */
export function marginWords(verdict) {
  const margin = distance(verdict);
  if (!margin) return "";
  const size = Math.abs(margin.over);
  return `${size < 1000 ? fixed(size, margin.decimals) : countText(Math.round(size))} ${margin.unit} ${margin.over > 0 ? "above" : "below"} the limit`;
}

/** `+98 %`; without a verdict there is no margin. @param {LevelVerdict} verdict */
function shortMargin(verdict) {
  const margin = verdict.outcome === "no_verdict" ? null : distance(verdict);
  if (!margin) return "";
  const size = Math.abs(margin.over);
  return `${margin.over > 0 ? "+" : "−"}${size < 1000 ? fixed(size, margin.decimals) : countText(Math.round(size))} ${margin.unit}`;
}

/** @param {string} outcome */
export function verdictBadge(outcome) {
  const [sign, word] = VERDICTS[outcome] ?? ["", outcome];
  return h("span", { class: `verdict-badge ${outcome}` }, h("span", { "aria-hidden": "true" }, sign), ` ${word}`);
}

/** The verdict in a list. @param {EventRow} row */
export function verdictCell(row) {
  if (row.kind === "stream") return "";
  // Not judged yet, or no level was ever set.
  if (!row.verdict) return "";
  if (row.verdict === "no_level") return h("span", { class: "soft", title: "No alarm level applies to this event" }, "no level");
  const [part, verdict] = deciding(row) ?? [];
  return [verdictBadge(row.verdict), verdict && h("span", { class: "margin", title: verdict.reason }, shortMargin(verdict), part === "air" ? h("span", { class: "soft of-air" }, " air") : "")];
}

/** The frequency at which the ground was judged; the air is judged by its peak alone. @param {EventRow} row */
export const frequencyCell = (row) => {
  const ground = row.judged.ground;
  return ground?.frequency ? h("span", { title: `${ground.subject}, which decides for the ground` }, ground.frequency.replace(/ Hz$/, "")) : "";
};
