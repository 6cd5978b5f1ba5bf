// What is being looked at: a moment, a stretch of time, a thing. Every part listens, none knows of another.

const view = { t: 0, from: 0, to: run.duration, hover: null, selected: null, playing: false };
const listeners = { time: [], range: [], hover: [], select: [], play: [] };

/** Calls `f` whenever that changes. */
const on = (what, f) => listeners[what].push(f);
const tell = (what) => listeners[what].forEach((f) => f());

/** Goes to a moment. */
function goTo(t, keepRange) {
  view.t = Math.max(0, Math.min(run.duration, t));
  // A moment outside of what the charts show takes them along.
  if (!keepRange && (view.t < view.from || view.t > view.to)) {
    const half = (view.to - view.from) / 2;
    const from = Math.max(0, Math.min(run.duration - 2 * half, view.t - half));
    lookAt(from, from + 2 * half);
  }
  tell("time");
}

/** Shows a stretch of time in all charts; never less than a few rows. */
function lookAt(from, to) {
  const least = Math.min(run.duration, Math.max(run.interval * 4, 1));
  const middle = (from + to) / 2;
  if (to - from < least) [from, to] = [middle - least / 2, middle + least / 2];
  const width = Math.min(run.duration, to - from);
  view.from = Math.max(0, Math.min(run.duration - width, from));
  view.to = view.from + width;
  tell("range");
}

/** Makes the stretch wider or narrower around a moment. */
function zoom(factor, around = (view.from + view.to) / 2) {
  lookAt(around - (around - view.from) * factor, around + (view.to - around) * factor);
}

/** Where the pointer is in time, or null. */
function hoverAt(t) {
  view.hover = t;
  tell("hover");
}

/** Chooses a thing of the diagram by its id, or nothing. */
function select(id) {
  view.selected = id;
  tell("select");
}

const announcer = document.getElementById("announcer");
let announcing = 0;

/** Says something to a screen reader, when the reader has stopped moving. */
function announce(text) {
  clearTimeout(announcing);
  announcing = setTimeout(() => (announcer.textContent = text), 250);
}
