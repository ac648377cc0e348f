/** What every page has: who is logged in, where one can go, language, light, and the bar that says when something is broken. */

import { act, get, session, setConfirmer } from "./api.js";
import { confirmAgain, said, show } from "./dialogs.js";
import { button, choice, el, refill, setText } from "./dom.js";
import { bindKeys, keyHelp } from "./keys.js";
import { setLanguage, t } from "./words.js";

const PLACES = [
  ["/", "nav.queue", "queue.read"],
  ["/coverage", "nav.coverage", "queue.read"],
  ["/orders", "nav.orders", "order.read"],
  ["/statistics", "nav.statistics", "statistics.read"],
  ["/admin", "nav.admin", "audit.read"],
];

/** Begin a page for somebody who is logged in; else go to the login. Resolves to the session and the settings. */
export async function open(titleKey) {
  let who;
  try {
    who = await session();
  } catch (fault) {
    if (fault.status === 401) return leave();
    return broken(fault);
  }
  setLanguage(who.operator.language);
  setConfirmer(() => confirmAgain((proof) => act("POST", "/session/confirm", proof)));
  dress(titleKey);
  refill(document.getElementById("top"), ...header(who));
  bindKeys({ "?": ["keys.help", () => show(t("keys.title"), [keyHelp()])] });
  const settings = await get("/settings");
  return { who, settings, can: (right) => who.permissions.includes(right) };
}

/** Go and log in; come back afterwards. Never resolves: the page ends here. */
export function leave() {
  sessionStorage.setItem("next", location.pathname + location.hash);
  location.assign("/login");
  return new Promise(() => {});
}

function broken(fault) {
  setLanguage(localStorage.getItem("language"));
  refill(document.getElementById("main"), el("p", { class: "fault", role: "alert" }, said(fault)));
  return new Promise(() => setTimeout(() => location.reload(), 3000));
}

/** Title and the words of the page's own markup. */
export function dress(titleKey) {
  baseTitle = `${t(titleKey)} · Resguardo`;
  document.title = baseTitle;
  for (const node of document.querySelectorAll("[data-word]")) setText(node, t(node.dataset.word));
}

let baseTitle = "Resguardo";

/** What stands before the title: a count, or that the server is gone. */
export function setTitle(prefix) {
  const title = prefix ? `${prefix} ${baseTitle}` : baseTitle;
  if (document.title !== title) document.title = title;
}

function header(who) {
  const here = location.pathname;
  const links = PLACES.filter(([, , right]) => who.permissions.includes(right) || (right === "audit.read" && who.permissions.includes("operators")));
  const nav = el(
    "nav",
    { "aria-label": t("nav.label") },
    el("ul", {}, links.map(([path, key]) => el("li", {}, el("a", { href: path, "aria-current": here === path ? "page" : null }, t(key))))),
  );
  const tongue = choice([["es", "Español"], ["en", "English"]], who.operator.language);
  tongue.setAttribute("aria-label", t("language"));
  tongue.addEventListener("change", async () => {
    localStorage.setItem("language", tongue.value);
    await act("PATCH", "/session", { language: tongue.value });
    location.reload();
  });
  const role = who.operator.role ? ` · ${t(`role.${who.operator.role}`)}` : "";
  return [
    el("span", { class: "brand" }, "Resguardo"),
    nav,
    el("div", { class: "me" }, el("span", { class: "quiet" }, who.operator.name + role), tongue, themeSwitch(), help(), button(t("logout"), logout)),
  ];
}

function help() {
  return button("?", () => show(t("keys.title"), [keyHelp()]), { "aria-label": t("keys.help") });
}

/** Light, dark, or as the machine. */
export function themeSwitch() {
  const light = choice(["auto", "dark", "light"].map((name) => [name, t(`theme.${name}`)]), document.documentElement.dataset.theme);
  light.setAttribute("aria-label", t("theme"));
  light.addEventListener("change", () => {
    localStorage.setItem("theme", light.value);
    document.documentElement.dataset.theme = light.value;
  });
  return light;
}

async function logout() {
  await act("DELETE", "/session").catch(() => null);
  sessionStorage.clear();
  location.assign("/login");
}

const SAID_MS = 10_000; // a line that is said stays so long for a reader that is busy
const SAID_MAX = 10; // of a storm: whoever listens looks into the list then

/** Say something to whoever listens instead of looking, without taking the focus. A line of its own: the same twice is said twice. */
export function announce(text) {
  const place = document.getElementById("polite");
  const line = el("p", {}, text);
  place.append(line);
  while (place.children.length > SAID_MAX) place.firstElementChild.remove();
  setTimeout(() => line.remove(), SAID_MS);
}

/** Show a fault where it cannot be overlooked, for a while; also read out. */
export function complain(error) {
  if (error.status === 401) return leave();
  const place = document.getElementById("complaint") ?? document.body.appendChild(el("div", { id: "complaint", role: "alert" }));
  refill(place, el("p", {}, said(error)), button(t("shut"), () => place.replaceChildren()));
  return null;
}

/** Do something and complain if it fails. Resolves to null then. */
export async function attempt(doing) {
  try {
    return (await doing()) ?? true;
  } catch (error) {
    if (!("code" in error)) throw error;
    return complain(error) ?? null;
  }
}
