// @ts-check
/** Changes as they happen (server-sent events). After a break the page connects again. */

/** @typedef {{ id: number, what: "new" | "changed" | "reset" }} Change `reset`: changes were missed, anything shown may be old. */
/** @typedef {{ session: number | null, tag: string | null, done: number, total: number }} ImportProgress */
/** @typedef {{ stream: number, section: number, done: number, total: number, complete: boolean, failure: string | null }} ReadingProgress */

/**
 * @typedef {{
 *   id: number, is_open: boolean, opened_at: string | null, ended: string | null, event: number | null,
 *   frames: number | null, seconds: number | null,
 *   source: { kind: "run", id: number } | { kind: "emulator", channels: number, rate_hz: number } | { kind: "bridge", address: string },
 *   variables: { DataFile: string, FrameCount: number, TotalSize: number, RawMode: boolean },
 *   fault: { detail: string } | null
 * }} Recording
 */

/** A browser gives up on a refused connection; the page tries again after this time. */
const RETRY_MS = 5000;

/** Listeners of one kind of message. @template T */
class Channel {
  /** @type {Set<(message: T) => void>} */
  #listeners = new Set();

  /** @param {(message: T) => void} listener @returns {() => void} Ends it. */
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @param {T} message */
  notify(message) {
    for (const listener of [...this.#listeners]) listener(message);
  }
}

/** @type {Channel<Change>} */
const changes = new Channel();
/** @type {Channel<ImportProgress>} */
const imports = new Channel();
/** @type {Channel<ReadingProgress>} */
const readings = new Channel();
/** @type {Channel<Recording>} */
const recordings = new Channel();
/** @type {Channel<boolean>} */
const states = new Channel();

/** @param {(change: Change) => void} listener */
export const onChange = (listener) => changes.listen(listener);
/** @param {(progress: ImportProgress) => void} listener */
export const onImport = (listener) => imports.listen(listener);
/** Progress of runs that are read for their pictures. @param {(progress: ReadingProgress) => void} listener */
export const onReading = (listener) => readings.listen(listener);
/** Recordings of the server as they go. @param {(recording: Recording) => void} listener */
export const onRecording = (listener) => recordings.listen(listener);
/** @param {(connected: boolean) => void} listener */
export const onState = (listener) => states.listen(listener);

/** @type {EventSource | null} */
let source = null;
let wasOpen = false;

const reset = () => changes.notify({ id: 0, what: "reset" });

function open() {
  // What changed since this page began to load may be older in what it has read.
  const own = new EventSource(`api/v1/live?last_ms=${Math.ceil(performance.now())}`);
  source = own;
  /** @param {string} name @param {Channel<any>} channel */
  const pass = (name, channel) => own.addEventListener(name, (event) => channel.notify(JSON.parse(event.data)));
  pass("change", changes);
  pass("import", imports);
  pass("overview", readings);
  pass("recording", recordings);
  own.addEventListener("reset", reset);
  own.addEventListener("open", () => {
    states.notify(true);
    // Without a change before the break there is no place from which the server could repeat.
    if (wasOpen) reset();
    wasOpen = true;
  });
  own.addEventListener("error", () => {
    states.notify(false);
    if (own.readyState === EventSource.CLOSED) setTimeout(() => { if (source === own) open(); }, RETRY_MS);
  });
}

export function connect() {
  open();
  // A page that is left must not hold a connection; one that the browser brings back needs a new one.
  addEventListener("pagehide", () => { source?.close(); source = null; });
  addEventListener("pageshow", (event) => { if (event.persisted && !source) open(); });
}
