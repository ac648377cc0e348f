/** What an operator can do about an incident. Nothing here silences her own alert. */

import { act, get } from "./api.js";
import { ask } from "./dialogs.js";
import { button, choice, el, field, setAttribute, setText } from "./dom.js";
import { isAnswered } from "./queue_row.js";
import { announce, attempt } from "./shell.js";
import { t } from "./words.js";

/** The row of buttons of a pane: {node, show(item), press(name)}. */
export function actions(pane) {
  const { can } = pane.desk;
  const made = {
    acknowledge: button("", () => attempt(() => acknowledge(pane)), { "aria-keyshortcuts": "a" }),
    assign: button("", () => attempt(() => pane.do("assign")), { "aria-keyshortcuts": "s" }),
    pass: button(t("act.pass"), () => pass(pane)),
    note: button("", () => note(pane), { "aria-keyshortcuts": "n" }),
    mute: button("", () => attempt(() => pane.do("mute", { muted: !pane.item.muted })), { "aria-keyshortcuts": "m" }),
    close: button("", () => close(pane), { "aria-keyshortcuts": "c" }),
    reveal: button(t("act.reveal"), () => reveal(pane)),
    playback: button(t("act.playback"), () => busy(made.playback, () => pane.play())),
  };
  const rights = { close: "incident.close", reveal: "person.reveal", playback: "position.read" };
  for (const [name, node] of Object.entries(made)) node.hidden = !can(rights[name] ?? "incident.act");
  return {
    node: el("div", { class: "row-of-buttons acts" }, Object.values(made)),
    show: (item) => dressButtons(made, item, pane.desk),
    press: (name) => !made[name].hidden && !made[name].disabled && made[name].click(),
  };
}

function dressButtons(made, item, { who }) {
  const over = item.state === "closed";
  const answered = isAnswered(item);
  setText(made.acknowledge, answered ? t("act.acknowledged") : `${t("act.acknowledge")} (a)`);
  made.acknowledge.disabled = answered || over;
  const mine = item.assigned_to === who.operator.name;
  setText(made.assign, mine ? t("act.mine") : `${t("act.assign")} (s)`);
  made.assign.disabled = mine || over;
  made.pass.disabled = over;
  setText(made.note, `${t("act.note")} (n)`);
  setText(made.mute, `${t(item.muted ? "act.unmute" : "act.mute")} (m)`);
  setAttribute(made.mute, "aria-pressed", String(item.muted));
  made.mute.disabled = over;
  setText(made.close, `${t("act.close")} (c)`);
  made.close.disabled = over;
  made.reveal.disabled = !item.protected;
}

/** A button that cannot be pressed again until what it does is done. */
async function busy(node, doing) {
  node.disabled = true;
  node.setAttribute("aria-busy", "true");
  await doing().finally(() => {
    node.disabled = false;
    node.removeAttribute("aria-busy");
  });
}

async function acknowledge(pane) {
  await pane.do("acknowledge", { raised_ms: pane.item.raised_ms });
  announce(t("act.acknowledged"));
}

function pass(pane) {
  const to = el("input", { required: true, maxlength: 64, autocomplete: "off", autocapitalize: "none", spellcheck: "false", autofocus: true });
  ask({ title: t("act.pass"), body: field(t("pass.name"), to), yes: t("save"), submit: () => pane.do("assign", { to: to.value.trim() }) });
}

function note(pane) {
  const text = el("textarea", { rows: 4, required: true, maxlength: 2000, autofocus: true });
  ask({ title: t("act.note"), body: field(t("note.text"), text), yes: t("save"), submit: () => pane.do("note", { text: text.value }) });
}

function close(pane) {
  const { outcomes } = pane.desk.settings;
  const { raised_ms } = pane.item; // what is closed is what was looked at: it may rise while this is written
  const outcome = choice([["", t("outcome.choose")], ...outcomes.map((word) => [word, t(`outcome.${word}`)])], "");
  outcome.required = true;
  const text = el("textarea", { rows: 3, maxlength: 2000 });
  const warning = pane.item.state === "open" && el("p", { class: "warn" }, t("close.open"));
  const body = el("div", {}, warning, field(t("outcome"), outcome), field(t("note.optional"), text));
  ask({ title: t("act.close"), body, yes: t("act.close"), submit: () => pane.do("close", { outcome: outcome.value, note: text.value, raised_ms }) });
}

/** Break the glass: name and numbers of a person, for a reason that is kept. */
function reveal(pane) {
  const { item } = pane;
  const person = choice([[item.protected, `${t("protected")} ${item.protected}`], [item.respondent, `${t("respondent")} ${item.respondent}`]], item.protected);
  const reason = el("input", { required: true, minlength: 5, maxlength: 500 });
  const answer = el("dl", { class: "revealed", "aria-live": "polite" });
  const body = el("div", {}, el("p", {}, t("reveal.why")), field(t("person"), person), field(t("reason"), reason), answer);
  let shown = false;
  const submit = async () => {
    if (shown) return true;
    const found = await act("POST", `/people/${encodeURIComponent(person.value)}/reveal`, { reason: reason.value });
    answer.append(el("dt", {}, found.name ?? found.id), ...(found.numbers ?? []).map((one) => el("dd", {}, one)));
    shown = true;
    throw Object.assign(new Error(t("reveal.done")), { code: "shown" });
  };
  ask({ title: t("act.reveal"), body, yes: t("act.reveal"), submit });
}

/** What was closed lately, to look at again. */
export async function recent(opened) {
  const answer = await attempt(() => get("/incidents?state=closed&limit=30"));
  if (!answer) return;
  const list = choice(answer.incidents.map((one) => [one.id, `${one.code ?? ""} ${one.order} · ${one.why} · ${t(`outcome.${one.outcome}`)}`]), "");
  list.size = 12;
  list.required = true;
  const body = field(t("recent.label"), list);
  const submit = () => opened(list.value);
  ask({ title: t("recent.title"), body, yes: t("recent.open"), submit, wide: true });
}
