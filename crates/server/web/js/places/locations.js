// @ts-check
/** All locations: a plan with the latest verdict at each place, and a table. */

import { get, onlyLast } from "../api.js";
import { h, later, replace, select } from "../dom.js";
import { onChange } from "../live.js";
import { onPrefs, pref } from "../prefs.js";
import { address } from "../router.js";
import { announce, complain, failure, isSilent, toast } from "../say.js";
import { session } from "../sign_in.js";
import { countText, localText, readingText } from "../units.js";
import { verdictBadge } from "../verdict.js";
import { counted } from "./days.js";
import { planPicture, takeAway, upload } from "./plan.js";
import { placeStyles } from "./styles.js";

/** @typedef {import("./types.js").LocationSummary} LocationSummary */
/** @typedef {import("./types.js").Plans} Plans */

export async function locationsView() {
  await placeStyles();
  return show;
}

/** @param {HTMLElement} main */
function show(main) {
  document.title = "Locations · wavekeep";
  const leaving = new AbortController();
  const plan = h("section", { "aria-label": "Plan" });
  const table = h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Locations" });
  const total = h("p", { class: "total", role: "status" }, "…");
  replace(main, h("div", { class: "page places" }, h("div", { class: "list-head" }, h("h1", null, "Locations"), total), plan, table));
  let mayPlace = false;
  let isEditing = false;
  /** The project whose plan is shown; the whole archive is nothing. */
  let project = "";
  /** @type {LocationSummary[]} */
  let locations = [];
  /** @type {string[]} */
  let projects = [];
  /** @type {Plans | null} */
  let plans = null;

  const draw = () => {
    const named = locations.filter((of) => of.location !== null);
    total.textContent = counted(named.length, "location");
    replace(table, named.length === 0 ? h("p", { class: "empty" }, "No event names a location. “Correct …” in the list of events sets it.") : locationTable(locations));
    if (plans) drawPlan(plans);
  };

  /** @param {Plans} all */
  const drawPlan = (all) => {
    const focused = document.activeElement?.closest(".pin")?.getAttribute("data-location");
    const shown = all.plans.find((of) => (of.project ?? "") === project) ?? null;
    const changed = (/** @type {string} */ words = "") => { if (words) toast(words); reload(); };
    const file = h("input", { type: "file", accept: "image/png,image/jpeg,image/svg+xml,.png,.jpg,.jpeg,.svg", class: "unseen", tabindex: -1, "aria-label": "Picture of the plan" });
    file.addEventListener("change", () => { const [one] = file.files ?? []; if (one) void upload(one, project || null, changed); file.value = ""; });
    const ask = (/** @type {string} */ words, /** @type {string} */ kind) => h("button", { type: "button", class: kind, onclick: () => file.click() }, words);
    const choices = /** @type {[string, string][]} */ ([["", "The whole archive"], ...[...new Set([...all.plans.flatMap((of) => of.project ?? []), ...projects])].sort().map((name) => [name, name])]);
    const choose = select("Plan of", choices.map(([value, words]) => [value, all.plans.some((of) => (of.project ?? "") === value) ? words : `${words} – no plan`]), project, (value) => { project = value; isEditing = false; draw(); });
    const tools = h("div", { class: "tools" }, choose,
      mayPlace && shown && [h("button", { type: "button", "aria-pressed": String(isEditing), onclick: () => { isEditing = !isEditing; draw(); announce(isEditing ? "Locations can be placed" : "Done"); } }, isEditing ? "Done" : "Place locations"), ask("Other picture …", ""), h("button", { type: "button", onclick: () => void takeAway(project || null, changed) }, "Take away")], file);
    const empty = h("div", { class: "empty plan-empty" }, h("p", null, h("strong", null, "No plan yet")), h("p", null, mayPlace ? "A site plan, an aerial photo or a sketch (PNG, JPEG or SVG) shows the latest verdict at each place. Nothing is loaded from elsewhere." : "Users with the role review set a picture and place locations on it."), mayPlace && ask("Set a picture …", "primary"));
    replace(plan, h("div", { class: "section-head" }, h("h2", null, "Plan"), tools),
      all.not_understood.length > 0 && h("p", { class: "notice bad" }, `Plans are without these entries of the ledger, which a newer version wrote: ${all.not_understood.join(", ")}.`),
      shown ? [planPicture(shown, locations, isEditing, changed), isEditing && h("p", { class: "small", id: "plan-keys" }, "Drag a location, or choose it and use the arrow keys, with Shift for large steps; Delete takes it off. Each place is an entry of the ledger, and can be undone."),
        h("p", { class: "small" }, `${shown.picture.name ?? "Picture"}, set by ${shown.who} on ${shown.at.slice(0, 10)} (entry ${shown.entry})`)] : empty);
    if (focused) /** @type {HTMLElement | undefined} */ ([...plan.querySelectorAll(".pin")].find((pin) => pin.getAttribute("data-location") === focused))?.focus();
  };

  const asking = onlyLast(leaving.signal);
  const load = async () => {
    const signal = asking();
    /** @type {[LocationSummary[], Plans, { project: string | null }[]]} */
    const [found, all, named] = await Promise.all([get("/locations", signal), get("/plans", signal), get("/projects", signal)]);
    // The first plan there is, unless the reader chose one.
    if (!plans) project = all.plans[0]?.project ?? "";
    [locations, plans, projects] = [found, all, named.flatMap((of) => of.project ?? [])];
    draw();
  };
  const reload = () => void load().catch((error) => { if (!isSilent(error)) { total.textContent = ""; replace(table, failure(error, "The locations cannot be shown")); } });
  void session().then((caller) => { mayPlace = caller.role !== "read" && caller.role !== "import" && !caller.read_only; }).catch(complain).finally(reload);
  const endPrefs = onPrefs(draw);
  const endLive = onChange(later(1000, reload));
  return () => { leaving.abort(); endPrefs(); endLive(); };
}

/** @param {LocationSummary[]} locations */
function locationTable(locations) {
  const number = (/** @type {number} */ of) => h("td", { class: "number" }, countText(of));
  const verdict = (/** @type {LocationSummary} */ of) => (of.last_verdict === "no_level" ? h("span", { class: "soft" }, "no level") : of.last_verdict ? verdictBadge(of.last_verdict) : "");
  return h("table", { class: "plain lines" },
    h("thead", null, h("tr", null, ["Location", "Latest verdict", "Latest event (unit-local)", "PPV"].map((word) => h("th", { scope: "col" }, word)), ["Events", "Exceed", "Warn", "False"].map((word) => h("th", { scope: "col", class: "number" }, word)))),
    h("tbody", null, locations.map((of) => h("tr", null,
      h("th", { scope: "row" }, of.location === null ? h("a", { href: address({ without: "location" }), "data-route": true, class: "soft" }, "without location") : h("a", { href: address({ view: "location", location: of.location }), "data-route": true }, of.location)),
      h("td", null, verdict(of)),
      h("td", null, of.last_event === null ? localText(of.last) : h("a", { href: address({ event: of.last_event, location: of.location }), "data-route": true }, localText(of.last))),
      h("td", null, readingText(of.last_ppv, pref("velocity"))),
      number(of.events), number(of.exceeds), number(of.warns), number(of.false_triggers)))));
}
