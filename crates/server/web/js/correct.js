// @ts-check
/** Project, client, operator, location, charge and distance of events are corrected; what the unit has stays beside it. */

import { get, send } from "./api.js";
import { field, showForm } from "./dialog.js";
import { h, select } from "./dom.js";
import { readingText } from "./units.js";

/** @typedef {import("./types.js").EventRow} EventRow */
/** @typedef {Record<string, string | null>} Corrections null is what the unit has, an empty text is none. */

/** Fields with their labels, and their names in the sidecar. */
export const TEXTS = /** @type {const} */ ([["project", "Project", "project"], ["client", "Client", "client"], ["operator", "Operator", "operator"], ["location", "Location", "sensor_location"]]);

/** What is known of the blast: fields with their labels and an example. */
export const BLAST = /** @type {const} */ ([["charge", "Charge per delay", "45 kg or 99.2 lb"], ["distance", "Distance to the blast", "320 m or 1050 ft"]]);

/** A charge or a distance as it was given. @param {import("./types.js").Reading | undefined} reading */
export const given = (reading) => (reading ? readingText(reading, reading.unit) : "");

/** What the report states of the blast. @param {EventRow} event @param {"charge" | "distance"} name */
export const stated = ({ blast }, name) => given(blast[`replaced_${name}`] ?? (blast[name]?.from === "report" ? blast[name] : undefined));

/** What the unit has. @param {Record<string, any>} sidecar @param {string} name */
export const recorded = (sidecar, name) => /** @type {string | null} */ (sidecar["project_info"]?.[name] ?? null);

/** Names that other events have, to choose from. @param {HTMLElement} place */
async function suggest(place) {
  /** @type {[{ project: string | null }[], { location: string | null }[]]} */
  const [projects, locations] = await Promise.all([get("/projects"), get("/locations")]);
  const list = (/** @type {string} */ id, /** @type {(string | null)[]} */ names) => h("datalist", { id }, names.filter(Boolean).map((value) => h("option", { value })));
  place.append(list("all-project", projects.map((one) => one.project)), list("all-location", locations.map((one) => one.location)));
}

/** The corrections of one event. @param {EventRow} event @param {Record<string, any>} sidecar @param {(corrections: Corrections) => Promise<void>} save */
export function correctOne(event, sidecar, save) {
  /** @param {string} name @param {string} label @param {string} was @param {string} has @param {string} who @param {string} [example] */
  const one = (name, label, was, has, who, example) => {
    const input = h("input", { value: was, maxlength: 500, list: `all-${name}`, placeholder: example });
    const restore = h("button", { type: "button", onclick: () => { input.value = has; input.focus(); } }, `As the ${who} has it`);
    return { name, has, was, input, element: [field(label, input, restore), h("p", { class: "small recorded" }, has ? `The ${who} has “${has}”` : `The ${who} has none`)] };
  };
  const inputs = [...TEXTS.map(([name, label, own]) => one(name, label, event[name] ?? "", recorded(sidecar, own) ?? "", "unit")),
    ...BLAST.map(([name, label, example]) => one(name, label, given(event.blast[name]), stated(event, name), "report", example))];
  const body = h("div", null, inputs.map((one) => one.element));
  void suggest(body).catch(() => {});
  showForm("Correct this event", body, "Save", async () => {
    /** @type {Corrections} */
    const corrections = {};
    for (const { name, has, was, input } of inputs) {
      const value = input.value.trim();
      if (value === was) continue;
      corrections[name] = value === has ? null : value;
    }
    if (Object.keys(corrections).length === 0) throw new Error("Nothing was changed");
    await save(corrections);
  });
}

/** The same corrections for several events. @param {string} title @param {(corrections: Corrections) => Promise<void>} save */
export function correctSeveral(title, save) {
  const inputs = [...TEXTS.map(([name, label]) => [name, label, ""]), ...BLAST].map(([name, label, example]) => {
    const input = h("input", { maxlength: 500, list: `all-${name}`, placeholder: example ? `unchanged; ${example}` : "unchanged" });
    const how = select(`${label}: what to do`, [["", "leave as it is"], ["set", "set to"], ["none", "state that there is none"], ["own", example ? "as the report has it" : "as the unit has it"]], "", () => { input.disabled = how.value === "none" || how.value === "own"; });
    input.addEventListener("input", () => { how.value = input.value ? "set" : ""; });
    return { name, input, how, element: field(label, input, how) };
  });
  const body = h("div", null, inputs.map((one) => one.element));
  void suggest(body).catch(() => {});
  showForm(title, body, "Correct", async () => {
    /** @type {Corrections} */
    const corrections = {};
    for (const { name, input, how } of inputs) {
      if (how.value === "set") corrections[name] = input.value.trim();
      else if (how.value) corrections[name] = how.value === "none" ? "" : null;
    }
    if (Object.keys(corrections).length === 0) throw new Error("Nothing was changed");
    await save(corrections);
  });
}

/** Another unit for an event. @param {EventRow} event @param {() => Promise<void>} moved */
export function moveToUnit(event, moved) {
  const serial = h("input", { required: true, maxlength: 100, list: "all-units" });
  const reason = h("input", { required: true, maxlength: 500, placeholder: "label on the box" });
  const units = h("datalist", { id: "all-units" });
  void get("/units").then((/** @type {any} */ all) => units.append(...all.map((/** @type {{ serial: string }} */ one) => h("option", { value: one.serial })))).catch(() => {});
  showForm(`Move ${event.filename} to another unit`, [h("p", { class: "small" }, `It is with ${event.serial} now. Its files move with it; number and reviews stay, and the ledger has the reason.`), field("Serial number of the unit", serial), field("Reason", reason), units], "Move", async () => {
    await send("POST", `/events/${event.id}/unit`, { serial: serial.value.trim(), reason: reason.value.trim() });
    await moved();
  }, (error) => (/reason/i.test(String(error)) ? reason : serial));
}
