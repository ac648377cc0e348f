/** Beeps made on the spot: no file to load, nothing to lose. Browsers allow them after a first key or click. */

// Hertz, and when each tone begins. An emergency is three rising pairs; a warning one soft tone; a lost server two falling ones.
const TUNES = {
  emergency: { tones: [[880, 0], [1175, 0.16], [880, 0.36], [1175, 0.52], [880, 0.72], [1175, 0.88]], volume: 0.5 },
  warning: { tones: [[660, 0]], volume: 0.2 },
  lost: { tones: [[520, 0], [350, 0.3]], volume: 0.5 },
};
const TONE_S = 0.14;

let context = null;
const listeners = [];

/** Call `listener(allowed)` now and whenever sound becomes possible. */
export function onSound(listener) {
  listeners.push(listener);
  listener(isAllowed());
}

/** Whether a beep would be heard. */
export function isAllowed() {
  return context?.state === "running";
}

/** Try to make sound possible: works inside a key press or a click. */
export async function allow() {
  if (!context) {
    context = new AudioContext();
    context.addEventListener("statechange", tellAll); // the machine may take sound away again: another program, another loudspeaker, sleep
  }
  if (context.state !== "running") await Promise.race([context.resume(), new Promise((done) => setTimeout(done, 300))]);
  tellAll();
}

function tellAll() {
  for (const listener of listeners) listener(isAllowed());
}

/** Play one of the tunes, if the browser lets us. */
export function play(name) {
  if (!isAllowed()) return;
  const { tones, volume } = TUNES[name];
  for (const [hertz, start_s] of tones) tone(hertz, context.currentTime + start_s, volume);
}

function tone(hertz, at_s, volume) {
  const oscillator = new OscillatorNode(context, { type: "square", frequency: hertz });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setValueAtTime(volume * 0.3, at_s);
  gain.gain.exponentialRampToValueAtTime(0.001, at_s + TONE_S);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(at_s);
  oscillator.stop(at_s + TONE_S);
}

for (const gesture of ["pointerdown", "keydown"]) document.addEventListener(gesture, () => isAllowed() || allow(), { capture: true });
allow();
