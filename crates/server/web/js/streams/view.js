// @ts-check
/** One run: all channels over time, and chosen ones from the whole run down to single frames. */

import { get, lastAsked, queryString } from "../api.js";
import { h, later, replace, select } from "../dom.js";
import { Fold } from "../fold.js";
import { setKeys } from "../keys.js";
import { onReading } from "../live.js";
import { onPrefs } from "../prefs.js";
import { announce, complain, failure, isSilent } from "../say.js";
import { channelColour, palette } from "../theme.js";
import { bytesText, countText, durationText, fixed, localText } from "../units.js";
import { Across, modesOf } from "./across.js";
import { RIGHT, colourBar, drawOverview, drawStrip, endsOf, leftOf, levelsOf, overviewHeight } from "./canvas.js";
import { showExports } from "./exports.js";
import { FrameAxis } from "./frame_axis.js";
import { follow, hands } from "./pointer.js";
import { densities } from "./spectrum.js";
import { extents, movements } from "./tables.js";
import { Values } from "./values.js";

/** @typedef {import("./types.js").StreamFacts} StreamFacts */
/** @typedef {import("./types.js").Overview} Overview */
/** @typedef {import("./types.js").StreamSamples} StreamSamples */
/** @typedef {import("./across.js").Mode} Mode */

/** Frames below which nothing is won by zooming. */
const FEWEST = 16;
/** Frames of a column of the overview: in a single one nothing moves. */
const MOVING = 8;
const CHANNELS = "0-3";
/** @type {Record<Mode, string>} */
const AXES = { s: "seconds from the start", utc: "UTC", frame: "frames" };

/** @param {string[]} words */
const longest = (words) => words.reduce((best, word) => (word.length > best.length ? word : best), "");

/** @param {number} hz */
const rateText = (hz) => (hz >= 10_000 ? countText(Math.round(hz)) : String(Number(hz.toPrecision(6))));

/** What is known of a channel. @param {import("./types.js").ChannelName | undefined} channel */
const channelWords = (channel) => channel ? `${channel.name === null ? `channel ${channel.index}` : `${channel.name}, channel ${channel.index}`}${channel.frequency_mhz === null ? "" : `, ${channel.frequency_mhz} MHz`}` : "";

/** @param {HTMLElement} main @param {string} id */
export function streamView(main, id) {
  document.title = `Stream ${id} · wavekeep`;
  const leaving = new AbortController();
  /** @type {StreamFacts | null} */
  let facts = null;
  /** @type {Overview | null} */
  let overview = null;
  /** @type {StreamSamples | null} */
  let samples = null;
  /** Width of the labels left of the plots. */
  let left = leftOf([]);
  let axis = FrameAxis.ofFrames(0, 0), traceAxis = axis;
  let first = 0, end = 0, section = 0;
  const wanted = new URLSearchParams(location.search);
  let channels = wanted.get("channels") ?? CHANNELS;
  let mode = /** @type {Mode} */ (wanted.get("axis") ?? "s"), unit = wanted.get("unit") ?? "rad";
  let across = /** @type {Across | null} */ (null), traceAcross = across;
  let values = new Values(NaN, unit);
  let asking = new AbortController();
  /** Share of the run that was read when the picture was made. */
  let drawnAt = 0;

  const title = h("h1", null, "Stream");
  const about = h("dl", { class: "facts" });
  const canvas = h("canvas", { role: "img" });
  const strips = h("div", { class: "strips" });
  const range = h("p", { class: "readout", role: "status" });
  const reading = h("p", { class: "reading under", "aria-hidden": "true" });
  const why = h("p", { class: "small" });
  const standing = h("div", { class: "notice standing", role: "status", hidden: true });
  const bar = h("progress", { max: 1, value: 0, "aria-label": "How much of the run is read" });
  const over = h("div", { class: "stream-plot", tabindex: 0, role: "application", "aria-label": "Channels over time. Plus and minus zoom, arrow keys move, Home shows the whole run." }, canvas);
  const colours = h("div");
  const input = h("input", { value: channels, id: "channels", "aria-label": "Channels: indices like 0-3 or band:channel like 2:107, separated by commas", spellcheck: "false" });
  input.addEventListener("change", () => { channels = input.value.trim() || CHANNELS; remember(); void load(); });
  const bands = h("select", { "aria-label": "Band" });
  const inBand = h("select", { "aria-label": "Channel of the band" });
  const axes = select("Axis", [], mode, (value) => { mode = /** @type {Mode} */ (value); remember(); draw(); });
  const units = select("Values", [["rad", "rad"], ["count", "counts"]], unit, (value) => { unit = value; remember(); draw(); });
  const sections = h("span", { hidden: true });
  const files = h("div", { class: "exports" });
  const asTable = new Fold(), overviewAsTable = new Fold(), config = new Fold("Configuration at the end of what is shown");
  const part = () => ({ section, first, end });
  const spectrum = densities(id, () => ({ ...part(), channels }), complain, wanted.has("spectrum"));
  spectrum.box.addEventListener("toggle", () => remember());
  replace(main, h("div", { class: "page stream" }, h("p", { class: "crumbs" }, h("a", { href: "?view=streams", "data-route": true }, "← Streams")), title, h("section", { class: "about", "aria-label": "Facts" }, about),
    h("section", { "aria-label": "All channels" }, h("div", { class: "section-head" }, h("h2", null, "All channels"), h("div", { class: "tools", role: "toolbar", "aria-label": "Plot" },
      sections, axes, units,
      h("button", { type: "button", class: "quiet", "aria-label": "Zoom in", onclick: () => zoom(0.5) }, "+"), h("button", { type: "button", class: "quiet", "aria-label": "Zoom out", onclick: () => zoom(2) }, "−"),
      h("button", { type: "button", class: "quiet", id: "stream-whole", onclick: () => whole() }, "Whole"))),
    range, reading, standing, over, colours, h("p", { class: "legend" }, h("span", null, "▼ ▨ and red lines: frames are missing"), h("span", null, "┆ the configuration changes"), h("span", { class: "hint" }, "drag to zoom, click a row to see the channel")), why, overviewAsTable.element),
    h("section", { "aria-label": "Channels" }, h("div", { class: "section-head" }, h("h2", null, "Channels"), h("div", { class: "tools" }, h("label", null, "Show", input), bands, inBand)), strips, asTable.element, h("div", { class: "config" }, config.element)),
    h("section", { "aria-label": "Spectrum and RMS" }, spectrum.box),
    h("section", { "aria-label": "Export" }, h("h2", null, "Export what is shown"), files)));

  const sectionOf = () => facts?.sections[section];
  const longestSection = () => (facts?.sections ?? []).reduce((best, other, index, all) => (other.end - other.first > (all[best]?.end ?? 0) - (all[best]?.first ?? 0) ? index : best), 0);
  const shownNow = () => queryString({
    stream: id, channels: channels === CHANNELS ? "" : channels, section: section === longestSection() ? "" : section, first: first === sectionOf()?.first ? "" : first, end: end === sectionOf()?.end ? "" : end,
    axis: mode === "s" ? "" : mode, unit: unit === "rad" ? "" : unit, spectrum: spectrum.box.open ? 1 : "",
  });
  const remember = () => history.replaceState(null, "", `./${shownNow()}`);
  const whole = () => { const all = sectionOf(); if (all) view(all.first, all.end); };

  /** @param {number} from @param {number} to */
  function view(from, to) {
    const all = sectionOf();
    if (!all) return;
    const span = Math.min(Math.max(Math.round(to - from), FEWEST), all.end - all.first);
    first = Math.round(Math.min(Math.max(from, all.first), all.end - span));
    end = first + span;
    remember();
    soon();
  }
  /** @param {number} factor @param {number} [around] A share of the width. */
  const zoom = (factor, around) => {
    const middle = around === undefined ? (first + end) / 2 : axis.frameAt(around);
    const span = (end - first) * factor;
    const share = (middle - first) / Math.max(end - first, 1);
    view(middle - span * share, middle - span * share + span);
  };
  const soon = later(40, () => void load());
  /** What follows when the zooming is over. */
  const soonRest = later(400, () => {
    void spectrum.load();
    if (facts?.metadata_frames.length) void showConfig().catch((error) => { if (!leaving.signal.aborted) complain(error); });
  });

  async function load() {
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    leaving.signal.addEventListener("abort", () => asking.abort());
    const width = Math.max(over.clientWidth - left - RIGHT, 200);
    try {
      const answers = await Promise.all([
        /** @type {Promise<Overview>} */ (get(`/streams/${id}/overview${queryString({ ...part(), rows: 170, columns: Math.max(Math.min(width, 1200, Math.floor((end - first) / MOVING)), 1) })}`, signal)),
        /** @type {Promise<StreamSamples>} */ (get(`/streams/${id}/samples${queryString({ ...part(), channels, points: width * 2 })}`, signal)),
      ]);
      [overview, samples] = answers;
      axis = new FrameAxis(overview.column_frames, first, end);
      traceAxis = samples.columns ? new FrameAxis(samples.columns, first, end) : samples.places ? FrameAxis.ofPlaces(first, end, samples.places, samples.places_in_all ?? 0) : FrameAxis.ofFrames(first, end);
      draw();
      announce(range.textContent ?? "");
      soonRest();
    } catch (error) {
      if (!signal.aborted) complain(error);
    }
  }

  /** Notes when a picture is not made of every frame. @param {number} done @param {number} total @param {string | null} reason */
  function stand(done, total, reason) {
    if (!overview) return;
    const { complete, frames, frames_read } = overview.standing;
    standing.hidden = complete;
    if (complete) return;
    bar.value = total ? done / total : 0;
    bar.hidden = reason !== null;
    const share = (100 * frames_read) / Math.max(frames, 1);
    replace(standing, h("strong", null, "A first, coarse picture"),
      h("p", null, `It is made of ${share < 1 ? "less than 1" : fixed(Math.min(share, 99), 0)} % of the frames: peaks between them are not in it. `,
        reason === null ? `The run is being read, ${fixed(Math.floor((100 * done) / Math.max(total, 1)), 0)} % so far; the picture becomes complete by itself.` : `It stays incomplete: ${reason}.`), bar);
  }

  const nameOf = (/** @type {number} */ index) => facts?.channels[index]?.name ?? String(index);

  function draw() {
    if (!facts || !overview || !samples) return;
    const all = facts, shown = samples;
    const about = overview.standing.reading;
    stand(about?.done ?? 0, about?.total ?? 0, about?.failure ?? null);
    values = new Values(samples.radians_per_count, unit);
    const known = modesOf(overview.time, overview.gaps_shortened);
    replace(axes, known.modes.map((one) => h("option", { value: one }, AXES[one])));
    across = new Across(axis, overview.time, overview.gaps_shortened, mode);
    traceAcross = new Across(traceAxis, samples.time, overview.gaps_shortened, mode);
    axes.value = across.mode;
    units.value = values.inRad ? "rad" : "count";
    units.disabled = !values.scaled;
    why.textContent = [known.reason, values.scaled ? "" : "The run states no phase scale: values are counts."].filter(Boolean).join(" ");
    why.hidden = !why.textContent;
    const { seconds, rate_hz: rate } = overview.time;
    const few = !samples.columns;
    range.textContent = `Frames ${countText(first)} to ${countText(end - 1)} (${countText(end - first)}${seconds === null ? "" : `, ${seconds < 1 ? `${Number(seconds.toPrecision(4))} s` : durationText(seconds)}`}${rate ? ` at ${rateText(rate)} Hz` : ""})${across.timed ? `, from ${across.textAt(0)}` : ""}${few ? ", every frame" : overview.standing.complete ? ", smallest and largest of each column" : ", a sample of each column"}`;
    const gaps = all.gaps.filter((gap) => gap.before_frames[0] > first && gap.before_frames[0] < end);
    if (gaps.length) range.textContent += `; ${all.gaps.length < all.gap_places ? "at least " : ""}${countText(gaps.reduce((sum, gap) => sum + gap.missing, 0))} frames are missing in ${countText(gaps.length)} ${gaps.length === 1 ? "place" : "places"}`;
    canvas.setAttribute("aria-label", `How far each of ${all.channels.length} channels moves, ${range.textContent}`);
    left = leftOf([longest(all.channels.map((channel) => channel.name ?? String(channel.index))), ...samples.channels.flatMap((channel) => endsOf(channel).map((value) => values.text(value))), "frame"]);
    main.style.setProperty("--plot-left", `${left}px`);
    drawOverview(canvas, overview, { axis, across, values, facts, left });
    replace(colours, colourBar(levelsOf(overview), values));
    const moved = overview, inUnits = values;
    overviewAsTable.show(() => movements(moved, nameOf, inUnits));
    const drawn = samples.channels.map((channel, index) => {
      const strip = h("canvas", { role: "img", "aria-label": `Channel ${channel.name ?? channel.index}` });
      const name = h("b", null, channel.name ?? `channel ${channel.index}`);
      name.style.color = channelColour(index);
      const more = channel.name === null ? "" : `channel ${channel.index}${channel.frequency_mhz === null ? "" : `, ${channel.frequency_mhz} MHz`}, `;
      return { channel, strip, box: h("figure", { class: "strip" }, h("figcaption", null, name, h("span", { class: "unit" }, more + values.unit), h("span", { class: "value", "aria-hidden": "true" })), h("div", null, strip)) };
    });
    replace(strips, drawn.map(({ box }) => box), stripFollower.line);
    const sheet = { axis: traceAxis, across: traceAcross, values, facts, left };
    drawn.forEach(({ channel, strip }, index) => drawStrip(strip, channel, sheet, shown, index, index === drawn.length - 1));
    asTable.show(() => extents(shown, inUnits));
    showExports(files, id, { ...part(), channels }, samples.channels.length, values.inRad, palette().paper !== "#ffffff");
    spectrum.draw();
    overFollower.again();
    stripFollower.again();
  }

  async function open() {
    facts = await get(`/streams/${id}`, leaving.signal);
    if (!facts) return;
    const known = facts;
    title.textContent = known.event.filename;
    document.title = `${known.event.filename} · wavekeep`;
    section = Number(wanted.get("section") ?? -1);
    if (!known.sections[section]) section = longestSection();
    const all = sectionOf() ?? { first: 0, end: 0 };
    // What the address asks for, as far as the section has it.
    const asked = (/** @type {string} */ name, /** @type {number} */ otherwise) => { const frame = Math.round(Number(wanted.get(name) ?? NaN)); return frame >= all.first && frame <= all.end ? frame : otherwise; };
    first = asked("first", all.first);
    end = asked("end", all.end);
    if (first >= end) ({ first, end } = all);
    const fact = (/** @type {string} */ term, /** @type {import("../dom.js").Child} */ value) => h("div", null, h("dt", null, term), h("dd", null, value));
    replace(about, fact("Stream", known.event.serial), known.event.timestamp && fact("Start", localText(known.event.timestamp)), fact("Frames", `${countText(known.frames)} in ${known.pieces} ${known.pieces === 1 ? "piece" : "pieces"}, ${bytesText(known.bytes)}`),
      fact("Channels", countText(known.channels.length)), fact("Rate", known.rate_hz ? `${rateText(known.rate_hz)} Hz` : "not known"), fact("Time", known.time_basis),
      fact("Missing frames", known.missing_frames ? `${countText(known.missing_frames)} in ${countText(known.gap_places)} ${known.gap_places === 1 ? "place" : "places"}, shown as gaps` : "none"), known.errored_frames > 0 && fact("Frames with errors", countText(known.errored_frames)),
      fact("Values", "phases: the format states 2¹⁶ counts as 2π rad"),
      fact("Configuration", known.metadata_frames.length ? `changes in ${countText(known.metadata_frames.length)} ${known.metadata_frames.length === 1 ? "place" : "places"}` : "none in the run"),
      known.sections.length > 1 && fact("Sections", `${countText(known.sections.length)}, one is shown at a time`));
    fillPicker(known);
    sections.hidden = known.sections.length < 2;
    if (known.sections.length > 1) replace(sections, select("Section", known.sections.map((one, index) => [String(index), `Section ${index}: ${countText(one.channels)} channels, frames ${countText(one.first)} to ${countText(one.end - 1)}`]), String(section), (value) => { section = Number(value); whole(); }));
    await load();
  }

  /** @param {StreamFacts} known */
  function fillPicker(known) {
    const named = known.channels.filter((channel) => channel.name !== null);
    const has = named.length > 0;
    bands.hidden = inBand.hidden = !has;
    if (!has) return;
    const all = [...new Set(named.map((channel) => channel.name?.split(":")[0] ?? ""))];
    replace(bands, h("option", { value: "" }, "By band …"), all.map((band) => h("option", { value: band }, `Band ${band}`)));
    bands.addEventListener("change", () => replace(inBand, h("option", { value: "" }, "channel …"), named.filter((channel) => channel.name?.startsWith(`${bands.value}:`)).map((channel) => h("option", { value: channel.name }, channel.name ?? ""))));
    inBand.addEventListener("change", () => { if (inBand.value) pick(inBand.value); });
  }

  /** Shows one more channel. @param {string} name */
  function pick(name) {
    const list = channels.split(",");
    channels = list.includes(name) ? list.filter((other) => other !== name).join(",") || name : [...list, name].join(",");
    input.value = channels;
    remember();
    void load();
  }

  const askConfig = lastAsked();
  async function showConfig() {
    const isLast = askConfig();
    /** @type {{ config: Record<string, unknown> }} */
    const answer = await get(`/streams/${id}/metadata${queryString({ frame: end })}`, leaving.signal);
    if (!isLast()) return;
    config.show(() => h("pre", { tabindex: 0 }, JSON.stringify(answer.config, null, 2)));
  }

  /** The row of the picture at a height. @param {number} y */
  const rowAt = (y) => (overview && y >= 0 && y < overviewHeight(overview) ? Math.floor((y / overviewHeight(overview)) * overview.rows) : -1);
  hands(over, {
    left: () => left, whole, zoom,
    move: (by) => view(first + by * (end - first), end + by * (end - first)),
    span: (from, to) => view(axis.frameAt(from), Math.max(axis.frameAt(to), axis.frameAt(from) + 1)),
    canWiden: () => { const all = sectionOf(); return Boolean(all && end - first < all.end - all.first); },
    pick: (share, y) => {
      const channel = overview?.row_channels[rowAt(y)]?.[0];
      if (channel !== undefined && share >= 0 && share <= 1) pick(nameOf(channel));
    },
  });

  /** What lies at a place of the traces: of one channel, in words. @param {import("./types.js").StreamChannel} channel @param {number} share */
  function valueAt(channel, share) {
    const column = Math.min(Math.floor(share * traceAxis.columns.length), traceAxis.columns.length - 1);
    if (!traceAxis.columns[column]) return "missing";
    if (channel.pairs) {
      const pair = channel.pairs[column];
      return pair ? `${values.text(pair[0])} to ${values.text(pair[1])} ${values.unit}` : "missing";
    }
    const value = channel.samples?.[samples?.places ? samples.places.indexOf(column) : column];
    return value === undefined ? "missing" : `${values.text(value)} ${values.unit}`;
  }
  const overFollower = follow(over, () => left, (share, y) => {
    const row = rowAt(y), of = overview?.row_channels[row];
    if (share === null || !overview || !across || !of) { reading.textContent = ""; return; }
    const column = Math.min(Math.floor(share * overview.columns), overview.columns - 1);
    const cell = overview.cells[row * overview.columns + column];
    const frames = across.timed ? `, frame ${countText(axis.frameAt(share))}` : "";
    reading.textContent = `${across.textAt(share)}${axis.columns[column] ? frames : ""}: ${of[1] - of[0] > 1 ? `channels ${nameOf(of[0])} to ${nameOf(of[1] - 1)}, the largest` : channelWords(facts?.channels[of[0]])}: ${cell === null || cell === undefined ? "missing" : `${values.rough(cell)} ${values.unit} peak to peak`}`;
  });
  over.append(overFollower.line);
  const stripFollower = follow(strips, () => left, (share) => {
    const captions = strips.querySelectorAll(".value");
    samples?.channels.forEach((channel, index) => {
      const caption = captions[index];
      if (caption) caption.textContent = share === null ? "" : `${index === 0 ? `${traceAcross?.textAt(share)}: ` : ""}${valueAt(channel, share)}`;
    });
  });

  const resize = new ResizeObserver(later(80, draw));
  resize.observe(over);
  const endPrefs = onPrefs(draw);
  const endReading = onReading((progress) => {
    if (String(progress.stream) !== id || progress.section !== section || !overview || overview.standing.complete) return;
    stand(progress.done, progress.total, progress.failure);
    const share = progress.done / Math.max(progress.total, 1);
    const isLast = progress.complete || progress.failure !== null;
    // Often enough to see it grow, seldom enough not to disturb; and once when it is done.
    if (drawnAt >= 1 || (!isLast && share < drawnAt + 0.1)) return;
    drawnAt = isLast ? 1 : share;
    soon();
  });
  setKeys([{ keys: ["Home"], words: "the whole run", act: whole }]);
  void open().catch((error) => {
    if (isSilent(error)) return;
    replace(main, h("div", { class: "page" }, h("h1", { class: "unseen" }, `Stream ${id}`), failure(error, `Stream ${id} cannot be shown`, h("a", { class: "button primary", href: "?view=streams", "data-route": true }, "Back to the streams"))));
  });
  return () => { leaving.abort(); spectrum.end(); resize.disconnect(); endPrefs(); endReading(); };
}
