// @ts-check
/** One event: its traces, its measurements, its limits, its review. */

import { get, lastAsked, link, onlyLast, queryString } from "../api.js";
import { h, later, renew, replace } from "../dom.js";
import { setKeys } from "../keys.js";
import { onChange } from "../live.js";
import { onPrefs, pref, unitQuery } from "../prefs.js";
import { address, go } from "../router.js";
import { announce, complain, failure, isSilent, toast } from "../say.js";
import { correctOne, moveToUnit } from "../correct.js";
import { isSaturated } from "../events/columns.js";
import { neighbours, places, sessionOf } from "../events/session.js";
import { review, undo } from "../review.js";
import { countText, localText } from "../units.js";
import { facts } from "./facts.js";
import { showLedger } from "./ledger.js";
import { showLimits } from "./limits.js";
import { showLog } from "./log.js";
import { measuresTable } from "./measures.js";
import { reviewBar } from "./review_bar.js";
import { sensorCheck } from "./sensor_check.js";
import { plotOf, withValues } from "./quantity.js";
import { showTraces } from "./traces.js";
import { showVerdict } from "./verdict.js";

/** @typedef {import("../types.js").EventDetail} EventDetail */
/** @typedef {import("../router.js").Params} Params */

/** @param {HTMLElement} main @param {number} id @param {Params} filters */
export function eventView(main, id, filters) {
  document.title = `Event ${id} · wavekeep`;
  const leaving = new AbortController();
  const { signal } = leaving;
  /** @type {(() => void)[]} */
  const redraws = [];
  /** @type {(() => void)[]} */
  const ends = [];
  /** @type {EventDetail | null} */
  let detail = null;
  /** Distance to the blast in feet, for the curves that need it. */
  let distance_ft = "";

  const head = h("div", { class: "event-head" });
  const bar = reviewBar({
    markFalse: () => void change({ false_trigger: true }),
    confirm: () => void change({ false_trigger: false }),
    note: (notes) => change({ notes: notes || null }),
    undo: () => void takeBack(),
  });
  const traces = h("section", { class: "traces", "aria-label": "Channels" }, h("p", { class: "waiting-words" }, "Reading the event …"));
  const verdict = h("section", { class: "verdicts", "aria-label": "Verdict" });
  const measures = h("section", { "aria-label": "Peaks" });
  const limits = h("section", { "aria-label": "Limits" });
  const spectrum = h("section", { "aria-label": "Spectra" });
  const known = h("section", { "aria-label": "Facts" });
  const log = h("section", { "aria-label": "Log" });
  const ledger = h("section", { "aria-label": "Ledger" });
  replace(main, h("article", { class: "event" }, head, bar.element, verdict,
    h("div", { class: "event-grid" },
      h("div", { class: "wide" }, traces, spectrum),
      h("div", { class: "narrow" }, measures, limits, known, log, ledger))));

  const showHead = () => {
    if (!detail) return;
    const { event } = detail;
    const around = neighbours(id);
    document.title = `${event.serial} ${localText(event.timestamp)} · wavekeep`;
    /** @param {"before" | "after"} side @param {string} words @param {string} key */
    const step = (side, words, key) => {
      const other = around?.[side];
      return other ? h("a", { class: "button", href: address({ ...filters, event: other }), "data-route": true, "data-step": side }, words, " ", h("kbd", null, key))
        : h("span", { class: "button off", "aria-disabled": "true" }, words, " ", h("kbd", null, key));
    };
    const language = pref("language") === "en" ? "" : pref("language");
    renew(head,
      h("div", { class: "crumbs" }, h("a", { href: address(filters), "data-route": true }, "← Events"),
        h("nav", { "aria-label": "Other events" }, step("before", "‹ Previous", "p"), h("span", { class: "place" }, around ? `${countText(around.place)} of ${countText(around.total)}` : "place in the list not known"), step("after", "Next ›", "n"))),
      h("h1", null, h("span", null, event.serial), " ", h("span", { class: "when" }, localText(event.timestamp)), h("span", { class: "zone" }, " unit-local time, no zone"),
        event.false_trigger && h("span", { class: "badge struck" }, "false trigger"), event.damaged && h("span", { class: "badge bad" }, "damaged"),
        event.contradicted && h("span", { class: "badge bad" }, "report disagrees"), event.corrected.length > 0 && h("span", { class: "badge", title: `Corrected: ${event.corrected.join(", ")}` }, "corrected"), isSaturated(event) && h("span", { class: "badge bad" }, "saturated")),
      h("p", { class: "sub" }, h("span", { class: "about-event" }, [event.kind, event.filename, event.project, event.location].filter(Boolean).join(" · ")),
        h("span", { class: "downloads" },
          h("a", { class: "button", href: link(`/events/${id}/report.pdf${queryString({ curve: pref("curve"), distance_ft, language, ...unitQuery() })}`), target: "_blank", rel: "noopener" }, language ? `Report PDF (${language})` : "Report PDF"),
          h("a", { class: "button", href: link(`/events/${id}/csv${queryString(unitQuery())}`), download: `${event.filename}.csv` }, "CSV"),
          h("a", { class: "button", href: link(`/events/${id}/file`), download: event.filename }, "File"),
          event.has_report && h("a", { class: "button", href: link(`/events/${id}/report.txt`), target: "_blank", rel: "noopener" }, "Report text"),
          h("button", { type: "button", onclick: () => print() }, "Print"))));
  };
  const forVerdict = onlyLast(signal), forHistory = onlyLast(signal);
  const showHistory = async () => {
    const own = forHistory();
    // A question that was asked after this one has its own answer.
    await Promise.all([showLog(log, id, own), showLedger(ledger, id, own)]).catch((error) => { if (!own.aborted) throw error; });
  };

  const showKnown = () => {
    if (!detail) return;
    showHead();
    bar.show(detail.event);
    renew(known, facts(detail, { correct, move }));
    void showVerdict(verdict, detail.event, forVerdict()).catch((error) => { if (!isSilent(error)) replace(verdict, failure(error, "The verdict cannot be shown")); });
    renew(measures, h("h2", null, "Peaks"), detail.measurements ? measuresTable(detail.measurements) : h("p", null, "Nothing could be measured."), sensorCheck(detail.sidecar));
  };

  const ask = lastAsked();
  const reread = async () => {
    const isLast = ask();
    const now = await get(`/events/${id}`, signal);
    if (!isLast()) return;
    detail = now;
    if (places.row?.id === id && detail) places.row = detail.event;
    showKnown();
    await showHistory();
  };

  /** @param {{ false_trigger?: boolean, notes?: string | null }} patch */
  async function change(patch) {
    // Whatever is shown when the answer comes: the message names the event that was changed.
    const name = nameOf();
    try {
      await review(id, patch);
      toast(`${name}: ${"notes" in patch ? "note saved" : patch.false_trigger ? "marked as a false trigger" : "reviewed, a real event"}`, { label: "Undo", act: () => void takeBack() });
      await reread();
    } catch (error) {
      complain(error, `${name} was not changed`);
    }
  }
  const correct = () => {
    if (detail) correctOne(detail.event, detail.sidecar, async (corrections) => {
      await review(id, { corrections });
      toast(`${nameOf()}: corrected`, { label: "Undo", act: () => void takeBack() });
      await reread();
    });
  };
  const move = () => {
    if (detail) moveToUnit(detail.event, async () => {
      await reread();
      toast(`Moved to ${detail?.event.serial}`);
    });
  };
  async function takeBack() {
    const name = nameOf();
    try {
      await undo(id);
      toast(`${name}: undone`);
      await reread();
    } catch (error) {
      complain(error, `${name}: not undone`);
    }
  }
  const nameOf = () => (detail ? `${detail.event.serial} ${localText(detail.event.timestamp)}` : `Event ${id}`);

  async function load() {
    const [first, plot] = await Promise.all([
      /** @type {Promise<EventDetail>} */ (get(`/events/${id}`, signal)),
      plotOf(id, "velocity", signal).catch((error) => { if (signal.aborted) throw error; return /** @type {Error} */ (error); }),
    ]);
    detail = first;
    Object.assign(places, { row: first.event, filters: queryString(filters) });
    showKnown();
    announce(`${first.event.serial}, ${localText(first.event.timestamp)}`);
    void showHistory().catch(complain);
    void sessionOf(id, filters, signal, places.index).then(() => {
      places.index = (neighbours(id)?.place ?? places.index + 1) - 1;
      showHead();
    }).catch(complain);
    if (first.event.kind === "stream") {
      replace(traces, h("h2", null, "Stream"), h("p", null, h("a", { href: address({ stream: id }), "data-route": true }, "Open the run"), ", all of its channels over time."));
      return;
    }
    if (plot instanceof Error) {
      replace(traces, h("h2", null, "Traces"), failure(plot, "Nothing can be drawn"));
      return;
    }
    const recorded = await withValues(id, plot, signal);
    if (signal.aborted) return;
    const drawn = showTraces(traces, first, recorded, signal);
    redraws.push(drawn.draw);
    ends.push(drawn.destroy);
    const more = [showLimits(limits, first, plot, signal, (feet) => { distance_ft = feet; showHead(); })];
    if (!plot.time_axis.histogram_aggregated) more.push(import("./spectrum.js").then(({ showSpectrum }) => showSpectrum(spectrum, id, signal)));
    for (const part of more) void part.then((draw) => redraws.push(draw)).catch(complain);
  }
  void load().catch((error) => {
    if (isSilent(error)) return;
    replace(main, h("div", { class: "page" }, h("h1", { class: "unseen" }, `Event ${id}`), failure(error, `Event ${id} cannot be shown`, h("a", { class: "button primary", href: address(filters), "data-route": true }, "Back to the events"))));
  });

  ends.push(onPrefs(() => { showKnown(); redraws.forEach((draw) => draw()); }));
  const changed = later(100, () => void reread().catch(complain));
  ends.push(onChange((change) => { if (change.id === id || change.what === "reset") changed(); }));

  /** @param {"before" | "after"} side */
  const step = (side) => {
    const other = neighbours(id)?.[side];
    if (other) go({ ...filters, event: other });
    else toast(side === "after" ? "This is the last event of the list" : "This is the first event of the list");
  };
  setKeys([
    { keys: ["n", "j"], words: "next event", act: () => step("after") },
    { keys: ["p", "k"], words: "previous event", act: () => step("before") },
    { keys: ["f"], words: "a false trigger", act: () => void change({ false_trigger: true }) },
    { keys: ["r"], words: "reviewed: a real event", act: () => void change({ false_trigger: false }) },
    { keys: ["c"], words: "correct project, client, operator, location, charge, distance", act: () => correct() },
    { keys: ["e"], words: "write a note", act: () => bar.edit() },
    { keys: ["u"], words: "undo the last change", act: () => void takeBack() },
    { keys: ["Escape"], words: "back to the list", act: () => go(filters) },
  ]);

  return () => {
    leaving.abort();
    ends.forEach((end) => end());
  };
}
