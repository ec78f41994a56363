// @ts-check
/** Import: files are dropped anywhere, or chosen. Each file gets a result. */

import { get, link, Problem, queryString } from "./api.js";
import { byId, h, replace } from "./dom.js";
import { onImport } from "./live.js";
import { address, go } from "./router.js";
import { announce, complain } from "./say.js";
import { bytesText, countText, utcText } from "./units.js";

/**
 * @typedef {{
 *   name: string, id?: number, serial?: string, filename?: string, outcome?: string,
 *   report_name?: string | null, report?: { status: string }, assumed?: string[], not_decoded?: string[],
 *   serial_unknown?: boolean, monitor_log?: boolean, error?: { kind: string, detail: string }
 * }} Result
 * @typedef {{ session: number, warnings?: string[], results: Result[] }} Answer
 */

/** Results in words. @type {Record<string, string>} */
const OUTCOMES = {
  new: "new", same: "already in the archive", paired_late: "completed by its report", frames_added: "completed by its raw frames",
  moved: "was stored as UNKNOWN; now stored under its unit",
  conflict: "stored under another name: a different file has this one",
};

/** @type {Answer[]} */
const answers = [];
/** @type {(() => void) | null} */
let show = null;
let running = "";
/** Which of several requests, where there are several. */
let doing = "";
/** The name of the upload that is being saved: the server's messages of its progress carry it. */
let tag = "";

/** Files of a request; more are sent in several, so that progress is seen. */
const AT_ONCE = 200;

/** @param {File[]} files */
export async function importFiles(files) {
  if (files.length === 0) return;
  if (!new URLSearchParams(location.search).get("view")) go({ view: "import" });
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const own = crypto.getRandomValues(new Uint32Array(2)).join("-");
  let before = 0;
  try {
    for (let first = 0; first < files.length; first += AT_ONCE) {
      const some = files.slice(first, first + AT_ONCE);
      tag = `${own}-${first}`;
      doing = files.length > AT_ONCE ? ` (files ${first + 1} to ${first + some.length} of ${files.length})` : "";
      progress(before / Math.max(total, 1), `Sending ${bytesText(total)}`);
      const answer = await upload(some, (sent) => progress((before + sent) / total, `Sending ${bytesText(before + sent)} of ${bytesText(total)}`));
      before += some.reduce((sum, file) => sum + file.size, 0);
      answers.unshift(answer);
      show?.();
    }
    const bad = answers[0]?.results.filter((result) => result.error).length ?? 0;
    announce(`Import finished${bad ? `, ${bad} refused` : ""}`);
  } catch (error) {
    complain(error);
  } finally {
    running = tag = doing = "";
    show?.();
  }
}

/** Progress of sending is known to XMLHttpRequest alone. @param {File[]} files @param {(sent: number) => void} sending @returns {Promise<Answer>} */
function upload(files, sending) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    for (const file of files) form.append("files", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", link(`/import${queryString({ tag })}`));
    request.responseType = "json";
    request.setRequestHeader("accept", "application/json");
    request.upload.addEventListener("progress", (event) => sending(event.loaded));
    request.addEventListener("load", () => request.status < 300 ? resolve(request.response)
      : reject(new Problem(request.status, request.response?.detail ?? `The server answered ${request.status}.`)));
    request.addEventListener("error", () => reject(new Problem(0, "The server does not answer. Some of these files may not be saved: send them again. Files that are already there are recognised.")));
    request.send(form);
  });
}

const bar = h("progress", { max: 1, value: 0, "aria-label": "Import" });
const words = h("p", { class: "small", role: "status" });

/** @param {number} share @param {string} text */
function progress(share, text) {
  bar.value = share;
  running = text;
  words.textContent = text;
  show?.();
}

onImport(({ tag: of, done, total }) => { if (running && of === tag) progress(total ? done / total : 0, `Saved ${countText(done)} of ${countText(total)}${doing}`); });

/** @param {Result} result */
function row(result) {
  const bad = !!result.error;
  const outcome = result.error ? `refused: ${result.error.detail}` : (OUTCOMES[result.outcome ?? ""] ?? result.outcome ?? "stored");
  const more = [
    result.report_name ? `with ${result.report_name}` : result.report?.status === "not_paired" ? "no report" : "",
    result.assumed?.length ? `assumed: ${result.assumed.join(", ")}` : "",
    result.monitor_log ? "a monitor log: kept as it came, nothing is read from it" : "",
    result.serial_unknown ? "unknown unit: stored as UNKNOWN" : "",
    ...(result.not_decoded ?? []),
  ].filter(Boolean).join("; ");
  return h("tr", { class: bad ? "bad" : null }, h("th", { scope: "row" }, result.id ? h("a", { href: address({ event: result.id }), "data-route": true }, result.name) : result.name),
    h("td", null, result.serial ?? ""), h("td", null, bad ? h("strong", null, outcome) : outcome), h("td", null, more));
}

/**
 * @typedef {{
 *   id: number, started_at: string, ended_at: string | null, source: string,
 *   counts: { received: number, new: number, same: number, paired_late: number, conflicts: number, refused: number }
 * }} Session
 */

/** Imports that are listed. */
const LATEST = 12;

/** Where an import came from: names, not the folders of the server. @param {string} source */
function from(source) {
  if (source === "http") return "this page, or a program over HTTP";
  const names = source.split(", ").map((path) => path.split(/[\\/]/).filter(Boolean).pop() ?? path);
  return names.length > 3 ? `${names.slice(0, 2).join(", ")} and ${names.length - 2} more` : names.join(", ");
}

/** The latest imports, of whatever kind. @param {HTMLElement} place @param {AbortSignal} signal */
async function showEarlier(place, signal) {
  /** @type {Session[]} */
  const sessions = await get(`/sessions${queryString({ limit: LATEST })}`, signal);
  if (sessions.length === 0) return;
  const words = (/** @type {Session["counts"]} */ counts) => [[counts.new, "new"], [counts.same, "already there"], [counts.paired_late, "completed"], [counts.conflicts, "stored under another name"], [counts.refused, "refused"]]
    .filter(([n]) => n).map(([n, word]) => `${countText(Number(n))} ${word}`).join(", ") || "nothing";
  replace(place, h("h2", null, "Earlier imports"), h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Earlier imports" }, h("table", { class: "plain" },
    h("thead", null, h("tr", null, ["Import", "Began", "From", "Result"].map((word) => h("th", { scope: "col" }, word)))),
    h("tbody", null, sessions.map((session) => h("tr", null, h("th", { scope: "row" }, session.id), h("td", { class: "moment" }, utcText(session.started_at)), h("td", null, from(session.source)), h("td", null, words(session.counts), session.ended_at ? "" : " (not ended)")))))));
}

/** @param {HTMLElement} main */
export function importView(main) {
  document.title = "Import · wavekeep";
  const leaving = new AbortController();
  const earlier = h("section", { class: "earlier" });
  const chooser = h("input", { type: "file", multiple: true, class: "unseen", id: "chooser", tabindex: -1, "aria-hidden": "true" });
  chooser.addEventListener("change", () => { void importFiles([...(chooser.files ?? [])]); chooser.value = ""; });
  const results = h("div", { class: "results" });
  replace(main, h("div", { class: "import" }, h("h1", null, "Import"),
    h("div", { class: "drop" }, h("p", null, "Drop event files, folders and reports anywhere on the page. Reports are paired by name."), chooser,
      h("button", { type: "button", class: "primary", onclick: () => byId("chooser").click() }, "Choose files")),
    bar, words, results, earlier));
  const list = () => void showEarlier(earlier, leaving.signal).catch(complain);
  let listed = -1;
  show = () => {
    bar.hidden = !running;
    words.hidden = !running;
    if (listed !== answers.length) { listed = answers.length; list(); }
    replace(results, answers.map((answer) => {
      const refused = answer.results.filter((result) => result.error).length;
      return h("section", null, h("h2", null, `Import ${answer.session}: ${answer.results.length} ${answer.results.length === 1 ? "result" : "results"}${refused ? `, ${refused} refused` : ""}`),
        (answer.warnings ?? []).map((warning) => h("p", { class: "notice bad" }, warning)),
        h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": `Import ${answer.session}` }, h("table", { class: "plain" }, h("thead", null, h("tr", null, ["File", "Unit", "Result", "Remarks"].map((word) => h("th", { scope: "col" }, word)))), h("tbody", null, answer.results.map(row)))));
    }));
  };
  show();
  return () => { show = null; leaving.abort(); };
}
