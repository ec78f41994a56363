// @ts-check
/** Recordings that the server runs: started, watched, closed and added to the archive here. */

import { ask, get, send } from "../api.js";
import { confirmed } from "../confirm.js";
import { h, replace, select } from "../dom.js";
import { onRecording } from "../live.js";
import { address } from "../router.js";
import { complain, toast } from "../say.js";
import { bytesText, countText, durationText, utcText } from "../units.js";

/** A recording ends after this time, if nothing else is asked for. */
const DEFAULT_SECONDS = 60;
/** Bytes of a frame beside its channels, of four bytes each: the header of the record and that of the frame. */
const HEADER_BYTES = 8 + 128;

/** @typedef {import("../live.js").Recording} Recording */
/** @typedef {import("../types.js").EventRow} EventRow */

/** @param {Recording} recording */
function stateWords(recording) {
  if (recording.is_open) return [h("span", { class: "badge good" }, "recording"), " ", endWords(recording)];
  if (recording.fault) return [h("span", { class: "badge bad" }, "fault"), " ", recording.fault.detail];
  return recording.ended ?? "not started";
}

/** When a recording ends by itself. @param {{ source: { kind: string }, frames: number | null, seconds: number | null }} recording */
function endWords({ source, frames, seconds }) {
  const ends = [frames && `after ${countText(frames)} frames`, seconds && `after ${durationText(seconds)}`, source.kind === "run" && "with the run"].filter(Boolean);
  return ends.length ? `ends ${ends.join(" or ")}` : "has no end: records until it is closed";
}

/** @param {Recording} recording */
const sourceWords = ({ source }) => source.kind === "run" ? `run ${source.id}` : source.kind === "bridge" ? source.address : `emulator, ${countText(source.channels)} channels at ${source.rate_hz ? `${countText(source.rate_hz)} Hz` : "full speed"}`;

/**
 * @param {HTMLElement} place @param {EventRow[]} runs @param {() => void} adopted The archive has one more run.
 * @param {AbortSignal} signal
 */
export function showRecordings(place, runs, adopted, signal) {
  /** @type {Map<number, Recording>} */
  const known = new Map();
  const list = h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Recordings" });

  /** @param {() => Promise<unknown>} work @param {string} [words] */
  const act = (work, words) => void work().then(() => { if (words) toast(words); }).catch(complain);
  /** @param {Recording} recording */
  const buttons = (recording) => {
    const at = `/recordings/${recording.id}`;
    const button = (/** @type {string} */ words, /** @type {() => void} */ onclick) => h("button", { type: "button", onclick, "aria-label": `${words} ${recording.variables.DataFile}` }, words);
    if (recording.is_open) return button("Close", () => act(() => send("POST", `${at}/commands/Close`)));
    return h("span", { class: "acts" },
      recording.event !== null ? h("a", { class: "button", href: address({ stream: recording.event }), "data-route": true }, "Open the run")
        : recording.variables.FrameCount > 0 && !recording.variables.RawMode && button("Add", () => act(async () => { await send("POST", `${at}/adopt`, {}); adopted(); }, "Added to the archive")),
      button("Remove", () => act(async () => { await ask(at, { method: "DELETE" }); known.delete(recording.id); draw(); })));
  };
  const draw = () => replace(list, known.size === 0 ? h("p", { class: "small" }, "Nothing is being recorded.") : h("table", { class: "plain lines" },
    h("thead", null, h("tr", null, ["File", "Source", "Start", "Records", "Size", "State"].map((word) => h("th", { scope: "col" }, word)), h("th", { scope: "col" }, h("span", { class: "unseen" }, "Actions")))),
    h("tbody", null, [...known.values()].map((recording) => h("tr", null,
      h("th", { scope: "row" }, recording.variables.DataFile), h("td", null, sourceWords(recording)), h("td", { class: "moment" }, utcText(recording.opened_at)),
      h("td", { class: "number" }, countText(recording.variables.FrameCount)), h("td", { class: "number moment" }, bytesText(recording.variables.TotalSize)),
      h("td", null, stateWords(recording)), h("td", { class: "moment" }, buttons(recording)))))));

  const number = (/** @type {string} */ label, /** @type {string} */ value, /** @type {number} */ max, min = 1) => h("input", { type: "number", class: "short", min, max, step: "any", value, "aria-label": label });
  const channels = number("Channels", "512", 65_536), rate = number("Frames a second", "4000", 1_000_000), seconds = number("Seconds; empty to record until it is closed", String(DEFAULT_SECONDS), 31_536_000, 0.1);
  const name = h("input", { "aria-label": "File; empty for a name made of the time", placeholder: "data_….dat", spellcheck: "false" });
  const emulated = [h("label", null, channels, "channels"), h("label", null, rate, "Hz")];
  const source = select("Source", [["emulator", "Emulator"], ...runs.map((run) => /** @type {[string, string]} */ ([String(run.id), `Run ${run.filename}`]))], "emulator", (chosen) => emulated.forEach((field) => { field.hidden = chosen !== "emulator"; }));
  const form = h("form", { class: "filters", "aria-label": "Record" }, source, emulated, h("label", null, "for", seconds, "s"), h("label", null, "into", name), h("button", { class: "primary" }, "Record"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void start().catch(complain);
  });
  const start = async () => {
    const isRun = source.value !== "emulator";
    const wanted = {
      source: isRun ? { kind: "run", id: Number(source.value) } : { kind: "emulator", channels: Number(channels.value), rate_hz: Number(rate.value) },
      ...(seconds.value ? { seconds: Number(seconds.value) } : { until_closed: true }), variables: name.value ? { DataFile: name.value } : {},
    };
    const bytes = (HEADER_BYTES + 4 * Number(channels.value)) * Number(rate.value);
    const end = endWords({ source: wanted.source, frames: null, seconds: seconds.value ? Number(seconds.value) : null });
    const words = [
      `From ${isRun ? `run ${source.value}` : `the emulator, ${countText(Number(channels.value))} channels at ${countText(Number(rate.value))} Hz`} into ${name.value || "a new file that is named by the time"}.`,
      isRun || seconds.value ? `It ${end}.` : "It has no end: it records until it is closed or the disk is full.",
      ...(isRun ? [] : [seconds.value ? `The file will have about ${bytesText(bytes * Number(seconds.value))}.` : `The file grows by about ${bytesText(bytes * 3600)} an hour.`]),
    ];
    if (await confirmed("Start a recording?", words, "Start recording")) await send("POST", "/recordings", wanted);
  };
  replace(place, h("h2", null, "Recordings"), form, list);
  const end = onRecording((recording) => { known.set(recording.id, recording); draw(); });
  void get("/recordings", signal).then((all) => {
    for (const recording of /** @type {Recording[]} */ (all)) known.set(recording.id, recording);
    draw();
  }).catch((error) => { if (!signal.aborted) complain(error); });
  return end;
}
