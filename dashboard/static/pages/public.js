/** What everybody may know: how quick the service is and how often it rings, without anybody in it. */

import { get } from "../api.js";
import { choice, el, refill } from "../dom.js";
import { plots, totals } from "../figures.js";
import { dress, themeSwitch } from "../shell.js";
import { language, setLanguage, t } from "../words.js";

setLanguage(localStorage.getItem("language") ?? navigator.language);
const answer = await get("/public/statistics").catch(() => null);
draw();

function draw() {
  dress("public.title");
  const tongue = choice([["es", "Español"], ["en", "English"]], language());
  tongue.setAttribute("aria-label", t("language"));
  tongue.addEventListener("change", () => {
    setLanguage(tongue.value);
    draw();
  });
  refill(document.getElementById("top"), el("span", { class: "brand" }, "Resguardo"), el("div", { class: "me" }, tongue, themeSwitch()));
  const main = document.getElementById("main");
  if (!answer) return refill(main, el("h1", {}, t("public.title")), el("p", {}, t("public.off")));
  const shown = [totals(answer.total), el("div", { class: "plots" }, plots(answer.weeks, (row) => row.week_ms))];
  return refill(main, el("h1", {}, t("public.title")), el("p", { class: "quiet" }, t("public.about")), ...shown);
}
