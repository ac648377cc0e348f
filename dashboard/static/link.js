/** The bar that says that what is on the screen may not be true any more. It cannot be overlooked, and goes away by itself. */

import { eachSecond, now } from "./clock.js";
import { el, setText } from "./dom.js";
import { duration } from "./format.js";
import { announce, setTitle } from "./shell.js";
import { play } from "./sound.js";
import { t } from "./words.js";

export class LinkBar {
  constructor(title) {
    this.title = title; // () => what stands before the page's title otherwise
    this.server = null; // since when (ms) the console is silent
    this.monitor = null; // since when the console cannot hear the monitor
    this.text = el("p", {});
    this.node = el("div", { class: "link-bar", role: "region", "aria-label": t("link.title"), hidden: true }, this.text);
    this.said = el("p", { class: "unseen", role: "alert" }); // said once: the bar itself counts the seconds
    document.body.append(this.said);
    eachSecond(() => this.draw());
  }

  /** The console's server is silent, or speaks again. */
  setServer(lost) {
    this.change("server", lost ? now() : null);
  }

  /** The monitor behind it. */
  setMonitor(link) {
    this.change("monitor", link.up ? null : link.since_ms);
  }

  change(which, since_ms) {
    const was = this.isBroken;
    this[which] = since_ms;
    this.draw(); // first: what is seen does not depend on what is heard
    if (this.isBroken !== was) setText(this.said, this.text.textContent);
    if (this.isBroken && !was) play("lost");
    if (!this.isBroken && was) announce(t("link.back"));
  }

  get isBroken() {
    return this.server !== null || this.monitor !== null;
  }

  draw() {
    const since_ms = this.server ?? this.monitor;
    this.node.hidden = since_ms === null;
    document.body.classList.toggle("broken", since_ms !== null);
    setTitle(since_ms === null ? this.title() : `⚠ ${t("link.title")}`);
    if (since_ms === null) return setText(this.text, "");
    setText(this.text, t(this.server !== null ? "link.server" : "link.monitor", { since: duration(now() - since_ms) }));
  }
}
