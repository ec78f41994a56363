// @ts-check
/** A form in front of the page. What the server refuses stands in it, at its field where that is known. */

import { h, replace } from "./dom.js";
import { isSilent, sentence } from "./say.js";

let last = 0;

/** A field with its label and a place for its error. @param {string} label @param {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} input @param {...import("./dom.js").Child} more */
export function field(label, input, ...more) {
  const id = `field-${(last += 1)}`;
  input.id ||= id;
  const error = h("p", { class: "field-error", id: `${id}-error` });
  input.setAttribute("aria-describedby", error.id);
  input.addEventListener("input", () => { input.removeAttribute("aria-invalid"); replace(error); });
  return h("div", { class: "field" }, h("label", { for: input.id }, label), h("div", { class: "field-row" }, input, more), error);
}

/**
 * @param {string} title @param {import("./dom.js").Child} body @param {string} action The words of its button.
 * @param {() => Promise<void>} submit Its failure is shown, and the form stays.
 * @param {(error: unknown) => HTMLElement | null} [at] The field that an error is about.
 */
export function showForm(title, body, action, submit, at = () => null) {
  const id = `form-${(last += 1)}`;
  const failed = h("p", { class: "field-error", role: "alert" });
  const button = h("button", { class: "primary" }, action);
  const dialog = h("dialog", { class: "sheet form", "aria-labelledby": id });
  const form = h("form", { novalidate: true }, h("h2", { id }, title), body, failed, h("div", { class: "acts" }, button, h("button", { type: "button", onclick: () => dialog.close() }, "Cancel")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    button.disabled = true;
    replace(failed);
    void submit().then(() => dialog.close(), (error) => {
      if (isSilent(error)) return;
      const input = at(error);
      const place = input && document.getElementById(input.getAttribute("aria-describedby") ?? "");
      replace(place ?? failed, sentence(error));
      input?.setAttribute("aria-invalid", "true");
      input?.focus();
    }).finally(() => { button.disabled = false; });
  });
  dialog.append(form);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
