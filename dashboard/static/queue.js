/** The list of incidents: in the server's order, most urgent first, and never moving under a hand that is about to act. */

import { eachSecond } from "./clock.js";
import { el, refill, setAttribute, setText } from "./dom.js";
import { staying } from "./order.js";
import { announce } from "./shell.js";
import { Row } from "./queue_row.js";
import { t } from "./words.js";

const MADE_AT_ONCE = 40; // rows built in one frame: about a screen and a half, so that the top is right in the first
const HAND_MS = 30_000; // a pointer that has lain still so long aims at nothing

/** Most urgent first, then who has waited longest: as the server sorts (dashboard/incidents.py). */
export function byUrgency(a, b) {
  return a.rank - b.rank || a.raised_ms - b.raised_ms || (a.id < b.id ? -1 : 1);
}

export class Queue {
  /** `opened(id)`: somebody wants to see one. */
  constructor(place, opened) {
    this.items = new Map();
    this.gone = new Map(); // closed while somebody's hand was on the list: their rows stay until it is not
    this.rows = new Map();
    this.shown = []; // ids as they stand on the screen
    this.chosen = null;
    this.drawing = false;
    this.touched_at = -HAND_MS;
    this.list = el("ol", { class: "queue", "aria-label": t("queue.label") });
    this.waiting = el("button", { type: "button", class: "waiting", on: { click: () => this.letGo(opened) } });
    this.count = el("span", {});
    this.empty = el("p", { class: "quiet empty", hidden: true }, t("queue.empty"));
    refill(place, el("div", { class: "queue-head" }, el("h1", {}, t("queue.title")), this.count, this.waiting), this.empty, this.list);
    this.seen = new IntersectionObserver((entries) => entries.forEach((entry) => (entry.target.row.isVisible = entry.isIntersecting)));
    this.list.addEventListener("click", (event) => {
      const row = event.target.closest("li")?.row;
      if (row) opened(row.id);
    });
    for (const name of ["pointermove", "keydown", "focusin"]) this.list.addEventListener(name, () => (this.touched_at = performance.now()));
    for (const name of ["pointerleave", "focusout"]) this.list.addEventListener(name, () => this.draw());
    eachSecond((at_ms) => this.tick(at_ms));
  }

  /** Start anew with these. */
  load(items) {
    this.items = new Map(items.map((item) => [item.id, item]));
    this.draw();
  }

  /** One has changed. Returns what it was before. */
  put(item) {
    const before = this.items.get(item.id);
    if (item.state !== "closed") this.items.set(item.id, item);
    else if (this.items.delete(item.id)) this.gone.set(item.id, item);
    this.draw();
    return before;
  }

  /** The one that is open in the pane. */
  choose(id) {
    this.chosen = id;
    for (const row of this.rows.values()) row.setChosen(row.id === id);
  }

  /** Go up or down by one, from where the focus or the open one is. */
  move(by) {
    const focused = document.activeElement?.closest("li")?.row?.id ?? this.chosen;
    const at = this.shown.indexOf(focused);
    const next = this.shown[Math.min(this.shown.length - 1, Math.max(0, at + by))];
    this.rows.get(next)?.focus();
  }

  /** Somebody points at a row or has the focus in the list, and has not let go of the mouse for long. */
  get isHeld() {
    const near = this.list.matches(":hover") || this.list.contains(document.activeElement);
    return near && performance.now() - this.touched_at < HAND_MS;
  }

  draw() {
    if (this.drawing) return;
    this.drawing = true;
    requestAnimationFrame(() => {
      this.drawing = false;
      this.frame();
    });
  }

  frame() {
    const wanted = [...this.items.values()].sort(byUrgency).map((item) => item.id);
    const kept = this.shown.filter((id) => this.items.has(id) || this.gone.has(id));
    const held = this.isHeld && kept.length > 0;
    if (!held) this.gone.clear();
    const target = held ? kept : wanted;
    const more = this.place(target);
    this.tellWaiting(held ? wanted : [], kept);
    this.tellCount();
    if (more) this.draw();
  }

  /** Make the rows stand as in `target`, at most so many new ones at a time. Returns whether some are missing. */
  place(target) {
    const focused = document.activeElement;
    const focused_at = this.shown.indexOf(focused.closest("li")?.row?.id);
    const stays = new Set(target);
    for (const [id, row] of this.rows) if (!stays.has(id)) this.drop(id, row);
    let made = 0;
    const order = target.filter((id) => this.rows.has(id) || (made++ < MADE_AT_ONCE && this.make(id)));
    const places = new Map(this.shown.map((id, place) => [id, place]));
    const stay = staying(order.map((id) => places.get(id) ?? -1));
    this.shown = order;
    let next = null;
    for (let index = order.length - 1; index >= 0; index -= 1) {
      const row = this.rows.get(order[index]);
      row.update(this.items.get(row.id) ?? this.gone.get(row.id));
      if (!stay.has(index)) this.list.insertBefore(row.node, next);
      next = row.node;
    }
    this.keepFocus(focused, focused_at);
    return order.length < target.length;
  }

  /** A row that moved keeps the focus; of one that has gone, its neighbour gets it. */
  keepFocus(focused, focused_at) {
    if (focused === document.activeElement) return;
    if (this.list.contains(focused)) focused.focus({ preventScroll: true });
    else if (focused_at >= 0) this.rows.get(this.shown[Math.min(focused_at, this.shown.length - 1)])?.focus();
  }

  make(id) {
    const row = new Row(id);
    row.setChosen(id === this.chosen);
    this.rows.set(id, row);
    this.seen.observe(row.node);
    return row;
  }

  drop(id, row) {
    this.seen.unobserve(row.node);
    row.node.remove();
    this.rows.delete(id);
  }

  /** While the list is held: how many stand elsewhere, and the most urgent of those that are new. */
  tellWaiting(wanted, kept) {
    const known = new Set(kept);
    const fresh = wanted.filter((id) => !known.has(id));
    const stay = kept.filter((id) => this.items.has(id));
    const moved = wanted.length > 0 && wanted.filter((id) => known.has(id)).some((id, n) => id !== stay[n]);
    const first = fresh.length ? this.items.get(fresh[0]) : null;
    const loud = first?.level === "emergency" ? first : null;
    this.urgent = loud?.id ?? null;
    setAttribute(this.waiting, "class", loud ? "waiting loud" : "waiting");
    const words = loud ? `${t("level.emergency")}: ${loud.why}` : fresh.length ? t("queue.new", { n: fresh.length }) : moved ? t("queue.moved") : "";
    setText(this.waiting, words);
    this.waiting.hidden = !words;
  }

  /** What the hand itself has closed goes at once, wherever the focus is and whichever comes first, the answer or the news of it. */
  release(item) {
    if ((this.items.get(item.id)?.version ?? 0) <= item.version) this.items.delete(item.id);
    this.gone.delete(item.id);
    this.draw();
  }

  /** The button above the list: take the new order, and open what is loud. */
  letGo(opened) {
    const urgent = this.urgent;
    this.touched_at = -HAND_MS;
    this.frame();
    this.list.parentElement.scrollTop = 0;
    if (urgent) opened(urgent);
  }

  tellCount() {
    const all = [...this.items.values()];
    const loud = all.filter((item) => item.state === "open" && item.level === "emergency").length;
    setText(this.count, t("queue.count", { n: all.length, loud }));
    this.empty.hidden = all.length > 0;
  }

  tick(at_ms) {
    if (document.hidden) return;
    for (const row of this.rows.values()) if (row.isVisible) row.tick(at_ms);
    if (!this.waiting.hidden && !this.isHeld) this.draw();
  }
}

/** Tell a listener what came, in few words. */
export function announceItem(item) {
  announce(`${t(`level.${item.level}`)}: ${item.why}`);
}

