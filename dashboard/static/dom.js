/** Build the page without markup: what comes from data can only ever become text. */

const SVG = "http://www.w3.org/2000/svg";

/** One element. `props`: attributes; `on`: {event: handler}; `class`; null and false leave an attribute out. */
export function el(name, props = {}, ...children) {
  return fill(document.createElement(name), props, children);
}

/** One element of a drawing. */
export function svg(name, props = {}, ...children) {
  return fill(document.createElementNS(SVG, name), props, children);
}

function fill(node, props, children) {
  for (const [key, value] of Object.entries(props)) {
    if (key === "on") for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
    else if (key === "value") node.value = value ?? "";
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Set a text only when it differs: a node that is left alone costs no layout and is not read out again. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Set or remove an attribute only when it differs. */
export function setAttribute(node, name, value) {
  if (value === null || value === undefined || value === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, String(value));
}

/** Replace what is inside. */
export function refill(node, ...children) {
  node.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** A button with a word. */
export function button(word, handler, props = {}) {
  return el("button", { type: "button", ...props, on: { click: handler } }, word);
}

let labels = 0;

/** A label with its field, and room for what is wrong with it. */
export function field(word, input, { hint = null, name = null } = {}) {
  labels += 1;
  input.id ||= `field-${labels}`;
  const said = [hint && `${input.id}-hint`, `${input.id}-fault`].filter(Boolean).join(" ");
  input.setAttribute("aria-describedby", said);
  if (name) input.name = name;
  return el(
    "div",
    { class: "field" },
    el("label", { for: input.id }, word),
    input,
    hint && el("p", { class: "hint", id: `${input.id}-hint` }, hint),
    el("p", { class: "fault", id: `${input.id}-fault` }),
  );
}

/** Say what is wrong with a field, or that nothing is. */
export function setFault(input, message) {
  const place = document.getElementById(`${input.id}-fault`);
  if (place) setText(place, message ?? "");
  setAttribute(input, "aria-invalid", message ? "true" : null);
}

/** A choice of words: [[value, word], …]. */
export function choice(options, chosen) {
  return el("select", {}, options.map(([value, word]) => el("option", { value, selected: value === chosen }, word)));
}

/** A table with a caption and named columns; `rows` are lists of cells (text or nodes). */
export function table(caption, heads, rows, empty) {
  const body = rows.length
    ? rows.map((cells) => el("tr", {}, cells.map((cell, n) => (n ? el("td", {}, cell ?? "–") : el("th", { scope: "row" }, cell ?? "–")))))
    : [el("tr", {}, el("td", { colspan: heads.length, class: "quiet" }, empty))];
  const head = el("tr", {}, heads.map((word) => el("th", { scope: "col" }, word)));
  const inside = el("table", {}, el("caption", {}, caption), el("thead", {}, head), el("tbody", {}, body));
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, inside);
}
