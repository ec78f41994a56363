// @ts-check
/** Events of many times, made of one sample with its report: each has its own name, footer and report. */

import { readFileSync } from "node:fs";
import { sample } from "./archive.js";

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/** @param {number} number @param {number} digits */
function base36(number, digits) {
  let text = "";
  for (let left = number; text.length < digits; left = Math.floor(left / 36)) text = DIGITS[left % 36] + text;
  return text;
}

/** The name of a waveform of unit 11529 at a time: whole seconds since 1985, in base 36. @param {Date} at Read as UTC, meant as unit-local. */
export function nameAt(at) {
  const seconds = Math.round((at.getTime() - Date.UTC(1985, 0, 1)) / 1000);
  return `M529${base36(Math.floor(seconds / 1296), 4)}.${base36(seconds % 1296, 2)}0W`;
}

/** A blast as the unit calls it home, with its report. @param {Date} at @param {string} location @returns {[string, Uint8Array][]} */
export function blastAt(at, location) {
  const bytes = Uint8Array.from(readFileSync(sample("M529LMOK.DK0W")));
  const time = (/** @type {number} */ offset, /** @type {Date} */ of) => bytes.set([of.getUTCDate(), of.getUTCMonth() + 1, of.getUTCFullYear() >> 8, of.getUTCFullYear() & 255, 0, of.getUTCHours(), of.getUTCMinutes(), of.getUTCSeconds()], offset);
  time(bytes.length - 24, at);
  time(bytes.length - 16, new Date(at.getTime() + 3000));
  const clock = at.toISOString().slice(11, 19);
  const report = readFileSync(sample("M529LMOK_DK0W_ASCII.TXT"), "latin1")
    .replace("June 12, 2026", `${MONTHS[at.getUTCMonth()]} ${at.getUTCDate()}, ${at.getUTCFullYear()}`)
    .replace("14:03:20", clock).replace("Garden wall, 12 Mill Lane", location);
  const name = nameAt(at);
  return [[name, bytes], [`${name.replace(".", "_")}_ASCII.TXT`, Buffer.from(report, "latin1")]];
}
