// @ts-check
/** Alarm levels in words. */

import { fixed, localText } from "../units.js";

/** @typedef {import("../types.js").Level} Level */
/** @typedef {import("../types.js").Limit} Limit */
/** @typedef {import("../types.js").Curve} Curve */

/** @param {Level["for"]} place */
export function placeWords(place) {
  const parts = [place.location && `location “${place.location}”`, place.project && `project “${place.project}”`, place.serial && `unit ${place.serial}`].filter(Boolean);
  return parts.length ? parts.join(", ") : "the whole archive";
}

/** The limit of a file of one air overpressure, as the program writes it. @param {Limit} limit */
export const airLevel = (limit) => (/^air-([\d.]+)$/.exec(limit.curve)?.[1] ?? null);

/** @param {Limit | null | undefined} limit @param {Curve[]} curves */
export function limitWords(limit, curves) {
  if (!limit) return "";
  const level = limit.own ? airLevel(limit) : null;
  const name = level ? `${level} dB(L)` : curves.find((curve) => !limit.own && curve.id === limit.curve)?.name ?? `${limit.curve} (own file)`;
  const distance = limit.distance_ft ? `, ${limit.distance_ft} ft from the blast` : "";
  return `${name}${distance}, warns from ${fixed(limit.warning_percent, Number.isInteger(limit.warning_percent) ? 0 : 1)} %`;
}

/** Since when, at which hours. @param {Level} level */
export const timeWords = (level) => [level.from ? `from ${localText(level.from).replace(/ 00:00:00$/, "")}` : "always", level.hours && `${level.hours} unit-local`].filter(Boolean).join(", ");

/** By whom, when, why. @param {Level} level */
export const setWords = (level) => `set by ${level.who} on ${level.at.slice(0, 10)}${level.reason ? `: ${level.reason}` : ""}`;
