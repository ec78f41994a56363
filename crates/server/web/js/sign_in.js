// @ts-check
/** Who is signed in, by a token or an identity provider. What proves it is in a cookie that no script can read. */

import { h, replace } from "./dom.js";

/** @typedef {{ name: string | null, by: "token" | "oidc" | "proxy" | "local", role: string, tokens_required: boolean, read_only: boolean }} Caller */

const SESSION = "api/v1/session";

let asked = false;

/** The name of the identity provider, if there is one. @returns {Promise<string | null>} */
async function provider() {
  try {
    const answer = await fetch("sign-in/provider");
    return answer.ok ? (await answer.json()).name : null;
  } catch {
    return null;
  }
}

/** Asks who it is where the server needs to know: for a token, or at the identity provider. */
export function askForToken() {
  if (asked) return;
  asked = true;
  const token = h("input", { type: "password", autocomplete: "current-password", "aria-label": "Token", required: true });
  const failed = h("p", { class: "small", role: "alert" });
  const words = h("p", null, "This archive needs a token. Ask the person who runs this server for one.");
  const submit = h("button", { class: "primary" }, "Sign in");
  const form = h("form", { method: "dialog" }, words, h("p", null, token), failed, submit);
  const elsewhere = h("p", { hidden: true });
  const dialog = h("dialog", { class: "sheet", "aria-labelledby": "sign-in-title" }, h("h2", { id: "sign-in-title" }, "Sign in"), elsewhere, form);
  // Without a token there is nothing behind the form.
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void (async () => {
      try {
        const answer = await fetch(SESSION, { method: "PUT", headers: { "x-wavekeep-token": token.value.trim() } });
        if (answer.ok) location.reload();
        else if (answer.status === 401) replace(failed, "The server does not accept this token.");
        else replace(failed, (await answer.json().catch(() => null))?.detail ?? `The server answered ${answer.status}.`);
      } catch {
        replace(failed, "The server does not answer. Is it running?");
      }
    })();
  });
  document.body.append(dialog);
  dialog.showModal();
  void (async () => {
    const name = await provider();
    if (name === null) return;
    const link = h("a", { class: "button primary", href: `sign-in?${new URLSearchParams({ return: `/${location.search}` })}` }, `Sign in with ${name}`);
    replace(elsewhere, link);
    elsewhere.hidden = false;
    replace(words, "Or with a token:");
    submit.classList.remove("primary");
    // Nobody has begun to enter a token.
    if (token.value === "") link.focus();
  })();
}

/** Who asks, and what they may. @returns {Promise<Caller>} */
export async function session() {
  const answer = await fetch(SESSION);
  if (answer.status === 401) askForToken();
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
  return answer.json();
}

/** Shows who is signed in, with a button to sign out; nothing where the server needs no token. @param {HTMLElement} place @param {(error: unknown) => void} failed */
export async function showCaller(place, failed) {
  const caller = await session();
  if (caller.name === null) return;
  const signOut = async () => {
    try {
      const done = await fetch(SESSION, { method: "DELETE" });
      if (!done.ok) throw new Error(`The server answered ${done.status}: you are still signed in.`);
      location.reload();
    } catch (error) {
      failed(error);
    }
  };
  const by = caller.by === "token" ? `with the token “${caller.name}”` : `as “${caller.name}”`;
  replace(place, h("span", { class: "who-is", title: `Signed in ${by}, role ${caller.role}` }, h("b", null, caller.name), ` (${caller.role})`),
    h("button", { type: "button", class: "quiet", onclick: () => void signOut() }, "Sign out"));
}
