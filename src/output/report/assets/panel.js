// What is to be said of the chosen thing at the chosen moment; of the whole, if nothing is chosen.

/** Columns, names of its events, and words about each kind of thing. */
function about(id) {
  const dot = id.indexOf(".");
  const [kind, name] = [id.slice(0, dot), id.slice(dot + 1)];
  const { architecture } = run;
  const zoneName = (i) => architecture.zones[i]?.name ?? "no zone";
  const own = (subject) => subject === name || subject.split(", ").includes(name);
  const below = (subject) => own(subject) || subject.split(", ").some((one) => one.startsWith(`${name}/`));
  if (kind === "clients") {
    const prefix = architecture.clients.length > 1 ? `offered_per_s.${name}` : "offered_per_s";
    return { title: name, kind: "Clients", columns: [[prefix, "offered"], ["failed_per_s", "failed, all clients"], ["latency_ms.p99", "99 % answered within"]], mine: (e) => e.sort === "users" };
  }
  if (kind === "load_balancers") {
    const part = architecture.load_balancers.find((one) => one.name === name);
    return { title: name, kind: `${part.kind} Load Balancer in ${part.zones.map(zoneName).join(", ") || "no zone"}`, columns: [[`routed_per_s.${name}`, "routed to targets"], ["failed_per_s", "failed, all causes"], [`surge_queue.${name}`, "surge queue"], [`active_flows.${name}`, "active flows"]], mine: (e) => below(e.subject) && e.sort === "balancers" };
  }
  if (kind === "fleets") {
    const part = architecture.fleets.find((one) => one.name === name);
    const size = part.auto_scaling ? `${part.min_size} to ${part.max_size} × ${part.instance_type}` : `${part.min_size} × ${part.instance_type}`;
    const services = part.services.flatMap((service) => [[`started_per_s.${service}`, `${service}: requests`], [`waiting.${service}`, `${service}: waiting`]]);
    return { title: name, kind: `${part.auto_scaling ? "Auto Scaling group" : "Instances"}, ${size}`, columns: [[`group.${name}.desired`, "desired"], [`group.${name}.in_service`, "able to serve"], [`cpu_percent.${name}`, "CPU"], ...services], mine: (e) => below(e.subject), instances: name };
  }
  if (kind === "databases") {
    const part = architecture.stores.find((one) => one.name === name);
    return { title: name, kind: part.managed ? `Amazon RDS, ${part.instance_class}${part.standby == null ? ", one zone" : ", Multi-AZ"}` : "Store", columns: [[`queries_per_s.${name}`, "queries"], [`database.${name}.connections`, "connections in use"], [`database.${name}.available`, "writable"], [`database.${name}.standby`, "standby in sync"]], mine: (e) => own(e.subject) };
  }
  if (kind === "instances") {
    const life = run.lives.find((one) => one.n === name);
    const fleet = architecture.fleets[life.f];
    return { title: name, kind: `${life.type ?? fleet.instance_type}${life.spot ? " Spot" : ""} of ${fleet.name} in ${zoneName(life.z)}`, columns: [], mine: (e) => own(e.subject), life };
  }
  if (kind === "nat_gateways") return { title: name, kind: "NAT gateway", columns: [], mine: (e) => own(e.subject) };
  const inZone = architecture.fleets.map((fleet) => [`zone_cpu_percent.${fleet.name}.${name}`, `CPU of ${fleet.name} here`]);
  const targets = namesOf("targets.").filter((n) => n.endsWith(`.${name}.healthy`)).map((n) => [`targets.${n}`, `healthy targets, ${n.split(".")[0]}`]);
  return { title: name, kind: "Availability Zone", columns: [...inZone, ...targets], mine: (e) => own(e.subject) || e.subject.endsWith(`/${name}`) };
}

/** A column as a small line over the whole run, with the moment; gone to by a click. */
function spark(name, label) {
  const { values, unit } = columns.get(name);
  const [width, height] = [280, 38];
  const known = values.filter(Number.isFinite);
  const most = known.reduce((a, b) => Math.max(a, b), 0) || 1;
  let d = "", pen = false;
  const stride = Math.max(1, Math.floor(values.length / 560));
  for (let i = 0; i < values.length; i += stride) {
    if (!Number.isFinite(values[i])) {
      pen = false;
      continue;
    }
    d += `${pen ? "L" : "M"}${((i / values.length) * width).toFixed(1)} ${(height - 2 - (values[i] / most) * (height - 6)).toFixed(1)}`;
    pen = true;
  }
  const now = svg("path", { class: "now" });
  const value = el("b");
  const graph = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "spark", preserveAspectRatio: "none", "aria-hidden": "true", onclick: (e) => {
    const box = graph.getBoundingClientRect();
    goTo(((e.clientX - box.left) / box.width) * run.duration);
  } }, svg("path", { d, class: "line" }), now);
  const update = () => {
    now.setAttribute("d", `M${(view.t / run.duration) * width} 0V${height}`);
    value.textContent = figure(values[rowAt(view.t)], unit);
  };
  return { element: el("div", { class: "spark-row" }, el("div", {}, el("span", {}, label), value), graph), update };
}

function eventLine(e) {
  return el("li", { class: e.t > view.t ? "later" : null },
    el("button", { type: "button", class: "time", onclick: () => goTo(e.t) }, clock(e.t)),
    el("span", {}, el("b", {}, e.kind), ` ${short(e.subject, 40)} `, el("span", { class: "dim" }, e.detail)));
}

class Panel {
  constructor(host, list) {
    this.host = host;
    this.list = list;
    on("select", () => this.open());
    on("time", () => this.show());
    this.open();
  }

  open() {
    const id = view.selected;
    const what = id ? about(id) : { title: "The whole run", kind: "Click a thing to see what became of it", mine: (e) => e.weight <= 2 && e.sort !== "run", columns: [["offered_per_s", "offered"], ["failed_per_s", "failed"], ["latency_ms.p99", "99 % answered within"], ["cost_usd_per_h", "cost"]] };
    this.events = events.filter(what.mine);
    this.sparks = what.columns.filter(([name]) => columns.get(name)?.values.some(Number.isFinite)).map(([name, label]) => spark(name, label));
    this.state = el("p", { class: "state" });
    this.life = what.life;
    this.chips = el("div", { class: "crew" });
    this.fleet = what.instances;
    this.story = el("ol", { class: "story" });
    const close = id && el("button", { type: "button", class: "close", "aria-label": "Close", onclick: () => select(null) }, "×");
    const all = id && el("button", { type: "button", class: "quiet", onclick: () => this.list.about(what.title) }, `All ${this.events.length} events`);
    this.host.replaceChildren(el("header", {}, el("h3", {}, what.title), close), el("p", { class: "dim" }, what.kind), this.state,
      el("div", { class: "sparks" }, this.sparks.map((one) => one.element)), this.chips, this.story, all || "");
    if (id) announce(`${what.title}, ${what.kind}`);
    this.show();
  }

  show() {
    for (const one of this.sparks) one.update();
    if (this.life) {
      const [since, state] = stateAt(this.life, view.t);
      this.state.textContent = state === "-" ? (view.t < this.life.s[0][0] ? "not there yet" : "gone") : `${STATES[state]} since ${clock(since)}`;
    }
    if (this.fleet) this.showInstances();
    // What happened last, and what comes next.
    let next = this.events.findIndex((e) => e.t > view.t);
    if (next < 0) next = this.events.length;
    const key = `${next}`;
    if (key === this.shown) return;
    this.shown = key;
    this.story.replaceChildren(...this.events.slice(Math.max(0, next - 4), next + 2).map(eventLine));
  }

  showInstances() {
    const fleet = run.architecture.fleets.findIndex((one) => one.name === this.fleet);
    const alive = (run.lives ?? []).filter((life) => life.f === fleet && stateAt(life, view.t)[1] !== "-");
    const text = alive.map((life) => life.n + stateAt(life, view.t)[1]).join();
    if (text === this.alive) return;
    this.alive = text;
    this.chips.replaceChildren(...alive.slice(0, 60).map((life) => {
      const state = stateAt(life, view.t)[1];
      return el("button", { type: "button", class: `instance s-${state}`, title: STATES[state], onclick: () => select(`instances.${life.n}`) }, life.n.split("/").pop());
    }), alive.length > 60 ? el("span", { class: "dim" }, `and ${alive.length - 60} more`) : "");
  }
}
