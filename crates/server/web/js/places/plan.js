// @ts-check
/** The picture of a plan with the locations on it. Who may review places them: by dragging, by clicking, by arrow keys. */

import { ask, link, send } from "../api.js";
import { h, replace } from "../dom.js";
import { pref } from "../prefs.js";
import { address } from "../router.js";
import { complain, toast } from "../say.js";
import { readingText } from "../units.js";
import { verdictBadge } from "../verdict.js";

/** @typedef {import("./types.js").Plan} Plan */
/** @typedef {import("./types.js").Placement} Placement */
/** @typedef {import("./types.js").LocationSummary} LocationSummary */

/** How far an arrow key moves a location, as a share of the picture; with Shift the larger one. */
const STEP = 0.005, FAR = 0.05;
/** A place is kept when keys have rested for so long. */
const REST_MS = 800;

const within = (/** @type {number} */ share) => Math.min(Math.max(share, 0), 1);
const rounded = (/** @type {number} */ share) => Math.round(within(share) * 1e4) / 1e4;

/**
 * @param {Plan} plan @param {LocationSummary[]} locations @param {boolean} isEditing
 * @param {(words?: string) => void} changed
 */
export function planPicture(plan, locations, isEditing, changed) {
  const { project, picture } = plan;
  const known = new Map(locations.map((of) => [of.location, of]));
  const image = h("img", { src: link(`/plans/pictures/${picture.sha256}`), alt: `Plan of ${project ?? "the archive"}`, width: picture.width, height: picture.height, draggable: "false" });
  const sheet = h("div", { class: isEditing ? "plan-sheet editing" : "plan-sheet" }, image);
  image.addEventListener("error", () => replace(sheet, h("p", { class: "notice bad" }, "The picture of the plan cannot be read. “wavekeep verify” says more.")));
  /** The location that the next click on the picture places. @type {string | null} */
  let waiting = null;

  /** @param {string} location @param {[number, number] | null} place */
  const keep = async (location, place) => {
    try {
      /** @type {{ entry: number }} */
      const change = await send("POST", "/plans/places", { project, location, place });
      toast(place ? `${location} is placed` : `${location} is off the plan`, { label: "Undo", act: () => void undo(change.entry, changed) });
      changed();
    } catch (error) {
      complain(error, "Not placed");
      changed();
    }
  };

  /** @param {HTMLElement} pin @param {number} x @param {number} y */
  const put = (pin, x, y) => {
    pin.style.left = `${100 * x}%`;
    pin.style.top = `${100 * y}%`;
    pin.classList.toggle("leftwards", x > 0.72);
  };

  const words = (/** @type {string} */ name, /** @type {LocationSummary | undefined} */ of) => [
    h("span", { class: "pin-point", "aria-hidden": "true" }),
    h("span", { class: "pin-words" }, h("strong", null, name), " ", of?.last_verdict ? verdictBadge(of.last_verdict) : null, of?.last_ppv ? h("span", { class: "pin-peak" }, readingText(of.last_ppv, pref("velocity"))) : h("span", { class: "pin-peak" }, "no event")),
  ];

  for (const placed of plan.places) {
    const of = known.get(placed.location);
    const doubt = placed.on_this_picture ? null : h("abbr", { title: "Placed on an earlier picture: check it" }, "?");
    if (!isEditing) {
      const pin = h("a", { class: `pin ${of?.last_verdict ?? "none"}`, href: address({ view: "location", location: placed.location, project: project ?? "" }), "data-route": true }, words(placed.location, of), doubt);
      put(pin, placed.x, placed.y);
      sheet.append(pin);
      continue;
    }
    sheet.append(movable(placed, of));
  }

  /** @param {Placement} placed @param {LocationSummary | undefined} of */
  function movable(placed, of) {
    const pin = h("button", { type: "button", class: `pin ${of?.last_verdict ?? "none"}`, "data-location": placed.location, "aria-describedby": "plan-keys" }, words(placed.location, of));
    let { x, y } = placed;
    let timer = 0;
    put(pin, x, y);
    const moved = (/** @type {number} */ toX, /** @type {number} */ toY) => { x = within(toX); y = within(toY); put(pin, x, y); };
    const done = () => { clearTimeout(timer); timer = 0; if (rounded(x) !== rounded(placed.x) || rounded(y) !== rounded(placed.y)) void keep(placed.location, [rounded(x), rounded(y)]); };
    pin.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? FAR : STEP;
      const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
      if (event.key === "Delete") { event.preventDefault(); clearTimeout(timer); void keep(placed.location, null); return; }
      if (!by) return;
      event.preventDefault();
      moved(x + (by[0] ?? 0), y + (by[1] ?? 0));
      clearTimeout(timer);
      timer = window.setTimeout(done, REST_MS);
    });
    pin.addEventListener("blur", () => { if (timer) done(); });
    pin.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      const box = image.getBoundingClientRect();
      const from = { x: event.clientX, y: event.clientY, atX: x, atY: y };
      const follow = (/** @type {PointerEvent} */ move) => moved(from.atX + (move.clientX - from.x) / box.width, from.atY + (move.clientY - from.y) / box.height);
      const end = () => { pin.removeEventListener("pointermove", follow); done(); };
      pin.setPointerCapture(event.pointerId);
      pin.addEventListener("pointermove", follow);
      pin.addEventListener("pointerup", end, { once: true });
      pin.addEventListener("pointercancel", end, { once: true });
    });
    return pin;
  }

  const unplaced = locations.filter((of) => of.location !== null && !plan.places.some((placed) => placed.location === of.location));
  const chips = h("div", { class: "unplaced" });
  const drawChips = () => replace(chips, unplaced.length === 0 ? h("span", { class: "small" }, "All locations are on the plan.") : [
    h("span", { class: "small" }, waiting ? `Click where ${waiting} is, or press Enter again for the middle.` : "Not on the plan: choose one, then click where it is."),
    unplaced.map((of) => h("button", { type: "button", class: "chip", "aria-pressed": waiting === of.location ? "true" : "false", onclick: () => pick(/** @type {string} */ (of.location)) }, of.location)),
  ]);
  /** @param {string} location */
  const pick = (location) => {
    // Chosen a second time, by the keyboard: from the middle on arrow keys move it.
    if (waiting === location) return void keep(location, [0.5, 0.5]);
    waiting = location;
    sheet.classList.add("placing");
    drawChips();
    /** @type {HTMLElement | null} */ (chips.querySelector('[aria-pressed="true"]'))?.focus();
  };
  image.addEventListener("click", (event) => {
    if (!waiting) return;
    const box = image.getBoundingClientRect();
    void keep(waiting, [rounded((event.clientX - box.left) / box.width), rounded((event.clientY - box.top) / box.height)]);
  });
  drawChips();
  return h("div", { class: "plan" }, isEditing && chips, sheet);
}

/** Takes a change of a plan back. @param {number} entry @param {(words?: string) => void} changed */
export async function undo(entry, changed) {
  try {
    await send("POST", "/plans/undo", { entry });
    changed("Undone");
  } catch (error) {
    complain(error, "Not undone");
  }
}

/** @param {File} file @param {string | null} project @param {(words?: string) => void} changed */
export async function upload(file, project, changed) {
  const query = new URLSearchParams({ name: file.name, ...(project ? { project } : {}) });
  try {
    const answer = await ask(`/plans?${query}`, { method: "PUT", body: file, headers: { "content-type": "application/octet-stream" } });
    /** @type {{ entry: number }} */
    const change = await answer.json();
    toast("The plan is set", { label: "Undo", act: () => void undo(change.entry, changed) });
    changed();
  } catch (error) {
    complain(error, "The plan is not set");
  }
}

/** @param {string | null} project @param {(words?: string) => void} changed */
export async function takeAway(project, changed) {
  try {
    const answer = await ask(`/plans${project ? `?${new URLSearchParams({ project })}` : ""}`, { method: "DELETE" });
    /** @type {{ entry: number }} */
    const change = await answer.json();
    toast("The plan is taken away; its picture is kept", { label: "Undo", act: () => void undo(change.entry, changed) });
    changed();
  } catch (error) {
    complain(error, "Not taken away");
  }
}
