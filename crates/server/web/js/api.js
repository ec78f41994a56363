// @ts-check
/** Requests to the server. Everything goes to api/v1 beside the page, which a proxy may serve below a path of its own. */

import { askForToken } from "./sign_in.js";

const BASE = "api/v1";

/** Why a request failed, in the server's words. */
export class Problem extends Error {
  /** @param {number} status @param {string} detail */
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/**
 * @param {string} path @param {RequestInit} [init]
 * @returns {Promise<Response>}
 */
export async function ask(path, init) {
  let response;
  try {
    response = await fetch(BASE + path, init);
  } catch (error) {
    if (init?.signal?.aborted) throw error;
    throw new Problem(0, "The server does not answer. Is it running?");
  }
  if (response.ok) return response;
  if (response.status === 401) askForToken();
  const problem = await response.json().catch(() => null);
  throw new Problem(response.status, problem?.detail ?? `The server answered ${response.status}.`);
}

/**
 * @template T
 * @param {string} path @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 */
export async function get(path, signal) {
  return (await ask(path, { signal: signal ?? null, headers: { accept: "application/json" } })).json();
}

/**
 * @param {"PATCH" | "POST"} method @param {string} path @param {unknown} [body]
 */
export async function send(method, path, body) {
  const headers = new Headers({ accept: "application/json" });
  if (body !== undefined) {
    headers.set("content-type", method === "PATCH" ? "application/merge-patch+json" : "application/json");
  }
  const response = await ask(path, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
  return response.json();
}

/** @param {Record<string, string | number | null | undefined>} query */
export function queryString(query) {
  const out = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") out.set(name, String(value));
  }
  const text = out.toString();
  return text ? `?${text}` : "";
}

/** @param {string} path An address for links. */
export const link = (path) => BASE + path;

/** Answers may come in another order than they were asked for: each question gets a function that says whether it is still the last one. */
export function lastAsked() {
  let last = 0;
  return () => { const own = ++last; return () => own === last; };
}

/**
 * Signals for questions of which the last one counts: each ends the one before, whose answer could come later.
 * @param {AbortSignal} leaving Ends the last one.
 * @returns {() => AbortSignal}
 */
export function onlyLast(leaving) {
  let own = new AbortController();
  leaving.addEventListener("abort", () => own.abort());
  return () => {
    own.abort();
    own = new AbortController();
    if (leaving.aborted) own.abort();
    return own.signal;
  };
}
