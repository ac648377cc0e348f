/** What the statistics pages share: the figures as plots and as a few big numbers. */

import { el } from "./dom.js";
import { duration } from "./format.js";
import { plot } from "./plot.js";
import { language, t } from "./words.js";

/** A day as people write it here. */
export function day(ms) {
  return new Intl.DateTimeFormat(language(), { day: "numeric", month: "short", timeZone: "UTC" }).format(ms);
}

/** The figures of a whole period, large. */
export function totals(total) {
  const pairs = [
    ["statistics.incidents", total.incidents],
    ["statistics.emergencies", total.emergencies],
    ["statistics.pair", total.alerts_per_pair],
    ["statistics.false", share(total.false_share)],
    ["statistics.later", total.found_later],
    ["statistics.acknowledge", total.acknowledge_s && duration(total.acknowledge_s.p50 * 1000)],
    ["statistics.alert", total.ping_to_alert_ms && `${Math.round(total.ping_to_alert_ms.p95)} ms`],
  ];
  const known = pairs.filter(([, value]) => value !== undefined);
  return el("dl", { class: "totals" }, known.map(([key, value]) => el("div", {}, el("dt", {}, t(key)), el("dd", {}, value ?? "–"))));
}

/** The plots of some days or weeks; `at(row)` gives when a row begins. */
export function plots(rows, at) {
  const label = (row) => day(at(row));
  const of = (read) => (row) => read(row) ?? null;
  const line = (word, read) => ({ word: t(word), of: of(read) });
  const common = { days: rows, label };
  return [
    plot({ ...common, title: t("statistics.incidents"), lines: [line("statistics.all", (row) => row.incidents), line("statistics.emergencies", (row) => row.emergencies)] }),
    plot({ ...common, title: t("statistics.false"), unit: "%", lines: [line("statistics.false", (row) => row.false_share && row.false_share * 100)] }),
    plot({ ...common, title: t("statistics.acknowledge"), unit: "s", lines: [line("half", (row) => row.acknowledge_s?.p50), line("most", (row) => row.acknowledge_s?.p95)] }),
    plot({ ...common, title: t("statistics.alert"), unit: "ms", lines: [line("half", (row) => row.ping_to_alert_ms?.p50), line("most", (row) => row.ping_to_alert_ms?.p95)] }),
  ];
}

function share(value) {
  return value === null || value === undefined ? value : `${Math.round(value * 100)} %`;
}
