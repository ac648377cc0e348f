/** How well do we do? By day, for whoever answers for it. */

import { get } from "../api.js";
import { choice, el, field, refill, table } from "../dom.js";
import { plots, totals } from "../figures.js";
import { plot } from "../plot.js";
import { attempt, open } from "../shell.js";
import { t } from "../words.js";
import { day } from "../figures.js";

await open("statistics.title");
const place = el("div");
const days = choice([7, 30, 90, 365].map((n) => [String(n), t("statistics.days", { n })]), "30");
days.addEventListener("change", draw);
refill(document.getElementById("main"), el("h1", {}, t("statistics.title")), el("div", { class: "narrow" }, field(t("statistics.period"), days)), place);
await draw();

async function draw() {
  const answer = await attempt(() => get(`/statistics?days=${days.value}`));
  if (!answer) return;
  const pairs = [{ word: t("statistics.pair"), of: (row) => row.alerts_per_pair ?? null }];
  const label = (row) => day(row.day_ms);
  const more = plot({ title: t("statistics.pair"), days: answer.days, label, lines: pairs });
  refill(place, totals(answer.total), outcomes(answer.total.outcomes ?? {}), el("div", { class: "plots" }, plots(answer.days, (row) => row.day_ms), more));
}

function outcomes(counts) {
  const rows = Object.entries(counts).sort((a, b) => b[1] - a[1]).map(([word, count]) => [t(`outcome.${word}`), count]);
  const title = t("statistics.outcomes");
  return el("section", { class: "card" }, el("h2", {}, title), table(title, [t("outcome"), t("head.count")], rows, t("statistics.none")));
}
