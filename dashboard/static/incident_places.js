/** Where both are, live. Each look is on record at the server, so it looks only while somebody is looking. */

import { get } from "./api.js";
import { button, el, refill, setText } from "./dom.js";
import { said } from "./dialogs.js";
import { distance, duration, metres, speed, time, wind } from "./format.js";
import { PartyMap } from "./map.js";
import { partyShape } from "./signs.js";
import { t } from "./words.js";

const POLL_MS = 2000; // as often as the fastest device reports

export class LivePlaces {
  constructor(item, { settings, can }) {
    this.id = item.id;
    this.settings = settings;
    this.numbers = el("dl", { class: "numbers" });
    this.fault = el("p", { class: "fault", role: "status" });
    this.drawn_ms = null; // of what is on the map, by the monitor's clock
    this.canvas = el("div", { class: "map" });
    this.node = el("section", { class: "card places" }, el("h3", {}, t("map.title")), this.fault, this.numbers);
    if (!can("position.read")) {
      this.node.append(el("p", { class: "quiet" }, t("map.norights")));
      return;
    }
    this.node.append(this.canvas, el("div", { class: "row-of-buttons" }, legend(), button(t("map.recentre"), () => this.map?.recentre())));
    this.timer = setInterval(() => this.ask(), POLL_MS);
    requestAnimationFrame(() => this.ask());
  }

  async ask() {
    if (document.hidden || this.node.hidden || this.isAsking || !this.node.isConnected || this.over) return;
    this.isAsking = true;
    try {
      this.draw(await get(`/incidents/${encodeURIComponent(this.id)}/positions`));
      setText(this.fault, "");
    } catch (error) {
      const old = this.drawn_ms === null ? "" : ` ${t("map.old", { at: time(this.drawn_ms) })}`;
      setText(this.fault, t("map.fault", { why: said(error) }) + old);
    } finally {
      this.isAsking = false;
    }
  }

  draw(moment) {
    if (!this.node.isConnected) return;
    this.map ??= new PartyMap(this.canvas, this.settings, t("map.title"));
    this.map.show(moment);
    this.drawn_ms = moment.at_ms;
    refill(this.numbers, numbersOf(moment));
  }

  /** The item has changed: what is closed is not looked at any more. */
  show(item) {
    this.over = item.state === "closed";
  }

  close() {
    clearInterval(this.timer);
    this.map?.close();
  }
}

/** Distance, direction, speed, time: what one says on the telephone. */
export function numbersOf(moment) {
  const { protected: she, respondent: he, closest } = moment;
  const numbers = moment.numbers ?? {};
  const pairs = [
    ["number.distance", distance(numbers.distance_m, numbers.uncertainty_m)],
    ["number.bearing", wind(numbers.bearing)],
    ["number.speed", speed(numbers.speed_mps ?? he?.speed_mps)],
    ["number.contact", contact(numbers.seconds_to_perimeter)],
  ];
  if (closest) pairs.push(["number.closest", `${metres(closest.distance_m)}, ${t("in")} ${duration(closest.at_ms - moment.at_ms)}`]);
  for (const [role, at] of [["protected", she], ["respondent", he]]) pairs.push([role, at ? seen(at) : t("map.unseen"), partyShape(role)]);
  return pairs.map(([key, value, sign]) => el("div", { class: sign && "party" }, el("dt", {}, sign, t(key)), el("dd", {}, value)));
}

/** None is known, or he is inside: these two must not look alike. */
function contact(seconds) {
  return seconds === null || seconds === undefined ? "–" : duration(seconds * 1000);
}

function seen(at) {
  const source = at.source ? `${t(`source.${at.source}`, {}, at.source)} ` : "";
  return `${source}± ${metres(at.radius_m)}, ${t("ago", { time: duration((at.age_s ?? 0) * 1000) })}`;
}

function legend() {
  return el("p", { class: "legend" }, el("span", { class: "key perimeter" }, t("map.perimeter")), el("span", { class: "key warning" }, t("map.warning")));
}
