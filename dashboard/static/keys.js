/** Single keys do things while nobody writes and no dialog is open; each page says what its keys are. */

import { el } from "./dom.js";
import { t } from "./words.js";

const bindings = new Map();

/** {key: [word of what it does, handler]}. */
export function bindKeys(added) {
  for (const [key, binding] of Object.entries(added)) bindings.set(key, binding);
}

const OFF = "keys-off"; // some people speak to their machine, and every word would be a shower of keys (WCAG 2.1.4)

/** What each key does, and the switch that turns them all off. */
export function keyHelp() {
  const lines = [...bindings].map(([key, [word]]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, t(word))]);
  const on = el("input", { type: "checkbox", checked: localStorage.getItem(OFF) === null });
  on.addEventListener("change", () => (on.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1")));
  const list = el("dl", { class: "keys" }, lines, el("dt", {}, el("kbd", {}, "Enter")), el("dd", {}, t("keys.enter")));
  return el("div", {}, list, el("label", { class: "check" }, on, t("keys.on")));
}

function isWriting(node) {
  return node.closest("input:not([type=checkbox]):not([type=range]), textarea, select, [contenteditable]") !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  if (event.target instanceof Element && isWriting(event.target)) return;
  const binding = bindings.get(event.key);
  if (!binding || localStorage.getItem(OFF) !== null) return;
  event.preventDefault();
  binding[1]();
});
