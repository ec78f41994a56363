// @ts-check
/** The table of peaks. Values of the instrument's report take precedence; computed ones are marked. */

import { h } from "../dom.js";
import { channelColour } from "../theme.js";
import { NONE, digits, frequencyText, lengthText, lengthUnit, localText, microphoneReading, readingText, secondsText, signWords, velocityUnit } from "../units.js";

/** @typedef {import("../types.js").Measurements} Measurements */
/** @typedef {import("../types.js").ChannelMeasurements} ChannelMeasurements */

/** @param {import("../types.js").Measured<any> | undefined} measured @param {import("../dom.js").Child} text */
function marked(measured, text) {
  const words = signWords(measured?.value);
  return [words ? h("abbr", { title: words }, text) : text,
    measured?.origin === "computed" ? h("span", { class: "computed", title: "computed from the samples" }, "*") : null];
}

/** @param {Measurements} measurements */
export function measuresTable(measurements) {
  const geophones = measurements.channels.filter((channel) => channel.sensor !== "microphone");
  const microphones = measurements.channels.filter((channel) => channel.sensor === "microphone");
  const isHistogram = measurements.kind === "histogram";
  /** @param {string} title @param {(channel: ChannelMeasurements) => import("../dom.js").Child} cell */
  const row = (title, cell) => h("tr", null, h("th", { scope: "row" }, title), geophones.map((channel) => h("td", null, cell(channel))));
  const pvs = measurements.peak_vector_sum;
  const pvsAt = measurements.peak_vector_sum_time_s.value;
  const bound = measurements.vector_sum_upper_bound;
  return h("div", { class: "measures" },
    h("table", { class: "plain numbers" },
      h("caption", { class: "unseen" }, "Peaks of the geophones"),
      h("thead", null, h("tr", null, h("td", null), geophones.map((channel) => {
        const head = h("th", { scope: "col" }, channel.name);
        head.style.color = channelColour(measurements.channels.indexOf(channel));
        return head;
      }))),
      h("tbody", null,
        row(`PPV (${velocityUnit()})`, (channel) => marked(channel.peak, digits(channel.peak.value, velocityUnit()))),
        row("ZC frequency (Hz)", (channel) => marked(channel.zc_frequency, frequencyText(channel.zc_frequency.value))),
        isHistogram
          ? row("Interval (unit-local)", (channel) => marked(channel.peak_at, channel.peak_at?.value ? localText(channel.peak_at.value).slice(5, 16) : NONE))
          : row("Time from trigger (s)", (channel) => marked(channel.time_of_peak_s, channel.time_of_peak_s.value === null ? NONE : secondsText(channel.time_of_peak_s.value))),
        !isHistogram && row("Acceleration (g)", (channel) => marked(channel.peak_acceleration, digits(channel.peak_acceleration.value, "g"))),
        !isHistogram && row(`Displacement (${lengthUnit()})`, (channel) => marked(channel.peak_displacement, lengthText(channel.peak_displacement.value))))),
    h("dl", { class: "facts" },
      h("dt", null, "Peak vector sum"),
      h("dd", null, pvs.value ? [marked(pvs, readingText(pvs.value, velocityUnit())), pvsAt !== null && pvsAt !== undefined ? ` at ${secondsText(pvsAt)} s` : measurements.peak_vector_sum_at ? ` at ${localText(measurements.peak_vector_sum_at)}` : ""]
        : bound ? `at most ${readingText(bound.upper_bound, velocityUnit())} (the intervals' peaks need not coincide)` : NONE),
      microphones.map((channel) => {
        const shown = microphoneReading(channel.peak.value, channel.peak_psi?.value);
        const levels = channel.largest_levels;
        return [h("dt", null, `${channel.name} PSPL`), h("dd", null, marked(channel.peak, readingText(shown, shown?.unit ?? "")), levels?.l10 && `, L10 up to ${readingText(levels.l10, levels.l10.unit)}`, levels?.l90 && `, L90 up to ${readingText(levels.l90, levels.l90.unit)}`, channel.zc_frequency.value ? [", ", marked(channel.zc_frequency, `${frequencyText(channel.zc_frequency.value)} Hz`)] : "")];
      })),
    h("p", { class: "small" }, "As the instrument's report states; ", h("span", { class: "computed" }, "*"), " computed from the samples."));
}
