// Charts over one time axis: lines, steps, stacks and lanes of states, drawn as SVG from the columns of the series.

const LEFT = 54, RIGHT = 14, AXIS = 20;

/** Tick distances in seconds. */
const TIME_STEPS = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800,
  2592000, 31536000];

/** Moments to be labelled, and how far they are apart. */
function timeTicks(from, to, width) {
  const step = TIME_STEPS.find((s) => (to - from) / s <= width / 84) ?? 31536000 * 10;
  const ticks = [];
  for (let t = Math.ceil(from / step - 1e-9) * step; t <= to + 1e-6; t += step) ticks.push(t);
  return { ticks, step };
}

/** A tick's label: no seconds where all are whole minutes. */
function timeLabel(t, step) {
  const text = clock(t, step < 1);
  return step >= 60 && step < 86400 ? text.slice(0, -3) : step >= 86400 ? `day ${Math.round(t / 86400)}` : text;
}

/** Round values from `low` to `high`, about `count` of them. */
function roundTicks(low, high, count) {
  const raw = (high - low || 1) / count;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((m) => m * size >= raw) * size;
  const ticks = [];
  for (let x = Math.ceil(low / step - 1e-9) * step; x <= high + step * 1e-9; x += step) ticks.push(+x.toPrecision(12));
  return ticks;
}

function logTicks(low, high) {
  const ticks = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++) {
    for (const m of high / low > 1e3 ? [1] : [1, 2, 5]) {
      const x = +(m * 10 ** e).toPrecision(6);
      if (x >= low * 0.999 && x <= high * 1.001) ticks.push(x);
    }
  }
  return ticks;
}

/**
 * A chart. `spec`: title, unit, lines [{column, label, color, style: line | step | dash | stack, hidden}], lanes
 * [{label, spans: [from, to, word, color]}], log, max, height, marks (names of what went wrong above); or paint(chart, body, grid, labels, height) and read(t) of its own.
 */
class Chart {
  constructor(host, spec) {
    this.spec = spec;
    this.id = `clip-${spec.id}`;
    this.lines = spec.lines.filter((line) => columns.has(line.column));
    this.top = spec.marks && run.incidents.length ? 34 : 8;
    this.legend = el("div", { class: "legend" });
    this.svg = svg("svg", { class: "plot", role: "img", tabindex: 0, "aria-describedby": "keys" });
    this.figure = el("figure", { class: "chart", id: `chart-${spec.id}` },
      el("figcaption", {}, el("h3", {}, spec.title, spec.unit && el("span", { class: "unit" }, spec.unit)), this.legend), this.svg);
    host.append(this.figure);
    this.buttons = this.lines.map((line) => this.button(line));
    this.note = el("span", { class: "note" });
    this.legend.append(...this.buttons, this.note);
    this.listen();
    this.width = 0;
    new ResizeObserver(() => this.fit()).observe(this.figure);
    this.fit();
    on("range", () => this.draw());
    on("hover", () => this.point());
    on("time", () => this.point());
  }

  fit() {
    const width = Math.round(this.figure.clientWidth) || 720;
    if (width !== this.width) {
      this.width = width;
      this.draw();
    }
  }

  button(line) {
    line.value = el("b");
    const toggle = () => {
      line.hidden = !line.hidden;
      button.setAttribute("aria-pressed", String(!line.hidden));
      this.draw();
    };
    const mark = svg("svg", { class: `mark ${line.style ?? "line"}`, viewBox: "0 0 14 10", "aria-hidden": "true" },
      line.style === "stack"
        ? svg("rect", { width: 14, height: 10, rx: 2, fill: line.color })
        : svg("path", { d: "M0 5H14", stroke: line.color, "stroke-width": 2.5, "stroke-dasharray": line.style === "dash" ? "4 2" : null }));
    const button = el("button", { type: "button", "aria-pressed": String(!line.hidden), title: "show or hide", onclick: toggle },
      mark, line.label, line.value);
    return button;
  }

  get laneHeight() {
    return (this.spec.lanes?.length ?? 0) * 20;
  }

  x(t) {
    return LEFT + ((t - view.from) / (view.to - view.from)) * (this.width - LEFT - RIGHT);
  }

  time(clientX) {
    const box = this.svg.getBoundingClientRect();
    const x = ((clientX - box.left) / box.width) * this.width;
    const t = view.from + ((x - LEFT) / (this.width - LEFT - RIGHT)) * (view.to - view.from);
    return Math.max(view.from, Math.min(view.to, t));
  }

  draw() {
    const { spec, width } = this;
    const plot = this.lines.length || spec.paint ? spec.height ?? 150 : 0;
    const height = this.top + plot + this.laneHeight + AXIS;
    this.bottom = this.top + plot + this.laneHeight;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.setAttribute("aria-label", this.words());
    const { ticks, step } = timeTicks(view.from, view.to, width - LEFT - RIGHT);
    const grid = svg("g", { class: "grid" });
    const labels = svg("g", { class: "labels" });
    for (const t of ticks) {
      grid.append(svg("path", { d: `M${this.x(t)} ${this.top}V${this.bottom}` }));
      labels.append(svg("text", { x: this.x(t), y: this.bottom + 15, "text-anchor": "middle" }, timeLabel(t, step)));
    }
    const body = svg("g", { "clip-path": `url(#${this.id})` });
    for (const span of felt) {
      const from = this.x(span.t);
      body.append(svg("rect", { class: "bad-time", x: from, y: this.top, width: Math.max(2, this.x(span.to) - from), height: this.bottom - this.top }));
    }
    for (const fault of faults) body.append(svg("path", { class: "strike", d: `M${this.x(fault.t)} ${this.top}V${this.bottom}` }));
    if (spec.paint) spec.paint(this, body, grid, labels, plot);
    else if (plot) this.plot(body, grid, labels, plot);
    (spec.lanes ?? []).forEach((lane, i) => this.lane(lane, this.top + plot + i * 20 + 3, body, labels));
    if (spec.marks) this.marks(labels);
    this.cursor = svg("g", { class: "cursor" });
    const clip = svg("clipPath", { id: this.id },
      svg("rect", { x: LEFT, y: 0, width: width - LEFT - RIGHT, height: this.bottom + 1 }));
    this.svg.replaceChildren(svg("defs", {}, clip), grid, body, labels, this.cursor);
    this.point();
  }

  /** Names of what went wrong, above where it began, as far as there is room. */
  marks(labels) {
    const free = [LEFT, LEFT];
    for (const incident of run.incidents) {
      const x = this.x(incident.t);
      if (x < LEFT || x > this.width - RIGHT) continue;
      const words = short(incident.title, 34);
      const long = words.length * 6 + 12;
      const from = Math.min(x + 4, this.width - RIGHT - long);
      const row = free.findIndex((until) => until <= from);
      if (row < 0) continue;
      free[row] = from + long;
      labels.append(svg("path", { class: "strike", d: `M${x} ${8 + row * 13}V${this.top}` }),
        svg("text", { x: from, y: 12 + row * 13, class: "mark-name" }, words));
    }
  }

  /** Lines and areas, with their axis. */
  plot(body, grid, labels, plot) {
    const { spec } = this;
    const shown = this.lines.filter((line) => !line.hidden);
    const [first, last] = [rowAt(view.from), rowAt(view.to)];
    const stacks = shown.filter((line) => line.style === "stack");
    const sums = new Float64Array(run.rows);
    let low = Infinity, high = 0;
    for (let i = first; i <= last; i++) {
      let sum = 0;
      for (const line of shown) {
        const x = columns.get(line.column).values[i];
        if (!Number.isFinite(x)) continue;
        if (line.style === "stack") sum += x;
        else high = Math.max(high, x);
        if (x > 0) low = Math.min(low, x);
      }
      high = Math.max(high, sum);
    }
    high = Math.max(spec.max ?? 0, high) || 1;
    if (!Number.isFinite(low)) low = high / 10;
    if (spec.log && high / low < 3) [low, high] = [low / 2, high * 2];
    const y = spec.log
      ? (x) => this.top + plot - (Math.log(Math.max(x, low) / low) / Math.log(high / low)) * (plot - 6)
      : (x) => this.top + plot - (x / high) * (plot - 6);
    for (const tick of spec.log ? logTicks(low, high) : roundTicks(0, high, 4)) {
      grid.append(svg("path", { d: `M${LEFT} ${y(tick)}H${this.width - RIGHT}` }));
      labels.append(svg("text", { x: LEFT - 7, y: y(tick) + 4, "text-anchor": "end" }, digits(tick)));
    }
    for (const line of stacks) {
      const { values } = columns.get(line.column);
      const upper = sums.map((sum, i) => sum + (Number.isFinite(values[i]) ? values[i] : 0));
      let d = "", back = "";
      for (let i = first; i <= last; i++) {
        const [from, to] = [this.x(i * run.interval), this.x((i + 1) * run.interval)];
        d += `${d ? "L" : "M"}${from.toFixed(1)} ${y(upper[i]).toFixed(1)}H${to.toFixed(1)}`;
        back = `L${to.toFixed(1)} ${y(sums[i]).toFixed(1)}H${from.toFixed(1)}` + back;
      }
      body.append(svg("path", { d: `${d}${back}Z`, fill: line.color, class: "area" }));
      sums.set(upper);
    }
    for (const line of shown.filter((line) => line.style !== "stack")) {
      const { values } = columns.get(line.column);
      const stepped = line.style === "step" || line.style === "dash";
      let d = "", pen = false;
      for (let i = Math.max(0, first - 1); i <= Math.min(run.rows - 1, last + 1); i++) {
        if (!Number.isFinite(values[i])) {
          pen = false;
          continue;
        }
        const at = this.x((i + (stepped ? 0 : 0.5)) * run.interval).toFixed(1);
        const up = y(values[i]).toFixed(1);
        d += stepped && pen ? `H${at}V${up}` : `${pen ? "L" : "M"}${at} ${up}`;
        pen = true;
      }
      if (stepped && pen) d += `H${this.x(run.rows * run.interval).toFixed(1)}`;
      body.append(svg("path", { d, class: `line ${line.style ?? ""}`, stroke: line.color }));
    }
  }

  /** A lane: spans of time in which something was so. */
  lane(lane, top, body, labels) {
    labels.append(svg("text", { x: LEFT - 7, y: top + 11, "text-anchor": "end", class: "lane-name" }, short(lane.label, 9), svg("title", {}, lane.label)));
    for (const [from, to, word, color] of lane.spans) {
      if (to < view.from || from > view.to) continue;
      const [a, b] = [Math.max(LEFT, this.x(from)), Math.min(this.width - RIGHT, this.x(to))];
      body.append(svg("rect", { x: a, y: top, width: Math.max(1.5, b - a), height: 14, rx: 2, fill: color, class: "span" },
        svg("title", {}, `${lane.label}: ${word}, ${clock(from)} to ${clock(to)}`)));
      if (b - a > word.length * 6.4 + 10) body.append(svg("text", { x: a + 6, y: top + 11, class: "on-span" }, word));
    }
  }

  /** The lines of now and of the pointer, and the figures there. */
  point() {
    const t = view.hover ?? view.t;
    const line = (at, name) => svg("path", { class: name, d: `M${this.x(at)} ${this.top}V${this.bottom}` });
    const inside = (at) => at >= view.from && at <= view.to;
    const marks = [];
    if (inside(view.t)) marks.push(line(view.t, "now"));
    if (view.hover != null && inside(view.hover)) {
      const x = this.x(view.hover);
      const right = x > this.width - 90;
      marks.push(line(view.hover, "pointer"),
        svg("text", { x: x + (right ? -5 : 5), y: this.top + 9, class: "pointer-time", "text-anchor": right ? "end" : "start" }, clock(view.hover)));
    }
    this.cursor?.replaceChildren(...marks);
    if (this.spec.read) this.note.textContent = this.spec.read(t);
    for (const line of this.lines) {
      const column = columns.get(line.column);
      line.value.textContent = figure(column.values[rowAt(t)], column.unit);
    }
  }

  /** The chart in a sentence, for those who cannot see it. */
  words() {
    if (this.spec.words) return this.spec.words;
    const ranges = this.lines.map((line) => {
      const known = columns.get(line.column).values.slice(rowAt(view.from), rowAt(view.to) + 1).filter(Number.isFinite);
      if (!known.length) return `${line.label}: nothing`;
      const [low, high] = [known.reduce((a, b) => Math.min(a, b)), known.reduce((a, b) => Math.max(a, b))];
      return `${line.label}: ${figure(low, this.spec.unit)} to ${figure(high, this.spec.unit)}`;
    });
    return `${this.spec.title}, ${clock(view.from)} to ${clock(view.to)}. ${ranges.join("; ")}`;
  }

  listen() {
    let pressed = null;
    const band = svg("rect", { class: "band" });
    this.svg.addEventListener("pointermove", (e) => {
      const t = this.time(e.clientX);
      hoverAt(t);
      if (pressed == null) return;
      const [a, b] = [this.x(Math.min(pressed, t)), this.x(Math.max(pressed, t))];
      fill(band, { x: a, y: this.top, width: b - a, height: this.bottom - this.top }, []);
      this.svg.append(band);
    });
    this.svg.addEventListener("pointerleave", () => hoverAt(null));
    this.svg.addEventListener("pointerdown", (e) => {
      if (e.button !== 0) return;
      pressed = this.time(e.clientX);
      this.svg.setPointerCapture(e.pointerId);
    });
    this.svg.addEventListener("pointerup", (e) => {
      if (pressed == null) return;
      const t = this.time(e.clientX);
      band.remove();
      const wide = Math.abs(this.x(t) - this.x(pressed)) > 6;
      const [from, to] = [Math.min(pressed, t), Math.max(pressed, t)];
      pressed = null;
      if (wide) lookAt(from, to);
      else goTo(t, true);
    });
    this.svg.addEventListener("pointercancel", () => {
      pressed = null;
      band.remove();
    });
    this.svg.addEventListener("dblclick", () => lookAt(0, run.duration));
    this.svg.addEventListener("keydown", (e) => this.key(e));
  }

  key(e) {
    const row = Math.max(run.interval, (view.to - view.from) / 200);
    const far = (view.to - view.from) / 20;
    const keys = {
      ArrowLeft: () => goTo(view.t - (e.shiftKey ? far : row)),
      ArrowRight: () => goTo(view.t + (e.shiftKey ? far : row)),
      Home: () => goTo(view.from),
      End: () => goTo(view.to),
      "+": () => zoom(0.5, view.t),
      "=": () => zoom(0.5, view.t),
      "-": () => zoom(2, view.t),
      0: () => lookAt(0, run.duration),
    };
    if (!keys[e.key] || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault();
    keys[e.key]();
    const figures = this.lines.filter((l) => !l.hidden).map((l) => `${l.label} ${l.value.textContent}`);
    announce(`${clock(view.t)}: ${figures.join(", ")}`);
  }
}

/** A text that fits, its middle left out if it must be. */
function short(text, most) {
  return text.length <= most ? text : `${text.slice(0, Math.ceil(most / 2) - 1)}…${text.slice(text.length - Math.floor(most / 2))}`;
}

/** Stretches of equal value of a column as [from, to, word, color]. */
function spansOf(name, word, color) {
  const { values } = columns.get(name);
  const spans = [];
  for (let i = 0, begin = 0; i <= values.length; i++) {
    if (i < values.length && Object.is(values[i], values[begin])) continue;
    if (Number.isFinite(values[begin])) spans.push([begin * run.interval, i * run.interval, word(values[begin]), color(values[begin])]);
    begin = i;
  }
  return spans;
}
