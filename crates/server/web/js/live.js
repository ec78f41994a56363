// @ts-check
/** Changes as they happen (server-sent events). The browser connects again by itself. */

/** @typedef {{ id: number, what: "new" | "changed" }} Change */
/** @typedef {{ session: number, tag: string | null, done: number, total: number }} ImportProgress */
/** @typedef {{ stream: number, section: number, done: number, total: number, complete: boolean, failure: string | null }} ReadingProgress */

/**
 * @typedef {{
 *   id: number, is_open: boolean, opened_at: string | null, ended: string | null, event: number | null,
 *   source: { kind: "run", id: number } | { kind: "emulator", channels: number, rate_hz: number },
 *   variables: { DataFile: string, FrameCount: number, TotalSize: number, RawMode: boolean },
 *   fault: { detail: string } | null
 * }} Recording
 */

/** @type {Set<(change: Change) => void>} */
const changes = new Set();
/** @type {Set<(progress: ImportProgress) => void>} */
const imports = new Set();
/** @type {Set<(progress: ReadingProgress) => void>} */
const readings = new Set();
/** @type {Set<(recording: Recording) => void>} */
const recordings = new Set();
/** @type {Set<(connected: boolean) => void>} */
const states = new Set();

/** @param {(change: Change) => void} listener @returns {() => void} Ends it. */
export function onChange(listener) {
  changes.add(listener);
  return () => changes.delete(listener);
}

/** @param {(progress: ImportProgress) => void} listener @returns {() => void} Ends it. */
export function onImport(listener) {
  imports.add(listener);
  return () => imports.delete(listener);
}

/** How far runs are that are read for their pictures. @param {(progress: ReadingProgress) => void} listener @returns {() => void} Ends it. */
export function onReading(listener) {
  readings.add(listener);
  return () => readings.delete(listener);
}

/** Recordings of the server as they go. @param {(recording: Recording) => void} listener @returns {() => void} Ends it. */
export function onRecording(listener) {
  recordings.add(listener);
  return () => recordings.delete(listener);
}

/** @param {(connected: boolean) => void} listener */
export const onState = (listener) => void states.add(listener);

export function connect() {
  const source = new EventSource("/api/v1/live");
  source.addEventListener("change", (event) => {
    const change = JSON.parse(event.data);
    for (const listener of [...changes]) listener(change);
  });
  // More was missed than is told again: whatever is shown may be old.
  source.addEventListener("reset", () => {
    for (const listener of [...changes]) listener({ id: 0, what: "changed" });
  });
  source.addEventListener("import", (event) => {
    const progress = JSON.parse(event.data);
    for (const listener of [...imports]) listener(progress);
  });
  source.addEventListener("overview", (event) => {
    const progress = JSON.parse(event.data);
    for (const listener of [...readings]) listener(progress);
  });
  source.addEventListener("recording", (event) => {
    const recording = JSON.parse(event.data);
    for (const listener of [...recordings]) listener(recording);
  });
  source.addEventListener("open", () => states.forEach((state) => state(true)));
  source.addEventListener("error", () => states.forEach((state) => state(false)));
  // A page that is left must not hold a connection.
  addEventListener("pagehide", () => source.close());
}
