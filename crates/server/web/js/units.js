// @ts-check
/** Conversions, and how numbers are written. The server sends in/s, psi and dB(L). */

import { pref } from "./prefs.js";

export const MM_PER_INCH = 25.4;
export const PA_PER_PSI = 6894.757293168;
/** 20 µPa, to which dB(L) refer. */
const REFERENCE_PA = 20e-6;

/** Stands where there is no value. */
export const NONE = "–";

/** @param {number} psi */
export const decibels = (psi) => 20 * Math.log10((Math.abs(psi) * PA_PER_PSI) / REFERENCE_PA);

/** @param {number} inPerS Velocity in the reader's unit. */
export const velocity = (inPerS) => (pref("velocity") === "mm/s" ? inPerS * MM_PER_INCH : inPerS);

/** @param {number} shown Back to in/s. */
export const inPerSecond = (shown) => (pref("velocity") === "mm/s" ? shown / MM_PER_INCH : shown);

export const velocityUnit = () => pref("velocity");
export const lengthUnit = () => (pref("velocity") === "mm/s" ? "mm" : "in");

/** The unit of a pressure trace: a level has no sign, so dB(L) are drawn as psi or Pa. */
export const traceUnit = () => {
  const unit = pref("pressure");
  if (unit !== "dB(L)") return unit;
  return pref("velocity") === "mm/s" ? "Pa" : "psi";
};

/** @param {number} psi Pressure in the unit of traces. */
export const tracePressure = (psi) => (traceUnit() === "Pa" ? psi * PA_PER_PSI : psi);

/** Numbers with a true minus. @param {number} value @param {number} decimals */
export function fixed(value, decimals) {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** @typedef {import("./types.js").Reading} Reading */

/** Decimals where nothing says how many: as the instruments print. @type {Record<string, number>} */
const USUAL = { "in/s": 3, "mm/s": 2, g: 3, in: 5, mm: 4, Pa: 2, psi: 6, "dB(L)": 2, "dB(A)": 2, "dB(C)": 2, Hz: 0, s: 3, count: 0 };
/** What one of a unit is of the other ones that measure the same. @type {Record<string, Record<string, number>>} */
const FACTORS = {
  "in/s": { "mm/s": MM_PER_INCH }, "mm/s": { "in/s": 1 / MM_PER_INCH },
  in: { mm: MM_PER_INCH }, mm: { in: 1 / MM_PER_INCH },
  psi: { Pa: PA_PER_PSI }, Pa: { psi: 1 / PA_PER_PSI },
};
/** The sign in front of a number: a bound is never shown as a plain number. @type {Record<string, string>} */
const SIGNS = { saturated: "≥", incomplete: "≥", above_range: ">", below_range: "<", impossible: "?" };
/** What the sign says. @type {Record<string, string>} */
const SIGN_WORDS = {
  saturated: "saturated: the true value is at least this", incomplete: "samples are missing: the true value may be larger",
  above_range: "above the range: the true value is larger", below_range: "below the range: the true value is smaller",
  impossible: "more than the instrument can give: the data is damaged",
};

/** @param {{ flag?: string } | null | undefined} reading */
export const signOf = (reading) => SIGNS[reading?.flag ?? ""] ?? "";
/** @param {{ flag?: string } | null | undefined} reading */
export const signWords = (reading) => SIGN_WORDS[reading?.flag ?? ""] ?? "";

/** The power of ten of the first digit. @param {number} value */
const magnitude = (value) => (value === 0 ? 0 : Number(Math.abs(value).toExponential().split("e")[1]));

/**
 * A reading in another unit, with at least as many significant digits and steps that are about as
 * fine; itself where the unit measures something else.
 * @param {Reading} reading @param {string} unit @returns {Reading}
 */
export function converted(reading, unit) {
  const factor = FACTORS[reading.unit]?.[unit];
  if (factor === undefined) return reading;
  const value = reading.value * factor;
  if (reading.decimals === undefined) return { ...reading, value, unit };
  const asFine = reading.decimals - Math.round(Math.log10(factor));
  const significant = reading.decimals + 1 + magnitude(reading.value);
  const decimals = value === 0 ? asFine : Math.max(asFine, significant - 1 - magnitude(value));
  return { ...reading, value, unit, decimals: Math.min(Math.max(decimals, 0), 15) };
}

/** The digits of a reading in a unit, with its sign in front. @param {Reading | null | undefined} reading @param {string} unit */
export function digits(reading, unit) {
  if (!reading) return NONE;
  const shown = converted(reading, unit);
  return signOf(shown) + fixed(shown.value, shown.decimals ?? USUAL[shown.unit] ?? 3);
}

/** A reading with its unit: in `unit` where it measures the same. @param {Reading | null | undefined} reading @param {string} unit */
export const readingText = (reading, unit) => (reading ? `${digits(reading, unit)} ${converted(reading, unit).unit}` : NONE);

/**
 * The microphone in the reader's unit. A level is shown as it is stated: a weighted one never becomes
 * a pressure or an unweighted level.
 * @param {Reading | null | undefined} level @param {Reading | null | undefined} psi
 */
export function microphoneReading(level, psi) {
  if (!level || pref("pressure") === "dB(L)" || !psi) return level ?? null;
  return converted(psi, pref("pressure"));
}

/** @param {number | null | undefined} inPerS */
export function velocityText(inPerS) {
  if (inPerS === null || inPerS === undefined) return NONE;
  return pref("velocity") === "mm/s" ? fixed(inPerS * MM_PER_INCH, 2) : fixed(inPerS, 3);
}

/**
 * A sentence of the server with its velocities and lengths in the reader's units.
 * @param {string} sentence
 * @param {(import("./types.js").Reading | null)[]} [known] The values in it, with all digits.
 */
export const inUnits = (sentence, known = []) => sentence.replace(/(\d+(?:\.(\d+))?) (in\/s|mm\/s|in|mm)(?![\w/])/g, (words, number, decimals, unit) => {
  // "3 in" may be a number before a word.
  if (unit === velocityUnit() || unit === lengthUnit() || (unit === "in" && !decimals)) return words;
  if (!unit.endsWith("/s")) return `${Number((unit === "in" ? Number(number) * MM_PER_INCH : Number(number) / MM_PER_INCH).toPrecision(3))} ${lengthUnit()}`;
  const whole = known.find((reading) => reading !== null && reading.unit === unit && reading.value.toFixed((decimals ?? "").length) === number)?.value ?? Number(number);
  return readingText({ value: whole, unit, decimals: (decimals ?? "").length }, velocityUnit());
});

/** @param {number | null | undefined} psi @param {number | null | undefined} [dB] as stated, where it is */
export function pressureText(psi, dB) {
  const unit = pref("pressure");
  if (unit === "dB(L)") {
    if (dB !== null && dB !== undefined) return fixed(dB, 1);
    return psi ? fixed(decibels(psi), 1) : NONE;
  }
  if (psi === null || psi === undefined) return NONE;
  return unit === "Pa" ? fixed(psi * PA_PER_PSI, 2) : fixed(psi, 5);
}

/**
 * A value of a trace with its unit; in/s, psi or another unit.
 * @param {number | null} value in/s or psi @param {string} unit as sent
 */
export function sampleText(value, unit) {
  if (value === null || Number.isNaN(value)) return "missing";
  if (unit === "in/s") return `${velocityText(value)} ${velocityUnit()}`;
  if (unit !== "psi") return ["g", "in", "mm"].includes(unit) ? readingText({ value, unit }, shownUnit(unit)) : `${fixed(value, 4)} ${unit}`;
  if (pref("pressure") === "dB(L)") return value === 0 ? `0 ${traceUnit()}` : `${fixed(decibels(value), 1)} dB(L)`;
  return `${pressureText(value)} ${pref("pressure")}`;
}

/** The reader's unit of what a trace is sent in. @param {string} unit */
export const shownUnit = (unit) => unit === "in/s" ? velocityUnit() : unit === "psi" ? traceUnit() : unit === "in" || unit === "mm" ? lengthUnit() : unit;

/** A value of a trace in the reader's unit. @param {number} value @param {string} unit as sent */
export const shownValue = (value, unit) => value * (FACTORS[unit]?.[shownUnit(unit)] ?? 1);

/** @param {import("./types.js").Reading | null | undefined} reading inches as the reader's unit */
export const lengthText = (reading) => digits(reading, lengthUnit());

/** @param {import("./types.js").Frequency | null | undefined} frequency */
export function frequencyText(frequency) {
  if (!frequency) return NONE;
  if (frequency.hz === undefined || frequency.hz === null) return "N/A";
  const isBound = frequency.flag === "above_range" || frequency.flag === "below_range";
  return signOf(frequency) + fixed(frequency.hz, frequency.decimals ?? (isBound || frequency.hz >= 9.95 ? 0 : 1));
}

/** Seconds with three decimals, and a report's with as many as it prints. @param {number} seconds */
export function secondsText(seconds) {
  const decimals = (String(seconds).split(".")[1] ?? "").length;
  return fixed(seconds, decimals <= 5 ? Math.max(decimals, 3) : 3);
}

/** @param {number} n */
export const countText = (n) => n.toLocaleString("en-GB").replace(/,/g, "\u202f").replace("-", "−");

/** @param {number} bytes */
export function bytesText(bytes) {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let step = 0;
  while (bytes >= 1024 && step < units.length - 1) {
    bytes /= 1024;
    step += 1;
  }
  return `${step === 0 ? bytes : bytes.toFixed(1)} ${units[step]}`;
}

/** @param {number} seconds */
export function durationText(seconds) {
  if (seconds < 120) return `${Number(seconds.toFixed(3))} s`;
  const minutes = Math.floor(seconds / 60);
  const rest = Number((seconds - minutes * 60).toFixed(2));
  const parts = [[Math.floor(minutes / 60), "h"], [minutes % 60, "min"], [rest, "s"]];
  return parts.filter(([n]) => n).map(([n, unit]) => `${n} ${unit}`).join(" ");
}

/** Unit-local time as it stands: no zone is ever added. @param {string | null | undefined} local */
export const localText = (local) => (local ? local.replace("T", " ") : "no time");

/** @param {string | null | undefined} utc */
export const utcText = (utc) => (utc ? `${utc.replace("T", " ").replace(/\.\d+/, "").replace(/Z$/, "")} UTC` : NONE);

/** Axis half-height: at least `floor`, a round number above `peak`. @param {number} peak @param {number} floor */
export function niceHalf(peak, floor) {
  const need = Math.max(peak * 1.05, floor);
  const power = 10 ** Math.floor(Math.log10(need));
  const step = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((step) => step * power >= need * 0.999999) ?? 10;
  return step * power;
}
