/** Protection orders: the list, and one with its zones. Each change is journaled and judged by the monitor at once. */

import { act, get } from "../api.js";
import { ask, said } from "../dialogs.js";
import { button, choice, el, field, refill, setFault, setText } from "../dom.js";
import { makeMap } from "../map.js";
import { announce, attempt, open } from "../shell.js";
import { levelSign } from "../signs.js";
import { t } from "../words.js";
import { DeviceEditor } from "../order_devices.js";
import { ZoneEditor } from "../zones.js";

const PAGE = 500;
const YEAR_MS = 365 * 86_400_000;
const desk = await open("orders.title");
const canWrite = desk.can("order.write");
const main = document.getElementById("main");
const list = el("ul", { class: "order-list" });
const sought = el("input", { type: "search", autocomplete: "off" });
const more = button(t("more"), () => page());
const fresh = button(t("orders.new"), () => edit(null), { class: "primary", hidden: !canWrite });
const pane = el("section", { class: "order-pane" }, el("p", { class: "quiet empty" }, t("orders.none")));
const search = el("form", { class: "row-of-buttons", role: "search" }, field(t("orders.search"), sought), el("button", { type: "submit" }, t("search")), fresh);
refill(main, el("section", { class: "order-side" }, el("h1", {}, t("orders.title")), search, list, more), pane);

let after = null;
let map = null;
search.addEventListener("submit", (event) => {
  event.preventDefault();
  reload();
});
await reload();
if (location.hash.length > 1) await openOrder(decodeURIComponent(location.hash.slice(1)));

function reload() {
  after = null;
  refill(list);
  return page();
}

async function page() {
  let answer;
  do {
    const query = new URLSearchParams({ limit: PAGE, ...(sought.value && { q: sought.value }), ...(after && { after }) });
    answer = await attempt(() => get(`/orders?${query}`));
    if (!answer) return;
    after = answer.next ?? null;
  } while (after && !answer.orders.length); // what is sought may be many pages on
  list.append(...answer.orders.map(line));
  more.hidden = !after;
  if (!list.children.length) list.append(el("li", { class: "quiet" }, t("none")));
}

function line(order) {
  const parties = el("span", { class: "quiet small" }, `${order.protected} / ${order.respondent}`);
  const go = el("button", { type: "button", class: "row", on: { click: () => openOrder(order.id) } }, el("span", { class: "lines" }, el("strong", {}, order.id), parties), order.level && levelSign(order.level));
  return el("li", { "data-id": order.id }, go);
}

async function openOrder(id) {
  const answer = await attempt(() => get(`/orders/${encodeURIComponent(id)}`));
  if (!answer) return;
  history.replaceState(null, "", `#${encodeURIComponent(id)}`);
  for (const one of list.children) one.querySelector("button")?.toggleAttribute("aria-current", one.dataset.id === id);
  edit(answer.order, answer.hints, answer.devices);
}

/** The form of an order; null for a new one. */
function edit(order, hints = [], known = []) {
  const now = Date.now();
  const given = order ?? { id: "", protected: "", respondent: "", perimeter_m: 500, warning_m: 2200, valid_from_ms: now, valid_until_ms: now + YEAR_MS, language: "es", zones: [] };
  const inputs = {
    id: text(given.id, { readonly: order !== null }),
    protected: text(given.protected),
    respondent: text(given.respondent),
    perimeter_m: metres(given.perimeter_m),
    warning_m: metres(given.warning_m),
    valid_from: moment(given.valid_from_ms),
    valid_until: moment(given.valid_until_ms),
    language: choice([["es", "Español"], ["en", "English"]], given.language),
  };
  const canvas = el("div", { class: "map tall" });
  const summary = el("div", { role: "alert" });
  const tips = el("ul", { class: "hints" }, hints.map((hint) => el("li", {}, hint)));
  const pairs = [["id", "language"], ["protected", "respondent"], ["perimeter_m", "warning_m"], ["valid_from", "valid_until"]];
  const form = el("form", { class: "order-form", novalidate: true }, pairs.map((keys) => el("div", { class: "pair" }, keys.map((key) => field(t(`order.${key}`), inputs[key])))));
  const title = el("h2", {}, order?.id ?? t("orders.new"));
  map?.remove();
  refill(pane, el("div", { class: "line" }, title, order?.level && levelSign(order.level)), summary, tips, el("div", { class: "columns" }, form, canvas));
  map = makeMap(canvas, desk.settings, t("orders.map"));
  const zones = new ZoneEditor(map);
  const devices = new DeviceEditor(known, (role) => inputs[role].value.trim());
  form.append(devices.node, zones.node, buttons(order, canWrite));
  zones.load(given.zones);
  if (!canWrite) for (const one of form.querySelectorAll("input, select, textarea, button:not(.free)")) one.disabled = true;
  const state = { inputs, zones, devices, summary, tips };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(() => save(state, event.submitter?.value === "check"));
  });
  title.tabIndex = -1;
  title.focus();
}

function buttons(order, canWrite) {
  const save = canWrite && el("button", { type: "submit", class: "primary" }, t("orders.save"));
  const check = el("button", { type: "submit", value: "check" }, t("orders.check"));
  const take = order && el("a", { href: `/api/v1/orders/${encodeURIComponent(order.id)}/zones.geojson`, download: `${order.id}.geojson` }, t("orders.export"));
  const end = order && canWrite && button(t("orders.revoke"), () => revoke(order.id));
  return el("div", { class: "row-of-buttons" }, save, check, take, end);
}

function text(value, more = {}) {
  return el("input", { value, maxlength: 64, autocomplete: "off", ...more });
}

function metres(value) {
  return el("input", { type: "number", min: 0, step: "any", value });
}

/** A time of this machine's clock. */
function moment(ms) {
  const local = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return el("input", { type: "datetime-local", value: local.toISOString().slice(0, 16) });
}

function valueOf({ inputs, zones }) {
  const { id, protected: she, respondent: he, perimeter_m, warning_m, valid_from, valid_until, language } = inputs;
  return {
    id: id.value.trim(),
    protected: she.value.trim(),
    respondent: he.value.trim(),
    perimeter_m: Number(perimeter_m.value),
    warning_m: Number(warning_m.value),
    valid_from_ms: new Date(valid_from.value).getTime() || 0,
    valid_until_ms: new Date(valid_until.value).getTime() || 0,
    language: language.value,
    zones: zones.value(),
  };
}

/** Check first, so that every fault is shown at its place; then put it in force. */
async function save(state, onlyCheck) {
  const order = valueOf(state);
  clear(state);
  const devices = state.devices.value();
  const found = await act("POST", "/orders/check", { order, devices });
  refill(state.tips, (found.hints ?? []).map((hint) => el("li", {}, hint)));
  if (!found.ok) return showFaults(state, found.faults);
  if (onlyCheck) return setText(state.summary, t("orders.fine"));
  const answer = await act("PUT", `/orders/${encodeURIComponent(order.id)}`, { order, devices });
  announce(t("orders.saved"));
  await reload();
  edit(answer.order, found.hints, answer.devices);
  pane.prepend(el("p", { class: "done", role: "status" }, t("orders.judged", { level: t(`level.${answer.level}`), reason: t(`reason.${answer.reason}`) })));
  return true;
}

function clear({ inputs, zones, devices, summary }) {
  refill(summary);
  devices.clear();
  for (const input of Object.values(inputs)) setFault(input, null);
  for (const zone of zones.zones) for (const key of ["points", "id", "kind", "size", "buffer_m", "timezone", "schedule"]) zone.setFault(key, null);
}

function showFaults({ inputs, zones, devices, summary }, faults) {
  for (const { where, message } of faults) {
    const zone = /^zones?\[(\d+)\]\.(.+)$/.exec(where);
    const device = /^devices\[(\d+)\]\.(.+)$/.exec(where);
    if (zone) zones.setFault(Number(zone[1]), zone[2], message);
    else if (device) devices.setFault(Number(device[1]), device[2], message);
    else if (inputs[where.replace(/_ms$/, "")]) setFault(inputs[where.replace(/_ms$/, "")], message);
  }
  refill(summary, el("h3", { class: "fault" }, t("orders.faults", { n: faults.length })), el("ul", {}, faults.map((one) => el("li", {}, said({ code: "", ...one })))));
  document.querySelector("[aria-invalid]")?.focus();
  return null;
}

async function revoke(id) {
  const body = el("p", {}, t("orders.revoke.why", { id }));
  const done = await ask({ title: t("orders.revoke"), body, yes: t("orders.revoke"), submit: () => act("DELETE", `/orders/${encodeURIComponent(id)}`) });
  if (!done) return;
  refill(pane, el("p", { class: "quiet empty" }, t("orders.revoked", { id })));
  history.replaceState(null, "", location.pathname);
  await reload();
}
