/** Live updates: one EventSource, watched. Whatever breaks, the dispatcher is told within 2 s, and it mends itself. */

import { heard } from "./clock.js";
import { leave } from "./shell.js";

const SILENCE_MS_MAX = 2000; // the server beats each second
const GIVE_UP_MS = 6000; // a connection that says nothing for so long is dead, whatever TCP believes
const AGAIN_MS = 1000;
const CHECK_MS = 250; // as the worker does
const KINDS = ["item", "entry", "link", "reset", "beat"];

export class Live {
  /** `load()` fetches everything and resolves to the id to go on from; `on` has a handler a kind; `lost(bool)`. */
  constructor({ load, on, lost }) {
    Object.assign(this, { load, on, lost });
    this.isLost = false;
    this.starting = false;
    this.source = null;
    this.heard_at = performance.now();
    this.pulse = new Worker("/static/pulse.js");
    this.pulse.onmessage = () => this.check();
    setInterval(() => this.check(), CHECK_MS); // a server that is lost before it has sent the worker's program is noticed too
  }

  /** Load all, then follow. */
  async start() {
    if (this.starting) return;
    this.starting = true;
    try {
      const after = await this.load();
      this.follow(after);
    } catch (fault) {
      this.source?.close();
      this.source = null;
      if (fault.status === 401) leave();
      if (!("status" in fault)) throw fault;
    } finally {
      this.starting = false;
      this.tried_at = performance.now();
    }
  }

  follow(after) {
    this.source?.close();
    this.source = new EventSource(after ? `/api/v1/events?last_id=${encodeURIComponent(after)}` : "/api/v1/events");
    for (const kind of KINDS) this.source.addEventListener(kind, (event) => this.hear(kind, JSON.parse(event.data)));
  }

  hear(kind, body) {
    this.heard_at = performance.now();
    if (this.isLost) this.tell(false);
    if (kind === "beat") heard(body.at_ms);
    if (kind === "reset") this.start();
    else this.on[kind]?.(body);
  }

  /** Called four times a second. */
  check() {
    const now = performance.now();
    const silent = now - this.heard_at;
    if (silent > SILENCE_MS_MAX && !this.isLost) this.tell(true);
    const dead = !this.source || this.source.readyState === EventSource.CLOSED || silent > GIVE_UP_MS;
    if (dead && this.isLost && now - (this.tried_at ?? 0) > AGAIN_MS) this.start();
  }

  tell(lost) {
    this.isLost = lost;
    this.lost(lost);
  }
}
