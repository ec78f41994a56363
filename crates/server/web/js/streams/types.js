// @ts-check
/**
 * What the server answers about streams.
 *
 * @typedef {{ index: number, name: string | null, frequency_mhz: number | null }} ChannelName
 * @typedef {{ before_frames: [number, number], missing: number }} FrameGap
 * @typedef {{
 *   start_s: number | null, start_utc: string | null, seconds: number | null, rate_hz: number | null, basis: string | null
 * }} Time Seconds from the first frame of the section to the first that is shown, its moment, and how long those that are shown took.
 * @typedef {{
 *   event: import("../types.js").EventRow, frames: number, missing_frames: number, gap_places: number, errored_frames: number, bytes: number,
 *   pieces: number, rate_hz: number | null, time_basis: string,
 *   sections: { first: number, end: number, channels: number }[], channels: ChannelName[], gaps: FrameGap[],
 *   metadata_frames: number[]
 * }} StreamFacts
 * @typedef {{
 *   complete: boolean, frames: number, frames_read: number, complete_until: number | null,
 *   reading: { done: number, total: number, failure: string | null } | null
 * }} Standing Whether every frame was read for a picture; where not, peaks may be missing.
 * @typedef {{
 *   section: number, first: number, end: number, standing: Standing, rows: number, columns: number, row_channels: [number, number][],
 *   column_frames: ([number, number] | null)[], gaps_shortened: boolean, cells: (number | null)[], time: Time
 * }} Overview
 * @typedef {ChannelName & { samples?: number[], pairs?: ([number, number] | null)[] }} StreamChannel
 * @typedef {{
 *   section: number, first: number, end: number, rate_hz: number | null, radians_per_count: number, time: Time,
 *   gaps: FrameGap[], standing?: Standing, columns?: ([number, number] | null)[], places?: number[], places_in_all?: number,
 *   channels: StreamChannel[]
 * }} StreamSamples
 * @typedef {{
 *   first: number, end: number, unit: string, density_unit: string, radians_per_count: number, rate_hz: number | null,
 *   stretch: [number, number], restriction: string | null, segment: number, segments: number, resolution_hz: number | null,
 *   no_density: string | null, channels: (ChannelName & { mean: number | null, rms: number | null, density: number[] | null })[]
 * }} Densities
 * @typedef {{
 *   axis: import("./frame_axis.js").FrameAxis, across: import("./across.js").Across, values: import("./values.js").Values,
 *   facts: StreamFacts, left: number
 * }} Sheet What pictures are drawn with: what lies where, in which unit, and the width left of them.
 */
export {};
