// @ts-check
/** Alarm levels: those in force, their history, and forms for the people who may set them. */

import { get, onlyLast } from "../api.js";
import { allCurves } from "../event/limits.js";
import { h, later, replace } from "../dom.js";
import { setKeys } from "../keys.js";
import { onChange } from "../live.js";
import { complain, failure, isSilent, toast } from "../say.js";
import { session } from "../sign_in.js";
import { endForm, setForm } from "./form.js";
import { limitWords, placeWords, timeWords } from "./words.js";
import { utcText } from "../units.js";

/** @typedef {import("../types.js").Level} Level */
/** @typedef {import("../types.js").Curve} Curve */

/** @param {HTMLElement} main */
export function levelsView(main) {
  document.title = "Alarm levels · wavekeep";
  const leaving = new AbortController();
  const place = h("section", { "aria-label": "Levels in force" });
  const past = h("section", { class: "earlier", "aria-label": "History" });
  const actions = h("span", { class: "downloads" });
  replace(main, h("div", { class: "page levels" }, h("div", { class: "list-head" }, h("h1", null, "Alarm levels"), actions), place, past));
  let maySet = false;

  /** @param {Level[]} levels @param {Curve[]} curves @param {boolean} withEnd */
  const table = (levels, curves, withEnd) => h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": withEnd ? "Levels in force" : "History" }, h("table", { class: "plain" },
    h("thead", null, h("tr", null, ["For", "Ground", "Air", "When", "Set by", "Reason"].map((word) => h("th", { scope: "col" }, word)), withEnd && h("th", { scope: "col" }, h("span", { class: "unseen" }, "Actions")))),
    h("tbody", null, levels.map((level) => {
      const cell = (/** @type {"ground" | "air"} */ part) => h("td", { "data-label": part === "ground" ? "Ground" : "Air" }, level.ends?.includes(part) ? "ends" : limitWords(level[part], curves));
      return h("tr", null, h("th", { scope: "row" }, placeWords(level.for)), cell("ground"), cell("air"), h("td", { "data-label": "When" }, timeWords(level)),
        h("td", { "data-label": "Set by" }, level.who, h("span", { class: "leaf" }, `${utcText(level.at)}, entry ${level.entry}`)), h("td", { "data-label": "Reason" }, level.reason ?? "", !withEnd && level.in_force && h("span", { class: "badge good" }, "in force")),
        withEnd && h("td", null, h("button", { type: "button", onclick: () => endForm(level, () => done("The level has ended")) }, "End …", h("span", { class: "unseen" }, ` the level of ${placeWords(level.for)}`))));
    }))));

  const asking = onlyLast(leaving.signal);
  const load = async () => {
    const signal = asking();
    /** @type {[{ levels: Level[], not_understood: number[] }, Curve[]]} */
    const [{ levels, not_understood }, curves] = await Promise.all([get("/levels?all=true", signal), allCurves()]);
    if (signal.aborted) return;
    const now = levels.filter((level) => level.in_force);
    replace(place, h("h2", null, "In force now"),
      not_understood.length > 0 && h("p", { class: "notice bad" }, `Verdicts are without the levels of these entries of the ledger, which a newer version set: ${not_understood.join(", ")}.`),
      now.length > 0 ? table(now, curves, maySet) : h("div", { class: "empty" }, h("p", null, "No alarm level is in force: events have no verdict."), maySet && h("button", { type: "button", class: "primary", onclick: () => open() }, "Set a level …")),
      h("p", { class: "small" }, "The narrowest level applies: location and project, location, unit, project, archive. Ground and air are inherited separately. An event is judged by the level in force at its time."));
    replace(past, levels.length > 0 && [h("h2", null, "History"), table([...levels].reverse(), curves, false)]);
  };
  const reload = () => void load().catch((error) => { if (!isSilent(error)) replace(place, failure(error, "The alarm levels cannot be shown")); });
  const done = (/** @type {string} */ words) => { toast(`${words}: the events are judged again`); reload(); };
  const open = () => void allCurves().then((curves) => setForm(curves, () => done("The level is set"))).catch(complain);
  void session().then((caller) => {
    maySet = caller.role === "admin" && !caller.read_only;
    replace(actions, maySet ? h("button", { type: "button", class: "primary", onclick: open }, "Set a level …") : h("span", { class: "small" }, "Alarm levels are set by users with the role admin."));
    reload();
  }).catch(complain);
  setKeys([]);
  const endLive = onChange(later(1000, reload));
  return () => { leaving.abort(); endLive(); };
}
