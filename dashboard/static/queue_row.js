/** One line of the queue. It touches the page only where something has changed. */

import { now } from "./clock.js";
import { el, setAttribute, setText } from "./dom.js";
import { duration } from "./format.js";
import { levelShape } from "./signs.js";
import { t } from "./words.js";

export class Row {
  constructor(id) {
    this.id = id;
    this.version = null;
    this.isVisible = true;
    this.sign = el("span", { class: "sign" });
    this.word = el("span", { class: "word" });
    this.why = el("span", { class: "why" });
    this.who = el("span", { class: "who" });
    this.names = el("span", { class: "names" });
    this.since = el("span", { class: "since" });
    this.next = el("span", { class: "next" });
    const first = el("span", { class: "line" }, this.word, this.since);
    const second = el("span", { class: "line small" }, this.names, this.who, this.next);
    this.button = el("button", { type: "button", class: "row" }, this.sign, el("span", { class: "lines" }, first, this.why, second));
    this.node = el("li", { "data-id": id }, this.button);
    this.node.row = this;
  }

  /** Show an item; nothing happens when it is the one already shown. */
  update(item) {
    if (this.item === item) return;
    this.item = item;
    if (this.level !== item.level) {
      this.level = item.level;
      this.sign.replaceChildren(levelShape(item.level));
    }
    const state = item.state === "open" ? t(`level.${item.level}`) : t(`state.${item.state}`);
    setAttribute(this.node, "class", `is-${item.state} level-${item.level}${isAnswered(item) ? " answered" : ""}`);
    setText(this.word, item.seen || item.state === "closed" ? state : `${state} · ${t("queue.unseen")}`);
    setText(this.why, item.why);
    setText(this.names, [item.code, item.order].filter(Boolean).join(" · "));
    setText(this.who, whoHas(item));
    this.tick(now());
  }

  /** The two timers. */
  tick(at_ms) {
    const { started_ms, next_step_ms, state } = this.item;
    setText(this.since, duration(at_ms - started_ms));
    const due = state === "open" && next_step_ms !== null;
    setText(this.next, due ? nextStep(next_step_ms - at_ms) : "");
  }

  setChosen(chosen) {
    setAttribute(this.button, "aria-current", chosen ? "true" : null);
  }

  focus() {
    this.button.focus();
    this.node.scrollIntoView({ block: "nearest" });
  }
}

/** How long until the ladder's next step; it may be late by the time a message takes to come here. */
export function nextStep(left_ms) {
  return left_ms > 0 ? t("queue.next", { time: duration(left_ms) }) : t("queue.due");
}

/** Somebody has answered since it last rose. */
export function isAnswered(item) {
  return item.acknowledged_ms !== null && item.acknowledged_ms >= item.raised_ms;
}

function whoHas(item) {
  if (item.assigned_to) return t("queue.has", { who: item.assigned_to });
  if (isAnswered(item)) return t("queue.answered", { who: item.acknowledged_by ?? "" });
  return t("queue.nobody");
}
