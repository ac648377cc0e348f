/** What has happened, what has reached whom, and how the devices are. */

import { get } from "./api.js";
import { now } from "./clock.js";
import { el, refill, table } from "./dom.js";
import { duration, fullTime, number, timeOrDay } from "./format.js";
import { t } from "./words.js";

const DEVICES_MS = 10_000; // health changes slowly; each look is a request to the monitor

/** The timeline, newest first. */
export class Story {
  constructor() {
    this.list = el("ol", { class: "story", reversed: true });
    this.node = el("section", { class: "card" }, el("h3", {}, t("story.title")), this.list);
    this.keys = new Set();
  }

  load(entries) {
    for (const entry of entries) this.add(entry);
  }

  add(entry) {
    const key = JSON.stringify([entry.at_ms, entry.kind, entry.who, entry.text, entry.data]);
    if (this.keys.has(key)) return;
    this.keys.add(key);
    const line = el("li", { class: `entry ${entry.kind}`, "data-at": entry.at_ms }, stamp(entry.at_ms), " ", tell(entry));
    const later = [...this.list.children].find((one) => Number(one.dataset.at) <= entry.at_ms);
    this.list.insertBefore(line, later ?? null);
  }
}

/** When, as its reader counts the hours; in UTC for whoever asks. */
function stamp(ms) {
  const utc = new Date(ms).toISOString();
  return el("time", { datetime: utc, title: utc }, timeOrDay(ms, now()));
}

/** One entry in words. */
export function tell(entry) {
  const data = entry.data ?? {};
  const to = data.audience ? `${t(`audience.${data.audience}`)}, ${t(`channel.${data.channel}`)}` : "";
  const words = {
    transition: () => `${t(`level.${data.from ?? "calm"}`)} → ${t(`level.${data.to ?? "calm"}`)}: ${t(`reason.${entry.text}`, {}, entry.text)}${far(data)}`,
    notification: () => `${t("told")} ${to} (${t(`kind.${data.kind}`)})`,
    outcome: () => `${to}: ${t(`delivery.${entry.text}`, {}, entry.text)}`,
    acknowledgement: () => `${t("answered.by")} ${entry.text === "dispatcher" ? entry.who : t(`by.${entry.text}`, {}, entry.text)}${to ? ` (${to})` : ""}`,
    act: () => `${entry.who}: ${actWords(entry.text, data)}`,
  };
  return (words[entry.kind] ?? (() => entry.text))();
}

function far(data) {
  if (data.since_ms) return evidence(data);
  const trouble = ["hours_left", "apart_m", "clock_s"].find((name) => typeof data[name] === "number");
  if (trouble) return `, ${t(`trouble.${trouble}`, { value: number(data[trouble]) })}`;
  const when = typeof data.breached_at_ms === "number" ? `, ${t("breached.at")} ${fullTime(data.breached_at_ms)}` : "";
  if (typeof data.distance_m !== "number") return when;
  return `${when}, ${Math.round(data.distance_m)} m${typeof data.uncertainty_m === "number" ? ` ± ${Math.round(data.uncertainty_m)} m` : ""}`;
}

/** What a pattern rests on. */
function evidence({ count, since_ms, closest_m }) {
  const near = closest_m === undefined || closest_m === null ? "" : `, ${t("pattern.nearest")} ${Math.round(closest_m)} m`;
  return ` (${count} × ${t("pattern.since")} ${fullTime(since_ms)}${near})`;
}

function actWords(word, data) {
  const outcome = data.outcome ? ` – ${t(`outcome.${data.outcome}`)}` : "";
  const more = [data.to, data.step && t(`step.${data.step}`, {}, data.step), data.text].filter(Boolean).join(", ");
  return `${t(`did.${word}`, {}, word)}${outcome}${more ? `: ${more}` : ""}`;
}

/** Who was told by which way, and how far it got. */
export class Deliveries {
  constructor() {
    this.node = el("section", { class: "card" });
  }

  load(notifications) {
    const key = JSON.stringify(notifications);
    if (key === this.key) return;
    this.key = key;
    const rows = [...notifications].reverse().map((one) => [
      t(`audience.${one.audience}`),
      t(`channel.${one.channel}`),
      el("span", { class: `delivery ${one.state}` }, t(`delivery.${one.state}`), one.detail ? ` (${one.detail})` : ""),
      timeOrDay(one.changed_ms, now()),
      one.text,
    ]);
    const heads = ["audience", "channel", "delivery", "when", "text"].map((name) => t(`head.${name}`));
    refill(this.node, el("h3", {}, t("deliveries.title")), table(t("deliveries.title"), heads, rows, t("deliveries.none")));
  }
}

/** Health of all devices of both. */
export class Devices {
  constructor(id) {
    this.id = id;
    this.place = el("div", {});
    this.node = el("section", { class: "card" }, el("h3", {}, t("devices.title")), this.place);
    this.ask();
  }

  async ask() {
    const answer = await get(`/incidents/${encodeURIComponent(this.id)}/devices`).catch(() => null);
    if (answer) this.show(answer.devices);
    setTimeout(() => this.node.isConnected && this.ask(), DEVICES_MS);
  }

  show(devices) {
    const key = JSON.stringify(devices);
    if (key === this.key) return;
    this.key = key;
    const rows = devices.map((one) => [
      one.id,
      t(one.party),
      age(one.ping_age_s),
      age(one.fix_age_s),
      battery(one),
      strap(one),
      number(one.signal, " dBm"),
      (one.troubles ?? []).map(trouble).join(", ") || "–",
    ]);
    const heads = ["device", "party", "ping", "fix", "battery", "strap", "signal", "troubles"].map((name) => t(`head.${name}`));
    refill(this.place, table(t("devices.title"), heads, rows, t("devices.none")));
  }
}

function trouble(word) {
  return t(`why.${word}`, {}, null) ?? t(`reason.${word}`, {}, word);
}

function age(s) {
  return s === null || s === undefined ? t("never") : duration(s * 1000);
}

function battery({ battery: percent, hours_left, charging }) {
  if (percent === null || percent === undefined) return "–";
  return `${Math.round(percent)} %${charging ? ` ${t("charging")}` : ""}${hours_left === null || hours_left === undefined ? "" : `, ${number(hours_left)} h`}`;
}

function strap({ strap: word, tether }) {
  return [word && t(`strap.${word}`, {}, word), tether && tether !== "unknown" && t(`tether.${tether}`, {}, tether)].filter(Boolean).join(", ") || "–";
}
