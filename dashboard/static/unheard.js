/** The line that says of which times this console has heard nothing. It stays until whoever is logged in has said that it was read. */

import { eachSecond, now } from "./clock.js";
import { button, el, setText } from "./dom.js";
import { timeOrDay } from "./format.js";
import { announce } from "./shell.js";
import { t } from "./words.js";

export class UnheardBar {
  constructor(operator) {
    this.key = `unheard:${operator}`; // a machine has many dispatchers, and each reads for herself
    this.times = []; // {from_ms, until_ms}, oldest first
    this.said_ms = 0; // the end of the newest that was read out
    this.text = el("p", {});
    this.node = el("div", { class: "unheard-bar", role: "region", "aria-label": t("unheard.title"), hidden: true }, this.text, button(t("unheard.read"), () => this.dismiss()));
    addEventListener("storage", () => this.draw()); // read in another tab
    eachSecond(() => this.draw()); // after midnight the same time has its day
  }

  /** What the server says of the link, as often as it does. */
  set({ unheard }) {
    this.times = unheard;
    this.draw();
    const newest_ms = this.unread().at(-1)?.until_ms ?? 0;
    if (newest_ms > this.said_ms) announce(this.text.textContent);
    this.said_ms = Math.max(this.said_ms, newest_ms);
  }

  unread() {
    const read_ms = Number(localStorage.getItem(this.key) ?? 0);
    return this.times.filter((one) => one.until_ms > read_ms);
  }

  dismiss() {
    localStorage.setItem(this.key, this.times.at(-1).until_ms);
    this.draw();
    document.getElementById("main").focus(); // the button is gone
  }

  draw() {
    const spans = this.unread().map(span);
    this.node.hidden = !spans.length;
    setText(this.text, spans.length ? t("unheard.text", { spans: spans.join("; ") }) : "");
  }
}

function span({ from_ms, until_ms }) {
  const until = timeOrDay(until_ms, now());
  return from_ms === null ? t("unheard.until", { until }) : t("unheard.span", { from: timeOrDay(from_ms, now()), until });
}
