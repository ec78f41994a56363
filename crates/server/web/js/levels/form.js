// @ts-check
/** The forms that set an alarm level and end one. */

import { get, send } from "../api.js";
import { field, showForm } from "../dialog.js";
import { h, select } from "../dom.js";
import { placeWords } from "./words.js";

/** @typedef {import("../types.js").Level} Level */
/** @typedef {import("../types.js").Curve} Curve */

/** A limit of the air as the program keeps it: one level for all frequencies. @param {number} level */
function airFile(level) {
  const written = String(level);
  const constant = Number.isInteger(level) ? `${written}.0` : written;
  return { curve: `air-${written}`, own: `[[curve]]\nid = "air-${written}"\nname = "${written} dB(L)"\nunit = "dB(L)"\njudges = "air overpressure"\nsource = "set for this archive"\npieces = [{ constant = ${constant} }]\n` };
}

/** @param {Curve[]} curves @param {() => void} done @param {Partial<Level["for"]>} [preset] */
export function setForm(curves, done, preset = {}) {
  const isAir = (/** @type {Curve} */ curve) => curve.judges === "air overpressure";
  const project = h("input", { list: "level-projects", value: preset.project ?? "", placeholder: "all projects" });
  const location = h("input", { list: "level-locations", value: preset.location ?? "", placeholder: "all locations" });
  const serial = h("input", { list: "level-units", value: preset.serial ?? "", placeholder: "all units" });
  const ground = select("Curve for the ground", [["", "none set here"], ...curves.filter((curve) => !isAir(curve)).map((curve) => /** @type {[string, string]} */ ([curve.id, curve.name])), ["own", "a curve of my own file …"]], "", () => show());
  const file = h("input", { type: "file", accept: ".toml,text/plain" });
  const own = h("input", { placeholder: "permit-7" });
  const feet = h("input", { type: "number", min: 0, step: "any" });
  const warning = h("input", { type: "number", min: 1, max: 100, step: "any", value: "80" });
  const air = h("input", { type: "number", min: 1, step: "any", placeholder: "none set here" });
  const from = h("input", { type: "date" });
  const hours = h("input", { placeholder: "the whole day, or 22:00-06:00" });
  const reason = h("input", { maxlength: 500, placeholder: "permit 7" });
  const ofFile = h("div", null, field("File with the curve (TOML)", file), field("Id of the curve in the file", own));
  const ofDistance = h("div", null, field("Distance to the blast", feet, h("span", { class: "unit" }, "ft")));
  const show = () => {
    ofFile.hidden = ground.value !== "own";
    ofDistance.hidden = !("by_distance" in (curves.find((curve) => curve.id === ground.value)?.rule ?? {}));
  };
  show();
  const names = h("span");
  const list = (/** @type {string} */ id, /** @type {(string | null)[]} */ all) => h("datalist", { id }, all.filter(Boolean).map((value) => h("option", { value })));
  void Promise.all([get("/projects"), get("/locations"), get("/units")]).then((/** @type {any[]} */ [projects, locations, units]) => names.append(
    list("level-projects", projects.map((/** @type {any} */ one) => one.project)), list("level-locations", locations.map((/** @type {any} */ one) => one.location)), list("level-units", units.map((/** @type {any} */ one) => one.serial)))).catch(() => {});
  const words = (/** @type {HTMLInputElement} */ input) => input.value.trim() || undefined;
  const body = [
    h("fieldset", null, h("legend", null, "For which events"), h("p", { class: "small" }, "Empty fields do not matter; all empty is the whole archive. The narrowest level applies."), field("Project", project), field("Location", location), field("Unit", serial)),
    h("fieldset", null, h("legend", null, "Limits"), field("Ground", ground), ofFile, ofDistance, field("Air", air, h("span", { class: "unit" }, "dB(L)")), field("Warns from", warning, h("span", { class: "unit" }, "% of the limit"))),
    h("fieldset", null, h("legend", null, "When"), field("From (unit-local)", from), field("Hours of the day", hours), field("Reason", reason)), names];
  return showForm("Set an alarm level", body, "Set the level", async () => {
    const warning_percent = Number(warning.value);
    /** @type {Record<string, unknown>} */
    const level = { for: { project: words(project), location: words(location), serial: words(serial) }, from: words(from), hours: words(hours), reason: words(reason) };
    if (ground.value === "own") {
      const text = await file.files?.[0]?.text();
      if (!text) throw new Refused("Choose the file that has the curve", file);
      level["ground"] = { curve: words(own) ?? "", own: text, warning_percent };
    } else if (ground.value) level["ground"] = { curve: ground.value, warning_percent, ...(ofDistance.hidden ? {} : { distance_ft: Number(feet.value) || undefined }) };
    if (air.value) level["air"] = { ...airFile(Number(air.value)), warning_percent };
    await send("POST", "/levels", level);
    done();
  }, (error) => {
    if (error instanceof Refused) return error.input;
    const text = String(error);
    /** @type {[RegExp, HTMLElement][]} */
    const places = [[/distance/i, feet], [/warn/i, warning], [/22:00-06:00|hours/i, hours], [/date|time/i, from], [/needs a limit/i, ground], [/curve|file|toml/i, ground.value === "own" ? own : ground]];
    return places.find(([pattern]) => pattern.test(text))?.[1] ?? null;
  });
}

/** What a field lacks before anything is sent. */
class Refused extends Error {
  /** @param {string} message @param {HTMLElement} input */
  constructor(message, input) {
    super(message);
    this.input = input;
  }
}

/** @param {Level} level @param {() => void} done */
export function endForm(level, done) {
  const both = !!level.ground && !!level.air;
  const what = select("What ends", [["both", "ground and air"], ["ground", "ground"], ["air", "air"]], both ? "both" : level.ground ? "ground" : "air", () => {});
  const from = h("input", { type: "date" });
  const reason = h("input", { maxlength: 500 });
  showForm("End an alarm level", [
    h("p", null, `Of ${placeWords(level.for)}${level.hours ? `, ${level.hours}` : ""}. Earlier events keep their verdicts if a day is stated; the level of the wider place applies again.`),
    both && field("What ends", what), field("From (unit-local); without it, for all events", from), field("Reason", reason)], "End the level", async () => {
    const ends = what.value === "both" ? ["ground", "air"] : [what.value];
    await send("POST", "/levels", { for: level.for, hours: level.hours ?? undefined, ends, from: from.value || undefined, reason: reason.value.trim() || undefined });
    done();
  });
}
