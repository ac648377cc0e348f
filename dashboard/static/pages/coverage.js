/** Can we see everyone? Who is not seen right now, since when and why; whose battery will not last. */

import { get } from "../api.js";
import { heard, now } from "../clock.js";
import { el, refill, table } from "../dom.js";
import { duration, number } from "../format.js";
import { attempt, open } from "../shell.js";
import { levelSign } from "../signs.js";
import { t } from "../words.js";

const EACH_MS = 5000; // a view for between alarms, not for one

await open("coverage.title");
const place = document.getElementById("main");
const parts = { summary: el("p", { class: "big", role: "status" }), folded: el("div"), uncovered: el("div"), batteries: el("div") };
refill(place, el("h1", {}, t("coverage.title")), parts.summary, parts.folded, parts.uncovered, parts.batteries);
await look();
setInterval(() => document.hidden || look(), EACH_MS);

async function look() {
  const answer = await attempt(() => get("/coverage"));
  if (!answer) return;
  heard(answer.at_ms);
  const { uncovered, folded, batteries, unseen } = answer;
  const single = new Set(uncovered.map((one) => one.order)); // an order may stand there for both its parties
  const count = unseen ?? single.size + folded.reduce((sum, one) => sum + one.count, 0);
  parts.summary.textContent = count ? t("coverage.count", { n: count }) : t("coverage.all");
  refill(parts.folded, folded.map(outage));
  refill(parts.uncovered, card("coverage.who", ["order", "party", "device", "since", "why", "level"], uncovered.map(row), "coverage.all"));
  refill(parts.batteries, card("coverage.batteries", ["device", "order", "party", "left"], batteries.map(battery), "coverage.batteries.none"));
}

function card(title, heads, rows, empty) {
  return el("section", { class: "card" }, el("h2", {}, t(title)), table(t(title), heads.map((head) => t(`head.${head}`)), rows, t(empty)));
}

/** Many that went dark together are one thing to do, not many. */
function outage(one) {
  const title = t("coverage.outage", { n: one.count, why: reason(one.why), time: since(one.since_ms) });
  const orders = el("details", {}, el("summary", {}, t("coverage.orders")), el("p", {}, one.orders.join(", ")));
  return el("section", { class: "card outage" }, el("h2", {}, title), orders);
}

function row(one) {
  return [one.order, one.party && t(one.party), one.device, since(one.since_ms), reason(one.why), one.level && levelSign(one.level)];
}

function battery(one) {
  return [one.device, one.order, one.party && t(one.party), `${number(one.hours_left)} h`];
}

function since(ms) {
  return ms === null || ms === undefined ? t("never") : duration(now() - ms);
}

function reason(why) {
  return t(`why.${why}`, {}, null) ?? t(`reason.${why}`, {}, why);
}
