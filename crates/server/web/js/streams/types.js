// @ts-check
/**
 * What the server answers about streams.
 *
 * @typedef {{ index: number, name: string | null }} ChannelName
 * @typedef {{ before_frames: [number, number], missing: number }} FrameGap
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
 *   column_frames: ([number, number] | null)[], gaps_shortened: boolean, cells: (number | null)[]
 * }} Overview
 * @typedef {ChannelName & { samples?: number[], pairs?: ([number, number] | null)[] }} StreamChannel
 * @typedef {{
 *   section: number, first: number, end: number, rate_hz: number | null, radians_per_count: number,
 *   gaps: FrameGap[], standing?: Standing, columns?: ([number, number] | null)[], channels: StreamChannel[]
 * }} StreamSamples
 */
export {};
