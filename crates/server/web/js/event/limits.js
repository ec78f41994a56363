// @ts-check
/** PPV against frequency with a limit curve, and the verdict of the curve. */

import { get, lastAsked, queryString } from "../api.js";
import { h, replace, s, select } from "../dom.js";
import { Fold } from "../fold.js";
import { pref, setPref } from "../prefs.js";
import { failure } from "../say.js";
import { channelColour, palette } from "../theme.js";
import { NONE, converted, digits, fixed, frequencyText, inUnits, readingText, velocity, velocityText, velocityUnit } from "../units.js";

/** @typedef {import("../types.js").Curve} Curve */
/** @typedef {import("../types.js").Verdict} Verdict */
/** @typedef {{ name: string, colour: string, shape: number, hz: number, inPerS: number, small?: boolean, reading?: import("../types.js").Reading, words: string }} Point */

const W = 480, H = 330, LEFT = 52, RIGHT = 14, TOP = 12, BOTTOM = 40;
const HZ = /** @type {const} */ ([1, 100]);

/** @type {Promise<Curve[]> | null} */
let curves = null;
/** All of them, asked for once; after a failure again. */
export function allCurves() {
  curves ??= get("/curves");
  curves.catch(() => { curves = null; });
  return curves;
}

/** The points of an event: peaks with their frequencies; of a histogram every interval. @param {import("../types.js").EventDetail} detail @param {import("../types.js").PlotDocument} plot */
function pointsOf(detail, plot) {
  /** @type {Point[]} */
  const points = [];
  const channels = detail.measurements?.channels ?? [];
  channels.forEach((channel, index) => {
    if (channel.sensor === "microphone") return;
    const colour = channelColour(index);
    const intervals = plot.channels[channel.name];
    if (intervals?.frequencies_hz) {
      // Intervals that fall on the same pixel are one point.
      const seen = new Set();
      intervals.frequencies_hz.forEach((hz, interval) => {
        const value = intervals.samples?.[interval];
        if (!hz || !value) return;
        const key = `${Math.round(Math.log10(hz) * 100)} ${Math.round(Math.log10(value) * 100)}`;
        if (seen.has(key)) return;
        seen.add(key);
        points.push({ name: channel.name, colour, shape: index, hz, inPerS: value, small: true, words: "" });
      });
    }
    const peak = channel.peak.value, frequency = channel.zc_frequency.value;
    if (!peak || !peak.value) return;
    const hz = frequency?.flag === "above_range" ? 100 : frequency?.flag === "below_range" ? 1 : frequency?.hz;
    if (hz === undefined) return;
    points.push({ name: channel.name, colour, shape: index, hz, inPerS: converted(peak, "in/s").value, reading: peak, words: `${readingText(peak, velocityUnit())} at ${frequencyText(frequency)} Hz` });
  });
  return points;
}

/** @param {number} shape @param {number} x @param {number} y @param {number} size @param {string} fill */
function symbol(shape, x, y, size, fill) {
  if (shape % 3 === 0) return s("circle", { cx: x, cy: y, r: size, fill });
  if (shape % 3 === 1) return s("rect", { x: x - size, y: y - size, width: 2 * size, height: 2 * size, fill });
  return s("path", { d: `M${x} ${y - size * 1.2}l${size * 1.2} ${size * 2.1}h${-size * 2.4}z`, fill });
}

/** Places moved down until no two are closer than `least`. @param {number[]} places @param {number} least */
function apart(places, least) {
  const order = places.map((place, index) => ({ place, index })).sort((a, b) => a.place - b.place);
  const out = [...places];
  let last = -Infinity;
  for (const { place, index } of order) {
    last = Math.max(place, last + least);
    out[index] = last;
  }
  return out;
}

/** @param {Point[]} points @param {Curve | undefined} curve */
function drawing(points, curve) {
  const colours = palette();
  const values = [...points.map((point) => velocity(point.inPerS)), ...(curve?.points ?? []).map(([, limit]) => velocity(limit))];
  const low = 10 ** Math.floor(Math.log10(Math.min(...values, velocity(0.1)) * 1.0001));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...values, velocity(2)) * 1.1));
  const x = (/** @type {number} */ hz) => LEFT + (Math.log10(hz / HZ[0]) / Math.log10(HZ[1] / HZ[0])) * (W - LEFT - RIGHT);
  const y = (/** @type {number} */ value) => H - BOTTOM - (Math.log10(value / low) / Math.log10(high / low)) * (H - TOP - BOTTOM);
  const grid = s("g", { stroke: colours.grid, "stroke-width": 1 });
  const text = s("g", { fill: colours.soft, "font-size": 11 });
  for (let decade = 1; decade <= HZ[1]; decade *= 10) {
    for (let step = 1; step < 10; step += 1) {
      const hz = decade * step;
      if (hz > HZ[1]) break;
      grid.append(s("line", { x1: x(hz), x2: x(hz), y1: TOP, y2: H - BOTTOM, "stroke-opacity": step === 1 ? 1 : 0.6 }));
      if ([1, 2, 5].includes(step)) text.append(s("text", { x: x(hz), y: H - BOTTOM + 15, "text-anchor": "middle" }, hz));
    }
  }
  for (let decade = low; decade <= high * 1.001; decade *= 10) {
    for (let step = 1; step < 10; step += 1) {
      const value = decade * step;
      if (value > high * 1.001) break;
      grid.append(s("line", { x1: LEFT, x2: W - RIGHT, y1: y(value), y2: y(value), "stroke-opacity": step === 1 ? 1 : 0.6 }));
      if ([1, 2, 5].includes(step)) text.append(s("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, Number(value.toPrecision(1))));
    }
  }
  text.append(
    s("text", { x: (LEFT + W - RIGHT) / 2, y: H - 6, "text-anchor": "middle" }, "frequency (Hz)"),
    s("text", { x: 12, y: (TOP + H - BOTTOM) / 2, "text-anchor": "middle", transform: `rotate(-90 12 ${(TOP + H - BOTTOM) / 2})` }, `PPV (${velocityUnit()})`));
  const line = (curve?.points ?? []).filter(([hz]) => hz >= HZ[0] && hz <= HZ[1]);
  const lines = apart(points.filter((point) => !point.small).map((point) => y(velocity(point.inPerS)) + 4), 13);
  const named = points.filter((point) => !point.small);
  const leftmost = named.reduce((best, point) => (point.hz < best ? point.hz : best), Infinity);
  const label = (/** @type {Point} */ point, /** @type {number} */ index) => {
    // To the left of the point that is farthest left: to its right are the others.
    const right = x(point.hz) > W - 90 || (named.length > 1 && point.hz === leftmost && x(point.hz) > LEFT + 60);
    return s("text", { x: x(point.hz) + (right ? -9 : 9), y: lines[index], "text-anchor": right ? "end" : "start", fill: point.colour, "font-size": 12, "font-weight": 600 }, point.name);
  };
  const words = points.filter((point) => !point.small).map((point) => `${point.name} ${point.words}`).join(", ");
  return s("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": `PPV against frequency${curve ? ` with ${curve.name}` : ""}: ${words}` },
    s("rect", { x: LEFT, y: TOP, width: W - LEFT - RIGHT, height: H - TOP - BOTTOM, fill: colours.panel }), grid, text,
    s("rect", { x: LEFT, y: TOP, width: W - LEFT - RIGHT, height: H - TOP - BOTTOM, fill: "none", stroke: colours.frame }),
    s("polyline", { class: "limit", fill: "none", stroke: colours.ink, "stroke-width": 1.8, "stroke-linejoin": "round", points: line.map(([hz, limit]) => `${x(hz).toFixed(1)},${y(velocity(limit)).toFixed(1)}`).join(" ") }),
    points.map((point) => {
      const mark = symbol(point.shape, x(Math.min(Math.max(point.hz, HZ[0]), HZ[1])), y(velocity(point.inPerS)), point.small ? 2 : 4.5, point.colour);
      if (point.small) mark.setAttribute("fill-opacity", "0.55");
      return mark;
    }),
    named.map(label));
}

/** The plot in numbers. @param {Point[]} points @param {Curve | undefined} curve */
function table(points, curve) {
  const named = points.filter((point) => !point.small);
  const line = (curve?.points ?? []).filter(([hz]) => hz >= HZ[0] && hz <= HZ[1]);
  const head = (/** @type {string[]} */ words) => h("thead", null, h("tr", null, words.map((word) => h("th", { scope: "col" }, word))));
  return h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "PPV against frequency as a table" },
    h("table", { class: "plain" }, h("caption", null, "Peaks of the event"), head(["Channel", "Frequency (Hz)", `PPV (${velocityUnit()})`]),
      h("tbody", null, named.map((point) => h("tr", null, h("th", { scope: "row" }, point.name), h("td", null, Number(point.hz.toPrecision(3))), h("td", null, point.reading ? digits(point.reading, velocityUnit()) : velocityText(point.inPerS)))))),
    line.length > 0 && h("table", { class: "plain" }, h("caption", null, `Corners of ${curve?.name}`), head(["Frequency (Hz)", `Limit (${velocityUnit()})`]),
      h("tbody", null, corners(line).map(([hz, limit]) => h("tr", null, h("th", { scope: "row" }, Number(hz.toPrecision(3))), h("td", null, velocityText(limit)))))));
}

/** Points of a line at which it bends, on the axes of the plot. @param {[number, number][]} line */
function corners(line) {
  const slope = (/** @type {[number, number]} */ a, /** @type {[number, number]} */ b) => (Math.log(b[1]) - Math.log(a[1])) / Math.max(Math.log(b[0]) - Math.log(a[0]), 1e-9);
  return line.filter((point, index) => {
    const [before, after] = [line[index - 1], line[index + 1]];
    return !before || !after || Math.abs(slope(before, point) - slope(point, after)) > 0.02;
  });
}

/** @param {import("../types.js").Reading | null} reading The server's values are in the curve's own unit. */
function inReadersUnit(reading) {
  return readingText(reading, velocityUnit());
}

/** @param {Verdict} verdict @param {string} source Where the limits are from. */
function verdictWords(verdict, source) {
  const outcome = { within: "Within the limit", exceeds: "Exceeds the limit", no_verdict: "No verdict" }[verdict.outcome];
  const margin = verdict.margin_percent;
  return [
    h("p", { class: `outcome ${verdict.outcome}` }, h("span", { "aria-hidden": "true" }, { within: "✓", exceeds: "▲", no_verdict: "?" }[verdict.outcome]), " ", outcome),
    h("dl", { class: "facts" },
      h("dt", null, "Curve"), h("dd", null, inUnits(verdict.curve_name)),
      h("dt", null, "Source"), h("dd", null, inUnits(source)),
      h("dt", null, "Decided by"), h("dd", null, `${verdict.subject}: ${inReadersUnit(verdict.value)}${verdict.frequency ? ` at ${frequencyText(verdict.frequency)} Hz` : ""}`),
      h("dt", null, "Limit there"), h("dd", null, inReadersUnit(verdict.limit)),
      h("dt", null, "Margin"), h("dd", null, margin === null ? NONE : margin >= 0 ? `${fixed(margin, 1)} % below the limit` : `${fixed(-margin, 1)} % above the limit`)),
    h("p", null, inUnits(verdict.reason, [verdict.value, verdict.limit])),
    h("p", { class: "small" }, [verdict.standing === "provisional" ? "Provisional: the values come from secondary sources. " : "", ...verdict.remarks.map((remark) => `${inUnits(remark)} `)]),
  ];
}

/**
 * @param {HTMLElement} place @param {import("../types.js").EventDetail} detail
 * @param {import("../types.js").PlotDocument} plot @param {AbortSignal} signal
 * @param {(feet: string) => void} setDistance Takes the distance to the blast, for what is made elsewhere.
 */
export async function showLimits(place, detail, plot, signal, setDistance) {
  const known = await allCurves();
  const chosen = () => known.find((curve) => curve.id === pref("curve")) ?? known[0];
  const drawn = h("div");
  const asTable = new Fold();
  const figure = h("figure", { class: "limits-figure" }, drawn, asTable.element);
  const words = h("div", { class: "verdict", "aria-live": "polite" });
  const ofEvent = detail.event.distance_m === null ? "" : fixed(detail.event.distance_m / 0.3048, 0);
  const feet = h("input", { type: "number", min: 0, step: "any", class: "short", "aria-label": "Distance to the blast in feet", value: ofEvent, title: ofEvent && "The distance of this event" });
  if (ofEvent) setDistance(ofEvent);
  const distance = h("label", { hidden: true }, "Distance", feet, h("span", { class: "unit" }, "ft"));
  const picker = select("Limit curve", known.map((curve) => [curve.id, curve.name]), chosen()?.id ?? "", (id) => setPref("curve", id), { id: "curve" });
  const ask = lastAsked();
  /** @param {() => boolean} isLast */
  const judge = async (isLast) => {
    const curve = chosen();
    if (!curve) return;
    distance.hidden = !("by_distance" in curve.rule);
    /** @type {Verdict} */
    const verdict = await get(`/events/${detail.event.id}/verdict${queryString({ curve: curve.id, distance_ft: distance.hidden ? "" : feet.value })}`, signal);
    if (!isLast()) return;
    replace(words, verdictWords(verdict, curve.source));
    if (curve.points.length === 0) words.prepend(h("p", { class: "small" }, `This rule has no line over frequency; it judges: ${curve.judges}.`));
  };
  feet.addEventListener("change", () => { setDistance(feet.value); show(); });
  replace(place, h("div", { class: "section-head" }, h("h2", null, "Limits"), h("div", { class: "tools" }, picker, distance)), h("div", { class: "limits" }, figure, words));
  const show = () => { const isLast = ask(); void judge(isLast).catch((error) => { if (!signal.aborted && isLast()) replace(words, failure(error, "No verdict")); }); };
  const draw = () => {
    picker.value = chosen()?.id ?? "";
    const points = pointsOf(detail, plot);
    const curve = chosen();
    replace(drawn, drawing(points, curve));
    asTable.show(() => table(points, curve));
    show();
  };
  draw();
  return draw;
}
