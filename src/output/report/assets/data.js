// The data of the page, and the small tools that all parts share.

const run = JSON.parse(document.getElementById("data").textContent);

/** Columns of the series by name, each as one value per row (NaN where there is none). */
const columns = new Map();
for (const column of run.series) {
  const values = new Float64Array(run.rows).fill(NaN);
  if (column.v) {
    column.v.forEach((x, i) => (values[i] = x ?? NaN));
  } else {
    column.s.forEach(([from, x], i) => values.fill(x ?? NaN, from, column.s[i + 1]?.[0]));
  }
  columns.set(column.n, { name: column.n, unit: column.u === "1" ? "" : column.u, values });
}

/** Names of the columns that begin so, without that beginning. */
const namesOf = (prefix) => [...columns.keys()].filter((n) => n.startsWith(prefix)).map((n) => n.slice(prefix.length));

/** The row that a moment falls into. */
const rowAt = (t) => Math.max(0, Math.min(run.rows - 1, Math.floor(t / run.interval)));

/** A column's value at a moment; NaN where there is none. */
const valueAt = (name, t) => columns.get(name)?.values[rowAt(t)] ?? NaN;

/** Events as objects. `sort` is what the list filters by, `weight` 1 tells the story and 4 is for those who want it all. */
const events = run.events.map(([id, t, kind, subject, detail, cause, sort, weight]) =>
  ({ id, t, kind, subject, detail, cause, sort, weight }));
const eventById = new Map(events.map((e) => [e.id, e]));

/** An element of HTML, with attributes; `on…` are listeners. Text is only ever text. */
function el(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An element of SVG. */
function svg(tag, attributes, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((c) => c != null && c !== false));
  return element;
}

const two = (n) => String(n).padStart(2, "0");

/** Simulated time as `1:04:52`; with days in front where the run is long, with tenths where a second is wide. */
function clock(t, tenths) {
  const s = tenths ? Math.round(t * 10) / 10 : Math.floor(t + 1e-6);
  const day = Math.floor(s / 86400);
  const hours = Math.floor((s % 86400) / 3600);
  const rest = tenths ? (s % 60).toFixed(1).padStart(4, "0") : two(Math.floor(s % 60));
  return `${run.duration > 86400 * 1.5 ? `d${day} ` : ""}${hours}:${two(Math.floor((s % 3600) / 60))}:${rest}`;
}

/** A duration in words: `5 m 52 s`. */
function lasting(s) {
  if (s < 0.001) return "at once";
  if (s < 1) return `${Math.round(s * 1000)} ms`;
  if (s < 10) return `${+s.toFixed(1)} s`;
  if (s < 60) return `${Math.round(s)} s`;
  const whole = Math.round(s);
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${two(whole % 60)} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} m`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

/** A figure with three digits and its unit; a dash where there is none. */
function figure(x, unit = "") {
  if (!Number.isFinite(x)) return "–";
  if (unit === "ms" && Math.abs(x) >= 1000) return figure(x / 1000, "s");
  if (unit === "USD" || unit === "USD/h") return `$${digits(x)}${unit === "USD/h" ? "/h" : ""}`;
  const space = unit === "" || unit.startsWith("/") ? "" : "\u202f";
  return digits(x) + space + (unit === "1/s" ? "/s" : unit);
}

function digits(x) {
  const size = Math.abs(x);
  if (size >= 100 || Number.isInteger(x)) return Math.round(x).toLocaleString("en-US");
  return size === 0 ? "0" : String(+x.toPrecision(size >= 10 ? 3 : size >= 0.01 ? 3 : 2));
}

/** Faults with the time over which they were at work; one that strikes and is over at once is shown for a while. */
const faults = events.filter((e) => e.kind === "fault started").map((e) => {
  const ended = events.find((other) => other.kind === "fault ended" && other.cause === e.id);
  const atOnce = /^(TerminateInstances|FailPrimary|FailStandby|RebootWithFailover|InterruptSpot|FailHost)\b/.test(e.detail);
  const shown = Math.max(20, run.duration / 240);
  const parts = e.subject.split(", ");
  return { id: e.id, t: e.t, to: ended ? ended.t : atOnce ? e.t + shown : run.duration, atOnce, parts, subject: e.subject, detail: e.detail };
});

/** The times over which users felt something. */
const felt = run.incidents.filter((i) => i.noticed).map((i) => ({ ...i, to: i.restored ?? run.duration }));
