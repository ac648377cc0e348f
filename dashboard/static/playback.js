/** What happened, again: the frames that the monitor's own engine gives, with a time slider. */

import { button, el, refill, setText } from "./dom.js";
import { dayTime, fullTime, time } from "./format.js";
import { numbersOf } from "./incident_places.js";
import { PartyMap } from "./map.js";
import { levelSign } from "./signs.js";
import { t } from "./words.js";

const FRAME_MS = 200; // between two frames while it runs

export class Playback {
  constructor(track, settings, closed) {
    Object.assign(this, { track, settings, closed, at: 0 });
    const { frames } = track;
    this.slider = el("input", { type: "range", min: 0, max: Math.max(0, frames.length - 1), step: 1, value: 0, "aria-label": t("playback.time") });
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    this.run = button(t("playback.run"), () => this.toggle());
    this.when = el("span", { class: "when" });
    this.sign = el("span");
    this.why = el("span");
    this.numbers = el("dl", { class: "numbers" });
    this.canvas = el("div", { class: "map" });
    const bar = el("div", { class: "row-of-buttons" }, this.run, this.slider, this.when);
    const head = el("h3", {}, `${t("playback.title")} · ${dayTime(track.from_ms)}`);
    const exact = track.exact === undefined ? null : el("p", { class: "quiet" }, t(track.exact ? "playback.exact" : "playback.inexact"));
    this.node = el("section", { class: "card playback" }, head, exact, el("p", { class: "line" }, this.sign, this.why), this.numbers, this.canvas, bar, this.marks(), button(t("playback.live"), () => this.close()));
  }

  /** Each transition as a button that goes to its moment: "how did it come to this?" in one press. */
  marks() {
    const moments = (this.track.transitions ?? []).map((one) =>
      el("li", {}, button(`${time(one.at_ms)} ${t(`level.${one.to}`)}: ${t(`reason.${one.reason}`, {}, one.reason)}`, () => this.go(this.frameAt(one.at_ms)))),
    );
    return moments.length ? el("ul", { class: "marks", "aria-label": t("playback.marks") }, moments) : null;
  }

  frameAt(at_ms) {
    const found = this.track.frames.findIndex((frame) => frame.at_ms >= at_ms);
    return found < 0 ? this.track.frames.length - 1 : found;
  }

  start() {
    this.map = new PartyMap(this.canvas, this.settings, t("playback.title"));
    if (this.track.frames.length) this.go(0);
    else setText(this.why, t("playback.none"));
    this.slider.focus();
  }

  go(index) {
    const frame = this.track.frames[index];
    if (!frame) return;
    this.at = index;
    this.slider.value = index;
    this.slider.setAttribute("aria-valuetext", fullTime(frame.at_ms));
    setText(this.when, fullTime(frame.at_ms));
    refill(this.sign, levelSign(frame.level));
    setText(this.why, frame.reason ? t(`reason.${frame.reason}`, {}, frame.reason) : "");
    const numbers = { distance_m: frame.distance_m, uncertainty_m: frame.uncertainty_m };
    const trails = { protected: this.trailed("protected", index), respondent: this.trailed("respondent", index) };
    const moment = { numbers, ...this.track, ...frame, ...trails };
    this.map.show(moment);
    refill(this.numbers, numbersOf(moment));
  }

  /** A party at a frame, with the places it had before as its trail. */
  trailed(role, index) {
    const party = this.track.frames[index][role];
    if (!party) return null;
    const before = this.track.frames.slice(Math.max(0, index - 60), index).map((frame) => frame[role]).filter(Boolean);
    return { ...party, trail: before.map((one) => [0, one.lat, one.lon]) };
  }

  toggle() {
    if (this.timer) return this.stop();
    if (this.at >= this.track.frames.length - 1) this.go(0);
    this.timer = setInterval(() => (this.at < this.track.frames.length - 1 ? this.go(this.at + 1) : this.stop()), FRAME_MS);
    setText(this.run, t("playback.pause"));
    return null;
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    setText(this.run, t("playback.run"));
    return null;
  }

  close() {
    this.stop();
    this.map?.close();
    this.map = null;
    this.node.remove();
    this.closed();
  }
}
