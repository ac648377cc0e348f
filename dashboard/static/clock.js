/** The server's time, and one beat a second for everything on the page that counts. */

let offset_ms = 0;
const watchers = new Set();

/** The server has said what time it is. */
export function heard(at_ms) {
  offset_ms = at_ms - Date.now();
}

/** Now, by the server's clock. */
export function now() {
  return Date.now() + offset_ms;
}

/** Call `watcher(now_ms)` each second, until the returned function is called. */
export function eachSecond(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

setInterval(() => {
  const at_ms = now();
  for (const watcher of watchers) watcher(at_ms);
}, 1000);
