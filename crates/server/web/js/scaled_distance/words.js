// @ts-check
/** The words and numbers of the view of scaled distances. */

/**
 * @typedef {import("../types.js").BlastFacts} BlastFacts
 * @typedef {{ points: number, k: number, k95: number, beta: number, beta_standard_error: number, standard_error: number, r_squared: number, t95: number, least_scaled_distance: number, most_scaled_distance: number }} Law
 * @typedef {{ line: string, distance: number, charge: number, scaled_distance: number, peak: number, extrapolated: boolean }} Forecast
 * @typedef {{
 *   id: number, serial: string, timestamp: string | null, location: string | null, charge: number | null, distance: number | null,
 *   scaled_distance: number | null, peak: import("../types.js").Reading | null, blast: BlastFacts, left_out: string | null
 * }} BlastEvent
 * @typedef {{
 *   medium: string, units: { distance: string, charge: string, scaled_distance: string, peak: string }, law: Law | null, no_law: string | null,
 *   counted: number, left_out: Record<string, number>, total: number, forecasts: Forecast[], events: BlastEvent[]
 * }} Answer
 */

/** Why an event does not count. @type {Record<string, string>} */
export const REASONS = {
  false_trigger: "false trigger", not_a_waveform: "not a waveform", no_charge: "no charge", no_distance: "no distance", no_peak: "no peak",
  assumed_range: "geophone range is assumed", contradicted: "report contradicts samples", lower_bound: "peak is a lower bound", upper_bound: "peak below the range", impossible: "impossible peak",
};

/** Names of the lines. @type {Record<string, string>} */
export const LINES = { mean: "Mean", k95: "K95", prediction95: "95 % prediction" };

/** Three significant digits. @param {number | null | undefined} value */
export function figures(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const magnitude = value === 0 ? 2 : Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.min(Math.max(2 - magnitude, 0), 9));
}
