// @ts-check
/** Days of a calendar as whole numbers, and what a day says in words. */

import { countText } from "../units.js";

/** @typedef {import("./types.js").TrendDay} TrendDay */

const DAY_MS = 86_400_000;
export const DAY_S = 86_400;

/** Days since 1970: a day of a unit's clock has no zone. @param {string} day */
export const dayNumber = (day) => Math.round(Date.parse(`${day.slice(0, 10)}T00:00:00Z`) / DAY_MS);

/** @param {number} number */
export const dayText = (number) => new Date(number * DAY_MS).toISOString().slice(0, 10);

/** @param {number} count @param {string} one @param {string} [many] */
export const counted = (count, one, many = `${one}s`) => `${countText(count)} ${count === 1 ? one : many}`;

/** How much of a day it is known that a unit monitored. @param {number} seconds */
export function monitoredText(seconds) {
  if (seconds <= 0) return "not known";
  const minutes = Math.round(seconds / 60);
  return minutes >= 1440 ? "all day" : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** The worst outcome of a day for the ground or the air, by the word of a verdict. @param {TrendDay} day @param {"ground" | "air"} part */
export function worst(day, part) {
  const { exceeds, warns, no_verdict: none } = day[part];
  return exceeds ? "exceeds" : warns ? "warns" : none ? "no_verdict" : null;
}

/** What the levels say of a day. @param {TrendDay} day @param {"ground" | "air"} part */
export function outcomeText(day, part) {
  const { exceeds, warns, no_verdict: none } = day[part];
  const parts = [exceeds && `${countText(exceeds)} ${exceeds === 1 ? "exceeds" : "exceed"}`, warns && `${countText(warns)} ${warns === 1 ? "warns" : "warn"}`, none && `${countText(none)} without verdict`];
  return parts.filter(Boolean).join(", ");
}

/** @param {TrendDay} day */
export const eventsText = (day) => `${counted(day.events, "event")}${day.false_triggers ? `, ${counted(day.false_triggers, "false trigger")}` : ""}`;

/** Days at which a line of an axis stands: at most so many. @param {number} first @param {number} last @param {number} most */
export function dayTicks(first, last, most) {
  const step = [1, 2, 7, 14, 28, 91, 182, 365, 1826, 3652].find((step) => (last - first + 1) / step <= most) ?? 36_525;
  const ticks = [];
  for (let day = first; day <= last; day += step) ticks.push(day);
  return ticks;
}
