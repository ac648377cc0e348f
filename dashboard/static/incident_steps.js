/** The one next thing, and the whole response as a list to tick. */

import { button, el, refill, setText } from "./dom.js";
import { time } from "./format.js";
import { isAnswered } from "./queue_row.js";
import { attempt } from "./shell.js";
import { t } from "./words.js";

/** First an answer, then the steps in their order, then the close. */
export class NextThing {
  constructor(pane) {
    this.pane = pane;
    this.what = el("p", { class: "what" });
    this.say = el("blockquote", {});
    this.go = button("", () => this.press());
    this.node = el("section", { class: "card next-thing", "aria-label": t("next.label") }, el("h3", {}, t("next.label")), this.what, this.say, this.go);
  }

  show(item, steps) {
    const step = steps.find((one) => one.done_ms === null);
    const act = this.pane.desk.can("incident.act");
    this.doing = chooseNext(item, step);
    setText(this.what, this.doing === "step" ? step.text : t(`next.${this.doing}`));
    setText(this.say, this.doing === "step" ? step.say : "");
    this.say.hidden = !this.say.textContent;
    const words = { acknowledge: `${t("act.acknowledge")} (a)`, step: t("step.done"), close: `${t("act.close")} (c)` };
    setText(this.go, words[this.doing] ?? "");
    this.go.className = this.doing === "acknowledge" ? "primary" : "";
    this.go.hidden = !act || !words[this.doing];
    this.step = step;
  }

  press() {
    if (this.doing === "step") attempt(() => this.pane.do("steps", { step: this.step.id, done: true }));
    else this.pane.press(this.doing);
  }
}

function chooseNext(item, step) {
  if (item.state === "closed") return "nothing";
  if (item.state === "open" && !isAnswered(item)) return "acknowledge";
  if (step) return "step";
  return item.state === "calm" ? "close" : "watch";
}

/** The protocol: each step with the words to say. */
export class Steps {
  constructor(pane) {
    this.pane = pane;
    this.list = el("ol", { class: "steps" });
    this.node = el("section", { class: "card" }, el("h3", {}, t("steps.title")), this.list);
  }

  load(steps) {
    const key = JSON.stringify(steps);
    if (key === this.key) return;
    this.key = key;
    const focused = document.activeElement?.dataset?.step;
    refill(this.list, steps.map((step) => this.line(step)));
    if (focused) this.list.querySelector(`[data-step="${CSS.escape(focused)}"]`)?.focus();
  }

  line(step) {
    const tick = el("input", { type: "checkbox", checked: step.done_ms !== null, "data-step": step.id, disabled: !this.pane.desk.can("incident.act") });
    tick.addEventListener("change", () => attempt(() => this.pane.do("steps", { step: step.id, done: tick.checked })));
    const done = step.done_ms !== null && el("span", { class: "quiet" }, ` ${step.done_by}, ${time(step.done_ms)}`);
    const say = step.say && el("details", {}, el("summary", {}, t("step.say")), el("blockquote", {}, step.say));
    return el("li", {}, el("label", { class: "check" }, tick, el("span", {}, step.text, done)), say);
  }
}
