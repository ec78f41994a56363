// @ts-check
/**
 * The events that a reader steps through with n and p. They are fetched when the first of them is
 * opened, and more when the reader comes near an end: a review changes which events match the
 * filters, and a list that shrinks meanwhile would leave events out.
 */

import { get, queryString } from "../api.js";

/** @typedef {import("../router.js").Params} Params */

/** Events that are taken at a time. */
const SOME = 1000;
/** Requests that look for an event whose place is not known. */
const MOST_SEARCHED = 10;
/** Events before an end at which more are taken. */
const NEAR = 100;

/** @typedef {{ filters: string, ids: number[], offset: number, total: number, atEnd: boolean, growing: boolean }} Session */

/** @type {Session | null} */
let session = null;

/** The next event that is opened begins a new session. */
export const endSession = () => void (session = null);

/** @param {Params} filters @param {number} offset @param {number} limit @param {AbortSignal} signal */
async function taken(filters, offset, limit, signal) {
  /** @type {import("../types.js").EventPage} */
  const page = await get(`/events${queryString({ ...filters, limit, offset })}`, signal);
  return { ids: page.events.map((row) => row.id), total: page.total };
}

/**
 * The session that an event is in; more of it is taken where the event is near an end.
 * @param {number} id @param {Params} filters @param {AbortSignal} signal
 * @param {number} [index] its place in the table
 */
export async function sessionOf(id, filters, signal, index) {
  const key = queryString(filters);
  if (session?.filters !== key || !session.ids.includes(id)) {
    // A link leads to an event without its place in the list: it is looked for from the top.
    const offsets = new Set([Math.max((index ?? 0) - SOME / 4, 0), ...Array.from({ length: MOST_SEARCHED }, (_, n) => n * SOME)]);
    let searched = false;
    for (const offset of offsets) {
      const { ids, total } = await taken(filters, offset, SOME, signal);
      session = { filters: key, ids, offset, total, atEnd: offset + ids.length >= total, growing: false };
      if (ids.includes(id) || (session.atEnd && (offset === 0 || searched))) break;
      searched = offset === 0 || searched;
    }
    if (!session) return;
  }
  const place = session.ids.indexOf(id);
  if (place < 0 || session.growing) return;
  session.growing = true;
  try {
    if (place < NEAR && session.offset > 0) await before(session, filters, signal);
    if (place >= session.ids.length - NEAR && !session.atEnd) await after(session, filters, signal);
  } finally {
    session.growing = false;
  }
}

/** @param {Session} session @param {Params} filters @param {AbortSignal} signal */
async function before(session, filters, signal) {
  const from = Math.max(session.offset - SOME, 0);
  const { ids } = await taken(filters, from, session.offset - from, signal);
  const known = new Set(session.ids);
  const fresh = ids.filter((id) => !known.has(id));
  session.ids.unshift(...fresh);
  session.offset = from;
}

/**
 * What was reviewed may have left the filters, and those behind it have moved up: the search begins
 * before the place where they stood, and goes back until it finds an event that is known.
 * @param {Session} session @param {Params} filters @param {AbortSignal} signal
 */
async function after(session, filters, signal) {
  const known = new Set(session.ids);
  let from = Math.max(session.offset + session.ids.length - NEAR, 0);
  let isBeside = false;
  for (let back = SOME; ; ) {
    const { ids, total } = await taken(filters, from, SOME, signal);
    isBeside ||= from === 0 || ids.some((id) => known.has(id));
    if (!isBeside) {
      from = Math.max(from - back, 0);
      back *= 2;
      continue;
    }
    const fresh = ids.filter((id) => !known.has(id));
    session.atEnd = from + ids.length >= total;
    session.ids.push(...fresh);
    session.total = Math.max(session.total, session.offset + session.ids.length);
    if (fresh.length > 0 || session.atEnd) return;
    from += ids.length;
  }
}

/** @param {number} id @returns {{ before: number | null, after: number | null, place: number, total: number } | null} */
export function neighbours(id) {
  const index = session?.ids.indexOf(id) ?? -1;
  if (!session || index < 0) return null;
  return {
    before: session.ids[index - 1] ?? null, after: session.ids[index + 1] ?? null,
    place: session.offset + index + 1, total: session.total,
  };
}

/** What was looked at last, so that going back to the table finds it. */
export const places = {
  /** @type {import("../types.js").EventRow | null} */
  row: null,
  index: 0,
  scroll: 0,
  filters: "",
};
