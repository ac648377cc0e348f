/** The dispatcher's page: the queue on the left, one incident on the right. */

import { Alarm } from "../alarm.js";
import { get } from "../api.js";
import { heard } from "../clock.js";
import { button, el, refill } from "../dom.js";
import { IncidentPane } from "../incident.js";
import { recent } from "../incident_acts.js";
import { bindKeys } from "../keys.js";
import { LinkBar } from "../link.js";
import { announceItem, Queue } from "../queue.js";
import { open } from "../shell.js";
import { Live } from "../stream.js";
import { UnheardBar } from "../unheard.js";
import { t } from "../words.js";

const desk = await open("queue.title");
const left = el("section", { class: "left" });
const right = el("section", { class: "right" });
refill(document.getElementById("main"), left, right);

const queue = new Queue(left, choose);
const alarm = new Alarm(() => [...queue.items.values()]);
const bar = new LinkBar(title);
const unheard = new UnheardBar(desk.who.operator.name);
document.body.prepend(bar.node, unheard.node, alarm.button);
const pane = new IncidentPane(right, desk, (item) => queue.release(item));

function title() {
  const loud = [...queue.items.values()].filter((item) => item.level === "emergency" && item.state === "open").length;
  return loud ? `(${loud}!)` : "";
}

function hearLink(link) {
  bar.setMonitor(link);
  unheard.set(link);
}

function choose(id) {
  queue.choose(id);
  history.replaceState(null, "", `#${encodeURIComponent(id)}`);
  pane.open(id);
}

async function load() {
  const answer = await get("/queue");
  heard(answer.at_ms);
  const before = new Map(queue.items);
  queue.load(answer.incidents);
  hearLink(answer.link);
  for (const item of answer.incidents) alarm.heard(item, before.get(item.id));
  pane.refresh();
  return answer.last_id;
}

const live = new Live({
  load,
  lost: (lost) => bar.setServer(lost),
  on: {
    item(item) {
      const before = queue.put(item);
      if (alarm.heard(item, before)) announceItem(item);
      pane.hearItem(item);
      bar.draw();
    },
    entry: ({ incident, entry }) => pane.hearEntry(incident, entry),
    link: hearLink,
  },
});

const again = () => recent(choose);
left.querySelector(".queue-head").append(button(t("recent.title"), again, { class: "plain", "aria-keyshortcuts": "r" }));

bindKeys({
  j: ["keys.down", () => queue.move(1)],
  k: ["keys.up", () => queue.move(-1)],
  a: ["keys.acknowledge", () => pane.press("acknowledge")],
  s: ["keys.assign", () => pane.press("assign")],
  n: ["keys.note", () => pane.press("note")],
  m: ["keys.mute", () => pane.press("mute")],
  c: ["keys.close", () => pane.press("close")],
  r: ["keys.recent", again],
});

await live.start();
if (location.hash.length > 1) choose(decodeURIComponent(location.hash.slice(1)));
