// @ts-check
/**
 * What the server answers, as far as the page reads it. `docs/api.md` has it in full.
 *
 * @typedef {{
 *   id: number, serial: string, filename: string, kind: string, timestamp: string | null,
 *   sample_rate_hz: number | null, record_time_s: number | null,
 *   tran_in_s: number | null, vert_in_s: number | null, long_in_s: number | null,
 *   ppv_in_s: number | null, pvs_in_s: number | null, mic_psi: number | null, mic_db_l: number | null,
 *   flags: Record<string, string>, project: string | null, client: string | null, operator: string | null,
 *   location: string | null, notes: string | null, false_trigger: boolean, reviewer: string | null,
 *   reviewed_at: string | null, review_notes: string | null, has_report: boolean, assumed: string[],
 *   missing_samples: number, damaged: boolean, sha256: string | null, filesize: number | null,
 *   tool_version: string | null, captured_at: string | null, source_kind: string | null,
 *   mic_db_a: number | null, mic_db_c: number | null, readings: Record<string, Reading>, contradicted: boolean,
 *   corrected: string[], verdict: string | null, margin_percent: number | null,
 *   judged: { ground?: LevelVerdict, air?: LevelVerdict },
 *   charge_kg: number | null, distance_m: number | null, scaled_distance_m_kg05: number | null, blast: BlastFacts
 * }} EventRow
 * @typedef {Reading & { from: "corrected" | "report" }} BlastValue
 * @typedef {{
 *   charge?: BlastValue, distance?: BlastValue, replaced_charge?: Reading, replaced_distance?: Reading,
 *   stated_scaled_distance?: number, not_used?: string[]
 * }} BlastFacts
 * @typedef {{
 *   level: number, curve: string, outcome: string, subject: string, value?: Reading, frequency?: string,
 *   frequency_hz?: number, limit?: Reading, margin_percent?: number | null, reason: string
 * }} LevelVerdict
 * @typedef {{ curve: string, own?: string, distance_ft?: number, warning_percent: number }} Limit
 * @typedef {{
 *   entry: number, at: string, who: string, for: { project?: string, location?: string, serial?: string },
 *   from?: string | null, hours?: string | null, ground?: Limit | null, air?: Limit | null,
 *   ends?: ("ground" | "air")[], reason?: string | null, in_force: boolean
 * }} Level
 *
 * @typedef {{ total: number, limit: number, offset: number, events: EventRow[] }} EventPage
 * @typedef {{ value: number, unit: string, flag?: string, decimals?: number }} Reading
 * @typedef {{ flag: string, hz?: number, decimals?: number }} Frequency
 */

/**
 * @template T
 * @typedef {{ value: T | null, origin: "stated" | "computed" | null, computed?: T, stated?: T }} Measured
 */

/**
 * @typedef {{
 *   name: string, sensor: string, samples: number, missing_samples: number, samples_at_limit: number,
 *   peak: Measured<Reading>, peak_psi?: Measured<Reading>, peak_pa?: Measured<Reading>,
 *   peak_index: number | null, time_of_peak_s: Measured<number>, peak_at?: Measured<string>,
 *   zc_frequency: Measured<Frequency>, half_wave: { from_s: number, to_s: number } | null,
 *   peak_acceleration: Measured<Reading>, peak_displacement: Measured<Reading>,
 *   largest_levels?: { max?: Reading, l10?: Reading, l90?: Reading }
 * }} ChannelMeasurements
 *
 * @typedef {{
 *   kind: string, channels: ChannelMeasurements[], peak_vector_sum: Measured<Reading>,
 *   peak_vector_sum_time_s: Measured<number>, peak_vector_sum_at: string | null,
 *   vector_sum_upper_bound?: { upper_bound: Reading, interval: number, at?: string },
 *   range_assumed: boolean, rate_assumed: boolean,
 *   contradictions?: { quantity: string, subject: string, stated: string, computed: string }[]
 * }} Measurements
 *
 * @typedef {{ kind: string, code: string, message: string, channel?: string }} Note
 * @typedef {Record<string, any>} Sidecar
 * @typedef {{
 *   event: EventRow, sidecar: Sidecar, measurements: Measurements | null, notes: Note[],
 *   not_decoded: string | null, curves_hint: string[]
 * }} EventDetail
 *
 * @typedef {{ first: number, count: number }} Gap
 * @typedef {{
 *   unit: string, sensor: string, samples?: (number | null)[], pairs?: ([number, number] | null)[],
 *   frequencies_hz?: (number | null)[],
 *   peak: { value: number | null, unit: string, t: number | null, index: number | null, flags: string[], reading: Reading | null }
 * }} PlotChannel
 * @typedef {{
 *   record_type: string, quantity?: string, serial: string | null, filename: string | null, timestamp_local: string | null,
 *   time_axis: {
 *     t0: number | null, dt: number | null, n: number, rate_hz?: number, rate_assumed?: boolean,
 *     histogram_aggregated?: boolean, interval_size_s?: number | null, interval_times?: (string | null)[] | null
 *   },
 *   channels: Record<string, PlotChannel>, gaps: Record<string, Gap[]>, assumed: string[], damaged: boolean
 * }} PlotDocument
 *
 * @typedef {{
 *   id: string, name: string, unit: string, judges: string, source: string, standing: string,
 *   remarks: string[], points: [number, number][], rule: Record<string, any>
 * }} Curve
 * @typedef {{
 *   curve: string, curve_name: string, standing: string, subject: string, value: Reading | null,
 *   frequency: Frequency | null, limit: Reading | null, margin_percent: number | null,
 *   outcome: "within" | "exceeds" | "no_verdict", reason: string, judges: string, remarks: string[]
 * }} Verdict
 *
 * @typedef {{ nominal_hz: number, mid_hz: number, from_hz: number, to_hz: number, rms: number, level_db?: number }} ThirdOctave
 * @typedef {{
 *   unit: string, frequencies_hz: number[], amplitudes: number[], resolution_hz: number | null, dominant_hz: number | null,
 *   dominant_amplitude: number | null, restriction: string | null, flag: string | null,
 *   third_octaves: { bands: ThirdOctave[], below_rms: number | null, above_rms: number | null, restriction: string | null }
 * }} ChannelSpectrum
 * @typedef {{
 *   rate_hz: number, rate_assumed: boolean, window: string, coherent_gain: number, channels: Record<string, ChannelSpectrum>
 * }} Spectrum
 *
 * @typedef {{
 *   number: number, event_id: number, at: string, who: string, undoes?: number,
 *   before: Record<string, any>, after: Record<string, any>
 * }} ReviewEntry
 *
 * @typedef {{
 *   entry: number, at: string, who: string, from?: string, action: string, leaf: string, reason?: unknown
 * }} LedgerEntry
 * @typedef {{ archive: string, size: number, root: string, time: string }} LedgerHead
 *
 * @typedef {{ serial: string, events: number, streams: number, false_triggers: number, unreviewed: number, last: string | null }} UnitSummary
 * @typedef {{ location: string | null, events: number }} LocationSummary
 * @typedef {{ project: string | null, events: number, false_triggers: number }} ProjectSummary
 */

export {};
