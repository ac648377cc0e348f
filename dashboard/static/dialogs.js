/** Questions that need an answer before anything else: the browser's own dialog, with focus kept inside and given back. */

import { button, el, field, setText } from "./dom.js";
import { t } from "./words.js";

/**
 * Ask something. `body`: nodes; `submit(form)` does it and may throw, which is shown in the dialog; resolves to what it gave,
 * or null when the person has gone back.
 */
export function ask({ title, body, yes, submit, wide = false }) {
  return new Promise((resolve) => {
    const fault = el("p", { class: "fault", role: "alert" });
    const go = el("button", { type: "submit", class: "primary" }, yes);
    const back = button(t("back"), () => dialog.close());
    const heading = el("h2", { id: "dialog-title" }, title);
    const form = el("form", { method: "dialog" }, heading, body, fault, el("div", { class: "row-of-buttons" }, go, back));
    const dialog = el("dialog", { "aria-labelledby": "dialog-title", class: wide && "wide" }, form);
    let given = null;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      go.disabled = true;
      try {
        given = (await submit(form)) ?? true;
        dialog.close();
      } catch (error) {
        setText(fault, said(error));
        go.disabled = false;
      }
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(given);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Show something until it is put away. */
export function show(title, body) {
  const dialog = el("dialog", { "aria-labelledby": "dialog-title", class: "wide" });
  const shut = el("button", { type: "button", class: "primary", autofocus: true, on: { click: () => dialog.close() } }, t("shut"));
  dialog.append(el("h2", { id: "dialog-title" }, title), ...body, el("div", { class: "row-of-buttons" }, shut));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** Password and, where there is one, the second factor. Resolves to true when the server has taken them. */
export async function confirmAgain(confirm) {
  const password = el("input", { type: "password", autocomplete: "current-password", required: true, autofocus: true });
  const totp = el("input", { inputmode: "numeric", autocomplete: "one-time-code", pattern: "[0-9]{6}" });
  const body = el("div", {}, el("p", {}, t("confirm.why")), field(t("password"), password), field(t("totp.optional"), totp));
  const submit = () => confirm({ password: password.value, ...(totp.value ? { totp: totp.value } : {}) });
  return Boolean(await ask({ title: t("confirm.title"), body, yes: t("confirm.yes"), submit }));
}

/** A fault in the reader's language where we know it, else in the server's words. */
export function said(error) {
  const known = t(`fault.${error.code}`, { wait: error.wait_s ?? 0 }, null);
  if (known && error.code === "refused") return `${known} ${error.message}`;
  return known ?? [error.where, error.message].filter(Boolean).join(": ");
}
