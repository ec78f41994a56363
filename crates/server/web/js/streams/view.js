// @ts-check
/** One run: all channels over time, and chosen ones from the whole run down to single frames. */

import { get, lastAsked, queryString } from "../api.js";
import { h, later, replace } from "../dom.js";
import { setKeys } from "../keys.js";
import { onReading } from "../live.js";
import { touches } from "../plot/touch.js";
import { onPrefs } from "../prefs.js";
import { announce, complain, failure, isSilent } from "../say.js";
import { channelColour } from "../theme.js";
import { bytesText, countText, fixed, localText } from "../units.js";
import { RIGHT, drawOverview, drawStrip, extentOf, leftOf } from "./canvas.js";
import { FrameAxis } from "./frame_axis.js";

/** @typedef {import("./types.js").StreamFacts} StreamFacts */
/** @typedef {import("./types.js").Overview} Overview */
/** @typedef {import("./types.js").StreamSamples} StreamSamples */

/** Frames below which nothing is won by zooming. */
const FEWEST = 16;
/** Frames of a column of the overview: in a single one nothing moves. */
const MOVING = 8;

/** The overview as a table, for readers who do not see it. @param {HTMLElement} place @param {Overview} overview @param {StreamFacts} facts */
function showMovements(place, overview, facts) {
  const name = (/** @type {number} */ index) => facts.channels[index]?.name ?? String(index);
  const rows = overview.row_channels.map(([from, end], row) => {
    const cells = overview.cells.slice(row * overview.columns, (row + 1) * overview.columns).filter((cell) => cell !== null);
    const most = cells.reduce((a, b) => Math.max(a, b ?? 0), 0), least = cells.reduce((a, b) => Math.min(a, b ?? 0), Infinity);
    return h("tr", null, h("th", { scope: "row" }, end - from > 1 ? `${name(from)} to ${name(end - 1)}` : name(from)), h("td", null, cells.length ? countText(least) : "missing"), h("td", null, cells.length ? countText(most) : "missing"));
  });
  replace(place, h("summary", null, "The same as a table"), h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "How far channels move" }, h("table", { class: "plain" },
    h("caption", null, `How many counts a channel moves within a column${overview.standing.complete ? "" : ", as far as the frames were read"}`),
    h("thead", null, h("tr", null, ["Channel", "Least", "Most"].map((word) => h("th", { scope: "col" }, word)))), h("tbody", null, rows))));
}

/** @param {string[]} words */
const longest = (words) => words.reduce((best, word) => (word.length > best.length ? word : best), "");

/** @param {number} hz */
const rateText = (hz) => (hz >= 10_000 ? countText(Math.round(hz)) : String(Number(hz.toPrecision(6))));

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
  /** Room for the labels left of the plots. */
  let left = leftOf([]);
  let axis = FrameAxis.ofFrames(0, 0), traceAxis = axis;
  let first = 0, end = 0, section = 0;
  const wanted = new URLSearchParams(location.search);
  let channels = wanted.get("channels") ?? "0-3";
  let asking = new AbortController();
  /** Share of the run that was read when the picture was made. */
  let drawnAt = 0;

  const title = h("h1", null, "Stream");
  const about = h("dl", { class: "facts" });
  const canvas = h("canvas", { role: "img" });
  const strips = h("div", { class: "strips" });
  const range = h("p", { class: "readout", role: "status" });
  const cover = h("div", { class: "brush", hidden: true });
  const standing = h("div", { class: "notice standing", role: "status", hidden: true });
  const bar = h("progress", { max: 1, value: 0, "aria-label": "How much of the run is read" });
  const over = h("div", { class: "stream-plot", tabindex: 0, role: "application", "aria-label": "Channels over time. Plus and minus zoom, arrow keys move, Home shows the whole run." }, canvas, cover);
  const input = h("input", { value: channels, id: "channels", "aria-label": "Channels: indices like 0-3 or band:channel like 2:107, separated by commas", spellcheck: "false" });
  input.addEventListener("change", () => { channels = input.value.trim() || "0-3"; remember(); void load(); });
  const bands = h("select", { "aria-label": "Band" });
  const inBand = h("select", { "aria-label": "Channel of the band" });
  const twin = h("details", { class: "twin" }, h("summary", null, "The same as a table"));
  const overviewTwin = h("details", { class: "twin" });
  const config = h("div", { class: "config" });
  replace(main, h("div", { class: "page stream" }, h("p", { class: "crumbs" }, h("a", { href: "?view=streams", "data-route": true }, "← Streams")), title, h("section", { class: "about", "aria-label": "Facts" }, about),
    h("section", { "aria-label": "All channels" }, h("div", { class: "section-head" }, h("h2", null, "All channels"), h("div", { class: "tools", role: "toolbar", "aria-label": "Plot" },
      h("button", { type: "button", class: "quiet", "aria-label": "Zoom in", onclick: () => zoom(0.5) }, "+"), h("button", { type: "button", class: "quiet", "aria-label": "Zoom out", onclick: () => zoom(2) }, "−"),
      h("button", { type: "button", class: "quiet", id: "stream-whole", onclick: () => whole() }, "Whole"))),
    range, standing, over, h("p", { class: "legend" }, h("span", null, "dark: small, light: large (logarithmic)"), h("span", null, "grey: constant"), h("span", null, "▨ and red lines: frames are missing"), h("span", null, "┆ the configuration changes"), h("span", { class: "hint" }, "click a row to see the channel")), overviewTwin),
    h("section", { "aria-label": "Channels" }, h("div", { class: "section-head" }, h("h2", null, "Channels"), h("div", { class: "tools" }, h("label", null, "Show", input), bands, inBand)), strips, twin, config)));

  const remember = () => history.replaceState(null, "", `./${queryString({ stream: id, channels: channels === "0-3" ? "" : channels, first: first === sectionOf()?.first ? "" : first, end: end === sectionOf()?.end ? "" : end })}`);
  const sectionOf = () => facts?.sections[section];
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
  /** @param {number} factor @param {number} [around] */
  const zoom = (factor, around = (first + end) / 2) => {
    const span = (end - first) * factor;
    const share = (around - first) / Math.max(end - first, 1);
    view(around - span * share, around - span * share + span);
  };
  const soon = later(40, () => void load());

  async function load() {
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    leaving.signal.addEventListener("abort", () => asking.abort());
    const width = Math.max(over.clientWidth - left - RIGHT, 200);
    try {
      const part = { section, first, end };
      const answers = await Promise.all([
        /** @type {Promise<Overview>} */ (get(`/streams/${id}/overview${queryString({ ...part, rows: 170, columns: Math.max(Math.min(width, 1200, Math.floor((end - first) / MOVING)), 1) })}`, signal)),
        /** @type {Promise<StreamSamples>} */ (get(`/streams/${id}/samples${queryString({ ...part, channels, points: width * 2 })}`, signal)),
      ]);
      [overview, samples] = answers;
      axis = new FrameAxis(overview.column_frames, first, end);
      traceAxis = samples.columns ? new FrameAxis(samples.columns, first, end) : FrameAxis.ofFrames(first, end);
      draw();
      announce(range.textContent ?? "");
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

  function draw() {
    if (!facts || !overview || !samples) return;
    const reading = overview.standing.reading;
    stand(reading?.done ?? 0, reading?.total ?? 0, reading?.failure ?? null);
    const all = facts;
    const rate = facts.rate_hz;
    const few = !samples.columns;
    range.textContent = `Frames ${countText(first)} to ${countText(end - 1)} (${countText(end - first)}${rate ? `, ${fixed((end - first) / rate, (end - first) / rate < 1 ? 5 : 2)} s at ${rateText(rate)} Hz` : ""})${few ? ", every frame" : overview.standing.complete ? ", smallest and largest of each column" : ", a sample of each column"}`;
    canvas.setAttribute("aria-label", `How far each of ${all.channels.length} channels moves, ${range.textContent}`);
    left = leftOf([longest(facts.channels.map((channel) => channel.name ?? String(channel.index))), ...samples.channels.flatMap((channel) => (extentOf(channel) ?? []).map(countText)), "frame"]);
    drawOverview(canvas, overview, axis, facts, left);
    showMovements(overviewTwin, overview, facts);
    const drawn = samples.channels.map((channel, index) => {
      const strip = h("canvas", { role: "img", "aria-label": `Channel ${channel.name ?? channel.index}` });
      const name = h("b", null, channel.name ?? `channel ${channel.index}`);
      name.style.color = channelColour(index);
      return { channel, strip, box: h("figure", { class: "strip" }, h("figcaption", null, name, h("span", { class: "unit" }, channel.name ? `channel ${channel.index}, counts` : "counts")), h("div", null, strip)) };
    });
    replace(strips, drawn.map(({ box }) => box));
    drawn.forEach(({ channel, strip }, index) => drawStrip(strip, channel, traceAxis, samples?.standing, all, channelColour(index), index === drawn.length - 1, left));
    const table = h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Channels as a table" }, h("table", { class: "plain" }, h("caption", null, samples.standing && !samples.standing.complete ? "Smallest and largest count of the frames that were read so far: not of all that are shown" : "Smallest and largest count of the frames that are shown"),
      h("thead", null, h("tr", null, ["Channel", "Smallest", "Largest"].map((word) => h("th", { scope: "col" }, word)))),
      h("tbody", null, samples.channels.map((channel) => {
        const [low, high] = (extentOf(channel) ?? []).map(countText);
        return h("tr", null, h("th", { scope: "row" }, channel.name ?? channel.index), h("td", null, low ?? "missing"), h("td", null, high ?? "missing"));
      }))));
    replace(twin, h("summary", null, "The same as a table"), table);
  }

  async function open() {
    facts = await get(`/streams/${id}`, leaving.signal);
    if (!facts) return;
    const known = facts;
    title.textContent = known.event.filename;
    document.title = `${known.event.filename} · wavekeep`;
    section = known.sections.reduce((best, other, index) => (other.end - other.first > (known.sections[best]?.end ?? 0) - (known.sections[best]?.first ?? 0) ? index : best), 0);
    const all = sectionOf();
    first = Number(wanted.get("first") ?? all?.first ?? 0);
    end = Number(wanted.get("end") ?? all?.end ?? 0);
    const fact = (/** @type {string} */ term, /** @type {import("../dom.js").Child} */ value) => h("div", null, h("dt", null, term), h("dd", null, value));
    replace(about, fact("Stream", known.event.serial), known.event.timestamp && fact("Start", localText(known.event.timestamp)), fact("Frames", `${countText(known.frames)} in ${known.pieces} ${known.pieces === 1 ? "piece" : "pieces"}, ${bytesText(known.bytes)}`),
      fact("Channels", countText(known.channels.length)), fact("Rate", known.rate_hz ? `${rateText(known.rate_hz)} Hz` : "not known"), fact("Time", known.time_basis),
      fact("Missing frames", known.missing_frames ? `${countText(known.missing_frames)} in ${countText(known.gap_places)} ${known.gap_places === 1 ? "place" : "places"}, shown as gaps` : "none"), known.errored_frames > 0 && fact("Frames with errors", countText(known.errored_frames)),
      fact("Configuration", known.metadata_frames.length ? `changes in ${countText(known.metadata_frames.length)} ${known.metadata_frames.length === 1 ? "place" : "places"}` : "none in the run"),
      known.sections.length > 1 && fact("Sections", `${known.sections.length}; the longest is shown`));
    fillPicker(known);
    await load();
    if (known.metadata_frames.length) void showConfig().catch(complain);
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
    replace(config, h("details", { class: "twin" }, h("summary", null, "Configuration at the end of what is shown"), h("pre", { tabindex: 0 }, JSON.stringify(answer.config, null, 2))));
  }

  /** @param {MouseEvent} event */
  const shareAt = (event) => (event.clientX - canvas.getBoundingClientRect().left - left) / Math.max(canvas.clientWidth - left - RIGHT, 1);
  let from = /** @type {number | null} */ (null);
  over.addEventListener("pointerdown", (event) => { if (event.button === 0 && event.pointerType !== "touch") { from = shareAt(event); over.setPointerCapture(event.pointerId); } });
  over.addEventListener("pointermove", (event) => {
    if (from === null) return;
    const [a, b] = [Math.min(from, shareAt(event)), Math.max(from, shareAt(event))];
    const plot = canvas.clientWidth - left - RIGHT;
    cover.hidden = (b - a) * plot < 5;
    cover.style.left = `${left + Math.max(a, 0) * plot}px`;
    cover.style.width = `${(Math.min(b, 1) - Math.max(a, 0)) * plot}px`;
  });
  over.addEventListener("pointerup", (event) => {
    if (from === null) return;
    const [a, b] = [Math.min(from, shareAt(event)), Math.max(from, shareAt(event))];
    from = null;
    cover.hidden = true;
    if ((b - a) * canvas.clientWidth >= 5) view(axis.frameAt(a), Math.max(axis.frameAt(b), axis.frameAt(a) + 1));
    else pickAt(event);
  });
  /** Shows the channel of a row. @param {PointerEvent} event */
  function pickAt(event) {
    const a = shareAt(event);
    if (!overview || !facts || a < 0 || a > 1) return;
    const y = (event.clientY - canvas.getBoundingClientRect().top) / (canvas.clientHeight - 26);
    const channel = overview.row_channels[Math.floor(y * overview.rows)]?.[0];
    if (channel !== undefined && y <= 1) pick(facts.channels[channel]?.name ?? String(channel));
  }
  touches(over, {
    share: (clientX) => (clientX - canvas.getBoundingClientRect().left - left) / Math.max(canvas.clientWidth - left - RIGHT, 1),
    move: (by) => view(first + by * (end - first), end + by * (end - first)),
    zoom: (factor, around) => zoom(factor, first + around * (end - first)),
    tap: pickAt,
  });
  over.addEventListener("dblclick", whole);
  over.addEventListener("wheel", (event) => {
    const all = sectionOf();
    if (!all || (event.deltaY > 0 && end - first >= all.end - all.first)) return;
    event.preventDefault();
    zoom(Math.exp(Math.max(Math.min(event.deltaY, 200), -200) / 300), axis.frameAt(shareAt(event)));
  }, { passive: false });
  over.addEventListener("keydown", (event) => {
    const by = (end - first) / 4;
    if (event.key === "+" || event.key === "=") zoom(0.5);
    else if (event.key === "-") zoom(2);
    else if (event.key === "Home") whole();
    else if (event.key === "ArrowRight") view(first + by, end + by);
    else if (event.key === "ArrowLeft") view(first - by, end - by);
    else return;
    event.preventDefault();
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
  return () => { leaving.abort(); resize.disconnect(); endPrefs(); endReading(); };
}
