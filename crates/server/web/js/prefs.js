// @ts-check
/** What a reader chose, kept in this browser. */

/** @typedef {{ velocity: "in/s" | "mm/s", pressure: "dB(L)" | "Pa" | "psi", scale: "common" | "own", curve: string }} Prefs */

/** @type {Prefs} */
const DEFAULTS = { velocity: "in/s", pressure: "dB(L)", scale: "common", curve: "usbm-drywall" };

/** @type {{ [K in keyof Prefs]?: readonly string[] }} */
const ALLOWED = { velocity: ["in/s", "mm/s"], pressure: ["dB(L)", "Pa", "psi"], scale: ["common", "own"] };

/** @type {Set<() => void>} */
const listeners = new Set();

/**
 * @template {keyof Prefs} K
 * @param {K} name @returns {Prefs[K]}
 */
export function pref(name) {
  const kept = localStorage.getItem(`wavekeep.${name}`);
  const allowed = ALLOWED[name];
  if (!kept || (allowed && !allowed.includes(kept))) return DEFAULTS[name];
  return /** @type {Prefs[K]} */ (kept);
}

/**
 * @template {keyof Prefs} K
 * @param {K} name @param {Prefs[K]} value
 */
export function setPref(name, value) {
  localStorage.setItem(`wavekeep.${name}`, value);
  tell();
}

/** @param {() => void} listener @returns {() => void} Ends it. */
export function onPrefs(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Drawings are made again: units, scale or colours changed. */
export function tell() {
  for (const listener of [...listeners]) listener();
}
