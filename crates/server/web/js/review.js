// @ts-check
/** What people say of events. */

import { send } from "./api.js";

/**
 * @param {number} id @param {{ false_trigger?: boolean, notes?: string | null }} patch
 * @returns {Promise<import("./types.js").Sidecar>} the sidecar as it is now
 */
export function review(id, patch) {
  return send("PATCH", `/events/${id}/review`, patch);
}

/** Takes the last change back. @param {number} id @returns {Promise<import("./types.js").Sidecar>} */
export const undo = (id) => send("POST", `/events/${id}/undo`);
