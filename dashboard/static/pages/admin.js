/** Who may do what, which machines may too, who is logged in, and who did and looked at what. */

import { act, get } from "../api.js";
import { ask, show } from "../dialogs.js";
import { button, choice, el, field, refill, table } from "../dom.js";
import { dayTime } from "../format.js";
import { attempt, open } from "../shell.js";
import { t } from "../words.js";

const PAGE = 100;
const desk = await open("admin.title");
const SECTIONS = [
  ["operators", "operators", operators],
  ["sessions", "operators", sessions],
  ["tokens", "tokens", tokens],
  ["audit", "audit.read", audit],
];
const main = document.getElementById("main");
refill(main, el("h1", {}, t("admin.title")));
for (const [name, right, draw] of SECTIONS) {
  if (!desk.can(right)) continue;
  const place = el("div", {});
  main.append(el("section", { class: "card" }, el("h2", {}, t(`admin.${name}`)), place));
  draw(place);
}

function heads(...names) {
  return names.map((name) => t(`head.${name}`));
}

async function operators(place) {
  const answer = await attempt(() => get("/operators"));
  if (!answer) return;
  const again = () => operators(place);
  const rows = answer.operators.map((one) => [
    one.name,
    t(`role.${one.role}`),
    t(one.active ? "yes" : "no"),
    t(one.totp ? "yes" : "no"),
    button(t("change"), () => change(one, again), { "aria-label": `${t("change")} ${one.name}` }),
  ]);
  const add = button(t("admin.add"), () => addOperator(again));
  refill(place, table(t("admin.operators"), heads("name", "role", "active", "totp", "act"), rows, t("none")), add);
}

function roles(chosen) {
  return choice(desk.settings.roles.map((role) => [role, t(`role.${role}`)]), chosen);
}

async function addOperator(again) {
  const name = el("input", { required: true, maxlength: 64, autocomplete: "off" });
  const role = roles("dispatcher");
  const password = el("input", { type: "password", required: true, autocomplete: "new-password" });
  const tongue = choice([["es", "Español"], ["en", "English"]], "es");
  const body = el("div", {}, field(t("name"), name), field(t("head.role"), role), field(t("password"), password), field(t("language"), tongue));
  const submit = () => act("POST", "/operators", { name: name.value, role: role.value, password: password.value, language: tongue.value });
  if (await ask({ title: t("admin.add"), body, yes: t("save"), submit })) again();
}

/** Only what has been changed is sent: the server logs the operator out for each change. */
async function change(one, again) {
  const role = roles(one.role);
  const active = tick(one.active);
  const totp = tick(one.totp);
  const password = el("input", { type: "password", autocomplete: "new-password" });
  const ticks = [el("label", { class: "check" }, active, t("head.active")), el("label", { class: "check" }, totp, t("head.totp"))];
  const body = el("div", {}, field(t("head.role"), role), field(t("admin.password"), password), ticks);
  const submit = () => {
    const wanted = {
      ...(role.value !== one.role && { role: role.value }),
      ...(active.checked !== one.active && { active: active.checked }),
      ...(totp.checked !== one.totp && { totp: totp.checked }),
      ...(password.value && { password: password.value }),
    };
    return act("PATCH", `/operators/${encodeURIComponent(one.id)}`, wanted);
  };
  const answer = await ask({ title: `${t("change")} ${one.name}`, body, yes: t("save"), submit });
  if (answer?.totp_uri) show(t("admin.totp"), [el("p", {}, t("admin.once")), el("code", { class: "secret" }, answer.totp_uri)]);
  if (answer) again();
}

function tick(checked) {
  return el("input", { type: "checkbox", checked });
}

async function sessions(place) {
  const answer = await attempt(() => get("/sessions"));
  if (!answer) return;
  const end = async (one) => (await attempt(() => act("DELETE", `/sessions/${encodeURIComponent(one.id)}`))) && sessions(place);
  const rows = answer.sessions.map((one) => [
    one.operator,
    dayTime(one.begun_ms),
    dayTime(one.used_ms),
    button(t("admin.end"), () => end(one), { "aria-label": `${t("admin.end")} ${one.operator} ${dayTime(one.begun_ms)}` }),
  ]);
  refill(place, table(t("admin.sessions"), heads("name", "begun", "used", "act"), rows, t("none")));
}

async function tokens(place) {
  const answer = await attempt(() => get("/tokens"));
  if (!answer) return;
  const again = () => tokens(place);
  const end = async (one) => (await attempt(() => act("DELETE", `/tokens/${encodeURIComponent(one.id)}`))) && again();
  const rows = answer.tokens.map((one) => [
    one.name,
    one.scopes.join(", "),
    one.made_by,
    dayTime(one.expires_ms),
    button(t("admin.end"), () => end(one), { "aria-label": `${t("admin.end")} ${one.name}` }),
  ]);
  refill(place, table(t("admin.tokens"), heads("name", "scopes", "by", "until", "act"), rows, t("none")), button(t("admin.token"), () => addToken(again)));
}

async function addToken(again) {
  const name = el("input", { required: true, maxlength: 64, autocomplete: "off" });
  const days = el("input", { type: "number", min: 1, max: 366, required: true, value: 90 });
  const boxes = desk.settings.rights.map((right) => el("input", { type: "checkbox", value: right }));
  const scopes = el("fieldset", {}, el("legend", {}, t("head.scopes")), boxes.map((box) => el("label", { class: "check" }, box, box.value)));
  const body = el("div", {}, field(t("head.name"), name), field(t("admin.days"), days), scopes);
  const chosen = () => boxes.filter((box) => box.checked).map((box) => box.value);
  const submit = () => act("POST", "/tokens", { name: name.value, days: Number(days.value), scopes: chosen() });
  const answer = await ask({ title: t("admin.token"), body, yes: t("save"), submit });
  if (answer) show(t("admin.token"), [el("p", {}, t("admin.once")), el("code", { class: "secret" }, answer.token)]);
  if (answer) again();
}

function audit(place) {
  const of = el("input", { type: "search", autocomplete: "off" });
  const list = el("div", {});
  const form = el("form", { class: "row-of-buttons" }, field(t("admin.of"), of), el("button", { type: "submit" }, t("search")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    refill(list);
    page(list, of.value, null);
  });
  refill(place, form, list);
  page(list, "", null);
}

async function page(list, of, before) {
  const query = new URLSearchParams({ limit: PAGE, ...(of && { of }), ...(before !== null && { before }) });
  const answer = await attempt(() => get(`/audit?${query}`));
  if (!answer) return;
  const rows = answer.rows.map((one) => [dayTime(one.at_ms), one.operator, `${t(`audit.${one.act}`, {}, one.act)}${one.times > 1 ? ` × ${one.times}` : ""}`, one.subject, one.reason]);
  list.append(table(t("admin.audit"), heads("when", "name", "act", "subject", "reason"), rows, t("none")));
  if (answer.rows.length < PAGE) return;
  const more = button(t("more"), () => {
    more.remove();
    page(list, of, answer.rows.at(-1).number);
  });
  list.append(more);
}
