// @ts-check
/** What a reader chose, kept in this browser and shared by all of its tabs. */

/**
 * @typedef {{
 *   velocity: "in/s" | "mm/s", pressure: "dB(L)" | "Pa" | "psi", scale: "common" | "own", curve: string,
 *   quantity: "velocity" | "acceleration" | "displacement" | "vector_sum",
 *   window: "none" | "hann" | "flat_top", bands: "lines" | "third_octave", frequency: "linear" | "log",
 *   language: "en" | "de" | "fr" | "es" | "pt"
 * }} Prefs
 */

/** @type {Prefs} */
const DEFAULTS = { velocity: "in/s", pressure: "dB(L)", scale: "common", curve: "usbm-drywall", quantity: "velocity", window: "none", bands: "lines", frequency: "linear", language: "en" };

/** @type {{ [K in keyof Prefs]?: readonly string[] }} */
const ALLOWED = { velocity: ["in/s", "mm/s"], pressure: ["dB(L)", "Pa", "psi"], scale: ["common", "own"], quantity: ["velocity", "acceleration", "displacement", "vector_sum"], window: ["none", "hann", "flat_top"], bands: ["lines", "third_octave"], frequency: ["linear", "log"], language: ["en", "de", "fr", "es", "pt"] };

/** @type {Set<() => void>} */
const listeners = new Set();

/** What this tab shows. It changes for all parts of the page at once, never between two of them. @type {Prefs} */
let current = stored();

/** @returns {Prefs} */
function stored() {
  const names = /** @type {(keyof Prefs)[]} */ (Object.keys(DEFAULTS));
  return /** @type {Prefs} */ (Object.fromEntries(names.map((name) => {
    const kept = localStorage.getItem(`wavekeep.${name}`);
    return [name, kept && (ALLOWED[name]?.includes(kept) ?? true) ? kept : DEFAULTS[name]];
  })));
}

/**
 * @template {keyof Prefs} K
 * @param {K} name @returns {Prefs[K]}
 */
export const pref = (name) => current[name];

/**
 * @template {keyof Prefs} K
 * @param {K} name @param {Prefs[K]} value
 */
export function setPref(name, value) {
  localStorage.setItem(`wavekeep.${name}`, value);
  current = stored();
  notify();
}

/** @param {() => void} listener @returns {() => void} Ends it. */
export function onPrefs(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Drawings are made again: units, scale or colours changed. */
export function notify() {
  for (const listener of [...listeners]) listener();
}

/** The units of the page as the server's parameters. */
export const unitQuery = () => ({ velocity: current.velocity, pressure: current.pressure });

// Another tab changed them.
addEventListener("storage", () => {
  current = stored();
  notify();
});
