// @ts-check
/**
 * What the server answers about locations, plans and units, as far as the page reads it.
 *
 * @typedef {import("../types.js").Reading} Reading
 * @typedef {{ reading: Reading, event: number }} DayPeak
 * @typedef {{ exceeds: number, warns: number, no_verdict: number }} DayOutcomes
 * @typedef {"ppv" | "tran" | "vert" | "long" | "pvs" | "pspl"} Peak
 * @typedef {Record<Peak, DayPeak | null> & {
 *   day: string, events: number, false_triggers: number, ground: DayOutcomes, air: DayOutcomes,
 *   weighted_levels: number, monitored_s: number
 * }} TrendDay
 * @typedef {{
 *   quantity: "ground" | "air", entry: number, at: string, who: string, starts: string | null, stops: string | null,
 *   for: { project?: string, location?: string, serial?: string }, hours?: string | null, reason?: string | null,
 *   name: string, lowest: Reading | null, highest: Reading | null
 * }} LevelSpan
 * @typedef {{
 *   from: string | null, to: string | null, days: TrendDay[], events: number, false_triggers: number,
 *   without_time: number, units: string[], levels: LevelSpan[], unread_log_rows: number, monitored_from: string | null
 * }} Trend
 *
 * @typedef {{
 *   location: string | null, events: number, last: string | null, false_triggers: number, exceeds: number, warns: number,
 *   last_event: number | null, last_verdict: string | null, last_ppv: Reading | null
 * }} LocationSummary
 *
 * @typedef {{ sha256: string, media_type: string, width: number, height: number, bytes: number, name?: string }} PlanPicture
 * @typedef {{ location: string, x: number, y: number, on_this_picture: boolean, entry: number, at: string, who: string }} Placement
 * @typedef {{ project: string | null, picture: PlanPicture, entry: number, at: string, who: string, places: Placement[] }} Plan
 * @typedef {{ entry: number, at: string, who: string, project: string | null, undoes?: number, location?: string, place?: [number, number] | null, picture: PlanPicture | string | null }} PlanChange
 * @typedef {{ plans: Plan[], history: PlanChange[], not_understood: number[] }} Plans
 *
 * @typedef {{ text: string, event: number, at: string | null }} Reported
 * @typedef {{
 *   serial: string, events: number, streams: number, false_triggers: number, unreviewed: number, first: string | null,
 *   last: string | null, last_captured_at: string | null, largest_ppv: Reading | null, largest_event: number | null
 * }} UnitSummary
 * @typedef {UnitSummary & {
 *   last_event: number | null, last_log: { event_id: number, start: string, stop: string, text: string } | null,
 *   battery: (Reported & { volts: number | null }) | null,
 *   calibration: (Reported & { date: string | null, due: string | null, due_in_days: number | null, months: number }) | null,
 *   memory: Reported | null,
 *   firmware: { text: string, first_event: number, first: string | null, last_event: number, last: string | null, reports: number }[],
 *   reports_read: number, reports: number, locations: LocationSummary[],
 *   faults: { events: number, false_triggers: number, saturated: number, damaged: number },
 *   moves: { entry: number, at: string, who: string, event: number, from: string, to: string, reason: string | null }[],
 *   from: string, to: string, days: TrendDay[], uptime: { days: number, monitored_s: number, share: number }[], unread_log_rows: number
 * }} UnitFacts
 */

export {};
