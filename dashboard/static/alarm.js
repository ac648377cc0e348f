/** When the room must hear something: a new emergency at once, again while nobody has answered, and a lost server. */

import { el, setText } from "./dom.js";
import { isAnswered } from "./queue_row.js";
import { allow, isAllowed, onSound, play } from "./sound.js";
import { t } from "./words.js";

const AGAIN_MS = 10_000; // while an emergency is unanswered: insistent, and still possible to telephone over

export class Alarm {
  constructor(items) {
    this.items = items; // () => all items of the list
    this.rang_at = -AGAIN_MS;
    this.button = el("button", { type: "button", class: "sound-off", on: { click: allow } });
    onSound((allowed) => {
      setText(this.button, t("sound.off"));
      this.button.hidden = allowed;
      if (allowed) this.again();
    });
    setInterval(() => this.again(), AGAIN_MS);
  }

  /** An item has changed from `before` (undefined: it is new). Returns true if it is something new to hear. */
  heard(item, before) {
    const risen = item.state === "open" && !item.muted && (!before || before.raised_ms < item.raised_ms || before.state !== "open");
    if (!risen || isAnswered(item)) return false;
    if (item.level === "emergency") this.ring();
    else if (item.level === "warning") play("warning");
    return item.level === "emergency" || item.level === "warning";
  }

  ring() {
    if (!isAllowed() || performance.now() - this.rang_at < 1000) return; // a storm rings once a second, not a thousand times
    this.rang_at = performance.now();
    play("emergency");
  }

  again() {
    if (performance.now() - this.rang_at < AGAIN_MS / 2) return;
    const unheard = this.items().some((item) => item.level === "emergency" && item.state === "open" && !item.muted && !isAnswered(item));
    if (unheard) this.ring();
  }
}
