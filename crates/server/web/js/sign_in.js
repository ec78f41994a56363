// @ts-check
/** Asks for a token where the server wants one. It goes into a cookie that no script can read. */

import { h, replace } from "./dom.js";

let asked = false;

export function askForToken() {
  if (asked) return;
  asked = true;
  const token = h("input", { type: "password", autocomplete: "current-password", "aria-label": "Token", required: true });
  const failed = h("p", { class: "small", role: "alert" });
  const form = h("form", { method: "dialog" }, h("p", null, "This archive asks for a token. Whoever keeps it gives you one."), h("p", null, token), failed, h("button", { class: "primary" }, "Sign in"));
  const dialog = h("dialog", { class: "sheet", "aria-labelledby": "sign-in-title" }, h("h2", { id: "sign-in-title" }, "Sign in"), form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void (async () => {
      const answer = await fetch("/api/v1/session", { method: "PUT", headers: { authorization: `Bearer ${token.value.trim()}` } });
      if (answer.ok) location.reload();
      else replace(failed, "The server does not know this token.");
    })();
  });
  document.body.append(dialog);
  dialog.showModal();
}
