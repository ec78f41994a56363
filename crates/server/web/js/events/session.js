// @ts-check
/**
 * The events that a reader walks through with n and p. They are taken once, when the first of them
 * is opened: reviewing changes what the filters let through, and a list that shrank under the
 * reader's hand would leave events out.
 */

import { get, queryString } from "../api.js";

/** @typedef {import("../types.js").EventRow} EventRow */
/** @typedef {import("../router.js").Params} Params */

/** Events of a session. */
const MOST = 1000;

/** @type {{ filters: string, rows: EventRow[], offset: number, total: number } | null} */
let session = null;

/** The next event that is opened begins a new session. */
export const endSession = () => void (session = null);

/**
 * The session that an event is in.
 * @param {number} id @param {Params} filters @param {AbortSignal} signal
 * @param {number} [index] its place in the table
 */
export async function sessionOf(id, filters, signal, index) {
  const key = queryString(filters);
  if (session?.filters === key && session.rows.some((row) => row.id === id)) return session;
  const offset = Math.max((index ?? 0) - MOST / 4, 0);
  /** @type {import("../types.js").EventPage} */
  const page = await get(`/events${queryString({ ...filters, limit: MOST, offset })}`, signal);
  session = { filters: key, rows: page.events, offset, total: page.total };
  return session;
}

/** @param {number} id @returns {{ before: EventRow | null, after: EventRow | null, place: number, total: number } | null} */
export function neighbours(id) {
  const index = session?.rows.findIndex((row) => row.id === id) ?? -1;
  if (!session || index < 0) return null;
  return {
    before: session.rows[index - 1] ?? null, after: session.rows[index + 1] ?? null,
    place: session.offset + index + 1, total: session.total,
  };
}

/** Places in the table of events that were opened, so that going back finds them. */
export const places = {
  index: 0,
  scroll: 0,
  filters: "",
};
