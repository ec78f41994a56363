// @ts-check
/** Light and dark. Drawings take their colours from here; they are those of the printed reports. */

import { h, replace } from "./dom.js";
import { notify } from "./prefs.js";

const system = matchMedia("(prefers-color-scheme: dark)");
const printing = matchMedia("print");

/** @typedef {{ paper: string, panel: string, ink: string, soft: string, frame: string, grid: string, warning: string, channels: string[] }} Palette */

/** @type {Palette} */
const LIGHT = {
  paper: "#ffffff", panel: "#fbfbfc", ink: "#16191d", soft: "#565d66", frame: "#9aa1aa", grid: "#e3e6ea",
  warning: "#b3261e", channels: ["#0067a5", "#b34700", "#007a58", "#8a3a8f"],
};
/** @type {Palette} */
const DARK = {
  paper: "#14171b", panel: "#191d22", ink: "#eceff2", soft: "#a4acb6", frame: "#5b636d", grid: "#2b3037",
  warning: "#ff8a80", channels: ["#5ab4f0", "#f0994d", "#3fcf9f", "#d896dc"],
};

const chosen = () => document.documentElement.dataset.theme ?? "";
const isDark = () => (chosen() ? chosen() === "dark" : system.matches);

/** @returns {Palette} Paper is always light. */
export const palette = () => (isDark() && !printing.matches ? DARK : LIGHT);

/** @param {number} index */
export const channelColour = (index) => palette().channels[index % 4] ?? "";

/** The switch: like the system, light, dark. */
export function themeSwitch() {
  const words = () => ({ "": "Theme: system", light: "Theme: light", dark: "Theme: dark" })[chosen()] ?? "";
  const icon = () => ({ "": "◐", light: "☀", dark: "☾" })[chosen()] ?? "";
  const button = h("button", { type: "button", class: "quiet icon", onclick: () => {
    const next = { "": isDark() ? "light" : "dark", light: "dark", dark: "" }[chosen()] ?? "";
    // After light comes dark, after dark the system again.
    if (next) document.documentElement.dataset.theme = next;
    else delete document.documentElement.dataset.theme;
    localStorage.setItem("wavekeep.theme", next);
    show();
    notify();
  } });
  const show = () => {
    button.title = words();
    button.setAttribute("aria-label", words());
    replace(button, h("span", { "aria-hidden": "true" }, icon()));
  };
  show();
  return button;
}

system.addEventListener("change", notify);
printing.addEventListener("change", notify);
