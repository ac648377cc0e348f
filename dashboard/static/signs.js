/** Level and party as a shape: colour is never the only sign. */

import { el, svg } from "./dom.js";
import { t } from "./words.js";

// Octagon with "!", triangle with "!", diamond with "?" (we cannot see), ring.
const SHAPES = {
  emergency: [["path", { d: "M7 1h10l6 6v10l-6 6H7l-6-6V7z" }], ["path", { class: "ink", d: "M10.5 5h3l-.5 9h-2zM10.5 16h3v3h-3z" }]],
  warning: [["path", { d: "M12 1 23.5 22H.5z" }], ["path", { class: "ink", d: "M10.7 8h2.6l-.4 7h-1.8zM10.7 16.5h2.6v2.6h-2.6z" }]],
  caution: [["path", { d: "M12 .5 23.5 12 12 23.5.5 12z" }], ["path", { class: "stroke", d: "M9 9.5a3 3 0 1 1 4 2.8c-.8.3-1 .8-1 1.7M12 16.5v1.5" }]],
  calm: [["circle", { class: "hollow", cx: 12, cy: 12, r: 9 }]],
};

/** The shape of a level, for the eye only: its word always stands beside it. */
export function levelShape(level) {
  const parts = SHAPES[level].map(([name, props]) => svg(name, props));
  return svg("svg", { class: `shape level-${level}`, viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" }, parts);
}

/** Shape and word. */
export function levelSign(level) {
  return el("span", { class: `level level-${level}` }, levelShape(level), el("span", { class: "word" }, t(`level.${level}`)));
}

/** The sign of a party on the map and beside its numbers: she is a disc, he is a square. */
export function partyShape(role) {
  const body = role === "protected" ? svg("circle", { cx: 12, cy: 12, r: 9 }) : svg("rect", { x: 4, y: 4, width: 16, height: 16 });
  return svg("svg", { class: `shape party-${role}`, viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" }, body);
}
