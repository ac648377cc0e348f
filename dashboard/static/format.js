/** Numbers as people read them. */

import { language, t } from "./words.js";

const WINDS = ["N", "NE", "E", "SE", "S", "SW", "W", "NW"];

/** 5 s, 3:05 min, 2 h 10, 4 d. */
export function duration(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")} min`;
  if (s < 172_800) return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")}`;
  return `${Math.floor(s / 86_400)} d`;
}

/** 640 m, 1.2 km. */
export function metres(m) {
  if (m === null || m === undefined) return "–";
  return m < 1000 ? `${Math.round(m)} m` : `${(m / 1000).toFixed(m < 10_000 ? 1 : 0)} km`;
}

/** 640 m ± 25 m. */
export function distance(m, error_m) {
  if (m === null || m === undefined) return "–";
  return error_m === null || error_m === undefined ? metres(m) : `${metres(m)} ± ${metres(error_m)}`;
}

/** 3.2 m/s, as walkers and drivers say it. */
export function speed(mps) {
  return mps === null || mps === undefined ? "–" : `${Math.round(mps * 3.6)} km/h`;
}

/** Hour, minute, second here. */
export function time(ms) {
  return new Intl.DateTimeFormat(language(), { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(ms);
}

/** Day and hour here. */
export function dayTime(ms) {
  if (ms === null || ms === undefined) return "–";
  return new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "short" }).format(ms);
}

/** Day and time with its zone: for what is read later, by somebody elsewhere, or happened in the hour that a summer's end has twice. */
export function fullTime(ms) {
  const parts = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" };
  return new Intl.DateTimeFormat(language(), { ...parts, hourCycle: "h23", timeZoneName: "shortOffset" }).format(ms);
}

/** The time of today; of any other day the whole moment. */
export function timeOrDay(ms, now_ms) {
  return new Date(ms).toDateString() === new Date(now_ms).toDateString() ? time(ms) : fullTime(ms);
}

/** A wind: from degrees, or the monitor's word for one. */
export function wind(bearing) {
  if (bearing === null || bearing === undefined) return "–";
  const word = typeof bearing === "number" ? WINDS[Math.floor(((bearing % 360) + 382.5) / 45) % 8] : bearing;
  return t(`wind.${word}`);
}

/** A number with at most one decimal, or a dash. */
export function number(value, unit = "") {
  return value === null || value === undefined ? "–" : `${Math.round(value * 10) / 10}${unit}`;
}
