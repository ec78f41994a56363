// @ts-check
/** What of the ground's motion the traces show, and the words for it. */

import { ask, get, queryString } from "../api.js";
import { digits, frequencyText, lengthUnit, localText, microphoneReading, readingText, secondsText, shownUnit, signOf, velocityUnit } from "../units.js";

/** @typedef {import("../types.js").PlotDocument} PlotDocument */
/** @typedef {import("../types.js").ChannelMeasurements} ChannelMeasurements */
/** @typedef {{ plot: PlotDocument, values: Map<string, Float64Array> }} Shown An event's traces of one quantity; missing samples are NaN. */

/** @type {[string, string][]} */
export const QUANTITIES = [["velocity", "Velocity"], ["acceleration", "Acceleration"], ["displacement", "Displacement"], ["vector_sum", "Vector sum"]];

/** More points than this are fetched as plain numbers. */
const FIRST_POINTS = 20000;

/** As the server is asked: the velocity needs no word. @param {string} quantity */
const asked = (quantity) => (quantity === "velocity" ? undefined : quantity);

/** @param {number} id @param {string} quantity @param {AbortSignal} signal @returns {Promise<PlotDocument>} */
export const plotOf = (id, quantity, signal) => get(`/events/${id}/plot${queryString({ points: FIRST_POINTS, quantity: asked(quantity) })}`, signal);

/** @param {number} id @param {PlotDocument} plot @param {AbortSignal} signal @returns {Promise<Shown>} */
export async function withValues(id, plot, signal) {
  const names = Object.keys(plot.channels);
  /** @type {Map<string, Float64Array>} */
  const values = new Map();
  if (!names.some((name) => plot.channels[name]?.pairs)) {
    for (const name of names) values.set(name, Float64Array.from(plot.channels[name]?.samples ?? [], (value) => value ?? NaN));
    return { plot, values };
  }
  const response = await ask(`/events/${id}/samples${queryString({ quantity: plot.quantity })}`, { signal, headers: { accept: "application/octet-stream" } });
  const all = new Float64Array(await response.arrayBuffer());
  const columns = all.length / names.length;
  names.forEach((name, row) => values.set(name, all.subarray(row * columns, (row + 1) * columns)));
  return { plot, values };
}

/** A peak that the report may state: its number, and what is wrong with it. @param {import("../types.js").Reading} peak @param {string} unit */
const flagged = (peak, unit) => `${readingText(peak, unit)}${peak.flag ? ` (${peak.flag.replaceAll("_", " ")})` : ""}`;

/** The digits of a peak without the sign of its flag. @param {import("../types.js").Reading} peak @param {string} unit */
const unsigned = (peak, unit) => digits(peak, unit).slice(signOf(peak).length);

/** @param {number | null | undefined} seconds */
const at = (seconds) => (seconds === null || seconds === undefined ? "" : ` at ${secondsText(seconds)} s`);

/**
 * The peak of a trace in words.
 * @param {Shown} shown @param {string} name @param {import("../types.js").Measurements | null} measurements
 */
export function peakWords({ plot }, name, measurements) {
  const measured = measurements?.channels.find((other) => other.name === name);
  const trace = plot.channels[name]?.peak;
  if (!plot.quantity) return recordedPeak(measured);
  if (!trace?.reading) return "no peak";
  const largest = `${flagged(trace.reading, shownUnit(trace.reading.unit))}${at(trace.t)}`;
  if (plot.quantity === "vector_sum") {
    const pvs = measurements?.peak_vector_sum.value;
    return `PVS ${pvs ? `${flagged(pvs, velocityUnit())}${at(measurements?.peak_vector_sum_time_s.value)}` : largest}`;
  }
  const [word, peak, unit] = plot.quantity === "acceleration" ? ["peak acceleration", measured?.peak_acceleration.value, "g"] : ["peak displacement", measured?.peak_displacement.value, lengthUnit()];
  // What the report says and what the trace shows are one number where they read the same.
  if (peak && unsigned(peak, unit) === unsigned(trace.reading, unit)) return `${word} ${largest}`;
  return peak ? `${word} ${flagged(peak, unit)} · largest of the trace ${largest}` : `largest of the trace ${largest}`;
}

/** How a quantity is computed. @param {string | undefined} quantity */
export const aboutQuantity = (quantity) => ({
  acceleration: "Differences of neighbouring samples divided by their time: each value stands between two samples.",
  displacement: "The integral of the velocity over each run without a gap; the mean velocity and the mean displacement of the run are taken off, and no filter is applied. The peak displacement is half of the way between two zero crossings of the velocity, so that the trace can be farther from its middle.",
  vector_sum: "The root of the sum of the squares of the three geophones, sample by sample.",
})[quantity ?? ""] ?? "";

/** @param {ChannelMeasurements | undefined} measured */
function recordedPeak(measured) {
  const peak = measured?.peak.value;
  if (!measured || !peak) return "no peak";
  const time = measured.time_of_peak_s.value;
  const when = time !== null && time !== undefined ? at(time) : measured.peak_at?.value ? ` at ${localText(measured.peak_at.value).slice(11)}` : "";
  const hz = measured.zc_frequency.value ? `, ${frequencyText(measured.zc_frequency.value)} Hz` : "";
  if (measured.sensor === "microphone") {
    const shown = microphoneReading(peak, measured.peak_psi?.value);
    return `PSPL ${shown ? flagged(shown, shown.unit) : ""}${when}${hz}`;
  }
  return `PPV ${flagged(peak, velocityUnit())}${when}${hz}`;
}
