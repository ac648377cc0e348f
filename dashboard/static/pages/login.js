/** The way in: name, password, and the second factor for whom it is set. */

import { Fault, session } from "../api.js";
import { said } from "../dialogs.js";
import { choice, el, field, refill, setText } from "../dom.js";
import { dress, themeSwitch } from "../shell.js";
import { language, setLanguage, t } from "../words.js";

setLanguage(localStorage.getItem("language") ?? navigator.language);
draw();

function draw() {
  dress("login.title");
  const name = el("input", { autocomplete: "username", required: true, autocapitalize: "none", spellcheck: "false" });
  const password = el("input", { type: "password", autocomplete: "current-password", required: true });
  const totp = el("input", { inputmode: "numeric", autocomplete: "one-time-code", pattern: "[0-9]{6}" });
  const second = field(t("totp"), totp, { hint: t("totp.hint") });
  second.hidden = true;
  const fault = el("p", { class: "fault", role: "alert" });
  const go = el("button", { type: "submit", class: "primary" }, t("login.go"));
  const form = el("form", { class: "card login" }, el("h1", {}, t("login.title")), field(t("name"), name, { name: "name" }), field(t("password"), password, { name: "password" }), second, fault, go);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true;
    setText(fault, "");
    try {
      await session({ name: name.value, password: password.value, ...(totp.value ? { totp: totp.value } : {}) });
      enter();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (error.code === "totp") {
        second.hidden = false;
        totp.focus();
      }
      setText(fault, said(error));
      go.disabled = false;
    }
  });
  refill(document.getElementById("top"), el("span", { class: "brand" }, "Resguardo"), el("div", { class: "me" }, tongue(), themeSwitch()));
  refill(document.getElementById("main"), form);
  name.focus();
}

function tongue() {
  const chosen = choice([["es", "Español"], ["en", "English"]], language());
  chosen.setAttribute("aria-label", t("language"));
  chosen.addEventListener("change", () => {
    localStorage.setItem("language", chosen.value);
    setLanguage(chosen.value);
    draw();
  });
  return chosen;
}

function enter() {
  const next = sessionStorage.getItem("next") ?? "/";
  sessionStorage.removeItem("next");
  location.assign(next.startsWith("/") && !next.startsWith("//") ? next : "/");
}
