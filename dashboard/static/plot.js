/** Small plots: lines over days, with what they show as a table beside them for whoever cannot see lines. */

import { el, svg, table } from "./dom.js";
import { t } from "./words.js";

const WIDE = 560;
const HIGH = 170;
const LEFT = 48;
const BOTTOM = 22;
const TOP = 8;
const STEPS = 4;

/**
 * One plot. `days`: rows; `lines`: [{word, of(row) → number or null}]; `label(row)` names a row; `unit` follows numbers.
 */
export function plot({ title, days, lines, label, unit = "" }) {
  const top = niceTop(Math.max(0, ...days.flatMap((day) => lines.map((line) => line.of(day) ?? 0))));
  const x = (n) => LEFT + (n * (WIDE - LEFT - 8)) / Math.max(1, days.length - 1);
  const y = (value) => TOP + (1 - value / top) * (HIGH - TOP - BOTTOM);
  const marks = Array.from({ length: STEPS + 1 }, (_, n) => (top * n) / STEPS);
  const grid = marks.map((value) => [
    svg("line", { class: "axis", x1: LEFT, x2: WIDE, y1: y(value), y2: y(value) }),
    svg("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, short(value)),
  ]);
  const ends = days.length ? [svg("text", { x: LEFT, y: HIGH - 4 }, label(days[0])), svg("text", { x: WIDE, y: HIGH - 4, "text-anchor": "end" }, label(days.at(-1)))] : [];
  const drawn = lines.flatMap((line, n) => strokes(days.map(line.of), x, y, n));
  const picture = svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, class: "plot", role: "img", "aria-label": title }, ...grid.flat(), ...ends, ...drawn);
  const keys = el("p", { class: "legend" }, lines.map((line, n) => el("span", { class: `plot-key line-${n}` }, line.word)));
  return el("section", { class: "card" }, el("h2", {}, unit ? `${title} (${unit})` : title), picture, keys, asTable(title, days, lines, label));
}

function asTable(title, days, lines, label) {
  const rows = days.map((day) => [label(day), ...lines.map((line) => (line.of(day) === null ? null : short(line.of(day))))]);
  return el("details", {}, el("summary", {}, t("plot.table")), table(title, [t("head.when"), ...lines.map((line) => line.word)], rows, t("statistics.none")));
}

/** A line for each run of days that have a value: nothing is drawn where nothing is known. */
function strokes(values, x, y, which) {
  const runs = [];
  values.forEach((value, n) => {
    if (value === null) return;
    if (n === 0 || values[n - 1] === null) runs.push([]);
    runs.at(-1).push([x(n), y(value)]);
  });
  return runs.map((run) =>
    run.length > 1
      ? svg("polyline", { class: `line-${which}`, points: run.map((point) => point.join(",")).join(" ") })
      : svg("circle", { class: `line-${which}`, cx: run[0][0], cy: run[0][1], r: 3 }),
  );
}

function niceTop(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 10].map((n) => n * power).find((n) => n >= value);
}

function short(value) {
  return value >= 100 ? String(Math.round(value)) : String(Math.round(value * 100) / 100);
}
