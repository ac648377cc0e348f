/** One incident: the next thing to do first, then where they are, what has been done, and whether the devices can be trusted. */

import { act, get } from "./api.js";
import { eachSecond, now } from "./clock.js";
import { el, refill, setText } from "./dom.js";
import { duration } from "./format.js";
import { actions } from "./incident_acts.js";
import { Deliveries, Devices, Story } from "./incident_record.js";
import { LivePlaces } from "./incident_places.js";
import { NextThing, Steps } from "./incident_steps.js";
import { Playback } from "./playback.js";
import { isAnswered, nextStep } from "./queue_row.js";
import { announce, attempt } from "./shell.js";
import { levelSign } from "./signs.js";
import { t } from "./words.js";

const PLAYBACK_MS = 120_000; // the journal of a whole night is judged again
const DETAILS_MS = 700; // several entries come together: one look is enough

export class IncidentPane {
  /** `closed(item)`: its close has succeeded. */
  constructor(place, desk, closed) {
    Object.assign(this, { place, desk, closed, id: null, item: null });
    refill(place, el("p", { class: "quiet empty" }, t("incident.none")));
    eachSecond((at_ms) => this.tick(at_ms));
  }

  /** Show an incident; the focus stays where it is. */
  async open(id) {
    if (this.id === id && this.parts) return;
    this.leave();
    this.id = id;
    const details = await attempt(() => get(`/incidents/${encodeURIComponent(id)}`));
    if (this.id !== id) return;
    if (!details) {
      refill(this.place, el("p", { class: "quiet empty" }, t("incident.gone")));
      return;
    }
    this.build(details.item);
    this.fill(details);
    announce(`${t("incident.opened")} ${details.item.why}`);
  }

  leave() {
    this.parts?.places.close();
    this.playback?.close();
    this.parts = this.playback = this.item = null;
  }

  build(item) {
    const parts = {
      sign: el("span"),
      why: el("h2", { class: "why" }),
      about: el("span", { class: "quiet" }),
      times: el("span", { class: "times" }),
      acts: actions(this),
      next: new NextThing(this),
      steps: new Steps(this),
      places: new LivePlaces(item, this.desk),
      story: new Story(),
      deliveries: new Deliveries(),
      devices: new Devices(item.id),
    };
    this.parts = parts;
    const head = el("header", { class: "incident-head" }, el("div", { class: "line" }, parts.sign, parts.why), el("p", { class: "about" }, parts.about, parts.times), parts.acts.node);
    const main = el("div", { class: "column main" }, parts.places.node, parts.devices.node);
    const side = el("div", { class: "column side" }, parts.steps.node, parts.story.node);
    const columns = el("div", { class: "columns" }, parts.next.node, main, side);
    refill(this.place, el("article", { class: "incident", "aria-label": t("incident.label") }, head, columns, parts.deliveries.node));
    this.place.scrollTop = 0;
  }

  /** All of an answer of GET /incidents/{id}. */
  fill(details) {
    this.steps = details.steps;
    this.parts.story.load(details.entries);
    this.parts.deliveries.load(details.notifications);
    this.parts.steps.load(details.steps);
    this.show(details.item);
  }

  /** The item as it is now. */
  show(item) {
    this.item = item;
    const { sign, why, about, acts, next, places } = this.parts;
    refill(sign, levelSign(item.state === "open" ? item.level : "calm"));
    setText(why, item.why);
    const parties = item.protected ? `${item.protected} / ${item.respondent}` : null;
    setText(about, [item.code && `${t("code")} ${item.code}`, item.order, parties, item.zone && `${t("zone")} ${item.zone}`].filter(Boolean).join(" · "));
    acts.show(item);
    next.show(item, this.steps ?? []);
    places.show(item);
    this.tick(now());
  }

  tick(at_ms) {
    if (!this.item || !this.parts) return;
    const { item } = this;
    const parts = [`${t("since")} ${duration(at_ms - item.started_ms)}`];
    if (item.state === "calm") parts.push(`${t("state.calm")} ${duration(at_ms - item.calm_ms)}`);
    if (item.state === "closed") parts.push(t("closed.by", { who: item.closed_by ?? "", outcome: t(`outcome.${item.outcome}`) }));
    if (isAnswered(item)) parts.push(t("queue.answered", { who: item.acknowledged_by ?? "" }));
    else if (item.next_step_ms !== null && item.state === "open") parts.push(nextStep(item.next_step_ms - at_ms));
    if (item.assigned_to) parts.push(t("queue.has", { who: item.assigned_to }));
    if (item.muted) parts.push(t("muted"));
    setText(this.parts.times, parts.join(" · "));
  }

  hearItem(item) {
    if (item.id === this.id && this.parts && item.version >= (this.item?.version ?? 0)) this.show(item);
  }

  hearEntry(incident, entry) {
    if (incident !== this.id || !this.parts) return;
    this.parts.story.add(entry);
    this.waiting ??= setTimeout(() => this.refresh(), DETAILS_MS);
  }

  /** Ask again for everything of the open incident. */
  async refresh() {
    clearTimeout(this.waiting);
    this.waiting = null;
    const { id } = this;
    if (!id || !this.parts) return;
    const details = await get(`/incidents/${encodeURIComponent(id)}`).catch(() => null);
    if (details && this.id === id && this.parts) this.fill(details);
  }

  /** One of the acts, by its key. */
  press(name) {
    this.parts?.acts.press(name);
  }

  /** Do something about this incident and show what became of it. */
  async do(what, body = {}) {
    const { id } = this;
    const answer = await act("POST", `/incidents/${encodeURIComponent(id)}/${what}`, body);
    if (this.id === id && this.parts && answer?.item) this.show(answer.item);
    if (what === "close") this.closed?.(answer.item);
    this.refresh();
    return answer;
  }

  /** The track of it, with a time slider, where the live map was. */
  async play() {
    const { id } = this;
    announce(t("playback.wait"));
    const track = await attempt(() => get(`/incidents/${encodeURIComponent(id)}/playback`, { wait_ms: PLAYBACK_MS }));
    if (!track || this.id !== id) return;
    this.playback?.close();
    this.playback = new Playback(track, this.desk.settings, () => this.parts?.places.node.removeAttribute("hidden"));
    this.parts.places.node.before(this.playback.node);
    this.parts.places.node.setAttribute("hidden", "");
    this.playback.start();
  }
}
