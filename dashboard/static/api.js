/** The console's web API as the page sees it: JSON, the token against forged requests, and one way to fail. */

const ROOT = "/api/v1";
const WAIT_MS = 8000; // a page that waits longer looks broken to somebody who must act

let csrf = null;
let operator = null; // whose page this is
let confirmer = null; // asks for the password again; set by the shell

/** What the server refused, in its words. */
export class Fault extends Error {
  constructor(status, { code = "unknown", message = "", where = "" } = {}, wait_s = 0) {
    super(message || code);
    Object.assign(this, { status, code, where, wait_s });
  }
}

/** Who asks for the password when the server wants it again: () => Promise<boolean>. */
export function setConfirmer(asks) {
  confirmer = asks;
}

/** Read something; `wait_ms` for what is known to take long. */
export function get(path, { wait_ms = WAIT_MS } = {}) {
  return send("GET", path, undefined, wait_ms);
}

/** Do something. Where the server wants the password again, ask for it and repeat. */
export async function act(method, path, body = {}) {
  try {
    return await send(method, path, body);
  } catch (fault) {
    if (!(fault instanceof Fault) || !(await mended(fault))) throw fault;
    return send(method, path, body);
  }
}

/** Whether what the server missed is there now: the password again, or the token of a session that was begun in another tab. */
async function mended(fault) {
  if (fault.code === "confirm") return confirmer !== null && confirmer();
  if (fault.code !== "csrf") return false;
  const now = await send("GET", "/session");
  if (now.operator.id !== operator) return false; // nobody acts under another's name
  csrf = now.csrf;
  return true;
}

/** Begin or look up the session, and keep its token. */
export async function session(credentials = null) {
  const answer = credentials ? await send("POST", "/session", credentials) : await send("GET", "/session");
  csrf = answer.csrf;
  operator = answer.operator.id;
  return answer;
}

/** One request. Raises Fault; status 0 when the server does not answer. */
export async function send(method, path, body = undefined, wait_ms = WAIT_MS) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") {
    if (csrf) headers["X-CSRF-Token"] = csrf;
    headers["Content-Type"] = "application/json";
  }
  const response = await reach(ROOT + path, {
    method,
    headers,
    body: method === "GET" ? undefined : JSON.stringify(body ?? {}),
    credentials: "same-origin",
    cache: "no-store",
    signal: AbortSignal.timeout(wait_ms),
  });
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Fault(response.status, answer.error, Number(response.headers.get("Retry-After") ?? 0));
  return answer;
}

async function reach(url, options) {
  try {
    return await fetch(url, options);
  } catch {
    throw new Fault(0, { code: "away" });
  }
}
