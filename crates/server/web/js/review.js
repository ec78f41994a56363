// @ts-check
/** What people say of events. */

import { send } from "./api.js";

/** @typedef {{ false_trigger?: boolean, notes?: string | null, corrections?: import("./correct.js").Corrections }} Patch One without members says that an event was reviewed. */

/**
 * @param {number} id @param {Patch} patch
 * @returns {Promise<import("./types.js").Sidecar>} the sidecar as it is now
 */
export function review(id, patch) {
  return send("PATCH", `/events/${id}/review`, patch);
}

/** Takes the last change back. @param {number} id @returns {Promise<import("./types.js").Sidecar>} */
export const undo = (id) => send("POST", `/events/${id}/undo`);

/** Several events as one. @param {number[]} ids @param {Patch} patch @returns {Promise<{ matched: number, changed: number }>} */
export const reviewTogether = (ids, patch) => send("POST", "/review", { ids, patch });

/** Takes the last change of several events back. @param {number[]} ids @returns {Promise<{ undone: number, not_undone: { id: number, detail: string }[] }>} */
export const undoTogether = (ids) => send("POST", "/review/undo", { ids });

/** The events that match filters. @param {Record<string, string>} filters @returns {Promise<{ ids: number[] }>} */
export const matching = ({ sort: _, ...filters }) => send("POST", "/review", { where: filters, patch: {}, dry_run: true });
