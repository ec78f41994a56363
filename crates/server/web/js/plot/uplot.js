// @ts-check
/** The vendored drawing library, typed. It is a plain script that stands before the modules. */

/** @typedef {import("uplot")} Plot */

export const uPlot = /** @type {typeof import("uplot")} */ (/** @type {any} */ (window).uPlot);
