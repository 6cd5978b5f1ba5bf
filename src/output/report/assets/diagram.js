// The architecture as a picture that lives: drawn once, then told the moment.

const STATES = {
  h: "serving", b: "coming up", p: "pending", r: "at risk", u: "ill", d: "leaving", w: "set aside", x: "lost",
};

/** Signs for those who see no colours. */
const SIGNS = {
  u: "M0 -7V2M0 6V7.5", x: "M-7 -7L7 7M7 -7L-7 7", d: "M-6 0H6", w: "M-3 -5V5M3 -5V5", r: "M-7 7L0 -6L7 7Z", p: "M-6 0H-5M0 0H1M6 0H7",
};

/** What an instance is at a moment: [since, state, until]; none before its beginning. */
function stateAt(life, t) {
  const { s } = life;
  let low = 0, high = s.length - 1;
  if (t < s[0][0]) return [0, "-", s[0][0]];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (s[middle][0] <= t) low = middle;
    else high = middle - 1;
  }
  return [s[low][0], s[low][1], s[low + 1]?.[0] ?? Infinity];
}

/** Faults at work at a moment. */
const faultsAt = (t) => faults.filter((fault) => t >= fault.t && t < fault.to);

/** Whether a thing is meant: by its own name, or by that of one of its instances. */
const strikes = (fault, name) => fault.parts.includes(name);

/** Requests per second on an arrow. */
function flowOf(arrow, t) {
  const { source, target } = arrow;
  const started = (fleet) => fleet.of.services.reduce((sum, name) => sum + (valueAt(`started_per_s.${name}`, t) || 0), 0);
  const single = (prefix, name) => valueAt(prefix + name, t);
  if (source.kind === "clients") {
    const own = single("offered_per_s.", source.name);
    return Number.isFinite(own) ? own : single("offered_per_s", "");
  }
  if (source.kind === "load_balancers") {
    const all = diagram.arrows.filter((other) => other.from === arrow.from).map((other) => started(other.target));
    const sum = all.reduce((a, b) => a + b, 0);
    const routed = single("routed_per_s.", source.name);
    return sum > 0 && all.length > 1 ? (routed * started(target)) / sum : routed;
  }
  const asked = started(source) * arrow.per_request;
  if (target.kind !== "databases") return asked;
  // What the store was asked in fact, shared among those who ask.
  const all = diagram.arrows.filter((other) => other.to === arrow.to).reduce((sum, other) => sum + started(other.source) * other.per_request, 0);
  const queries = single("queries_per_s.", target.name);
  return all > 0 ? (queries * asked) / all : queries;
}

class Diagram {
  constructor(host) {
    Object.assign(this, layOut(run.architecture, run.lives));
    this.host = host;
    this.svg = svg("svg", { class: "architecture", viewBox: `0 0 ${this.width} ${this.height}`, role: "group", "aria-label": "Architecture of the scenario at the chosen moment" });
    this.svg.append(svg("defs", {},
      svg("pattern", { id: "hatch", width: 9, height: 9, patternTransform: "rotate(45)", patternUnits: "userSpaceOnUse" },
        svg("rect", { width: 3, height: 9, class: "hatch" }))));
    this.svg.style.maxWidth = `${Math.round(this.width * 1.35)}px`;
    this.svg.style.minWidth = `${Math.round(this.width * 0.72)}px`;
  }

  start() {
    this.peak = this.arrows.reduce((most, arrow) => {
      for (let i = 0; i < run.rows; i += Math.max(1, run.rows >> 8)) most = Math.max(most, flowOf(arrow, i * run.interval) || 0);
      return most;
    }, 1);
    for (const region of this.regions) this.svg.append(this.region(region));
    for (const lane of this.lanes) this.svg.append(this.lane(lane));
    this.wires = svg("g", { class: "wires" });
    this.svg.append(this.wires);
    for (const arrow of this.arrows) this.wire(arrow);
    for (const part of this.parts.values()) this.svg.append(this.part(part));
    this.cells = (run.lives ?? []).map((life) => this.cell(life)).filter(Boolean);
    this.pills = svg("g", { class: "pills" });
    this.svg.append(this.pills);
    for (const arrow of this.arrows) this.pill(arrow);
    this.host.append(this.svg);
    on("time", () => this.show());
    on("select", () => this.mark());
    this.show();
  }

  /** A group that can be chosen by pointer or key. */
  thing(id, label, ...children) {
    const choose = () => select(view.selected === id ? null : id);
    const key = (e) => {
      if (e.key !== "Enter" && e.key !== " ") return;
      e.preventDefault();
      choose();
    };
    return svg("g", { class: "thing", "data-id": id, tabindex: 0, role: "button", "aria-label": label, onclick: (e) => { e.stopPropagation(); choose(); }, onkeydown: key }, children);
  }

  region({ name, x, y, width, height }) {
    return svg("g", { class: "region" }, svg("rect", { x, y, width: width - 2, height, rx: 14 }), svg("text", { x: x + 16, y: y + 21 }, name));
  }

  lane(lane) {
    if (!lane.zone) return svg("g", {});
    const { x, y, width, height, zone } = lane;
    lane.note = svg("text", { x: x + width - 12, y: y + 17, "text-anchor": "end", class: "fault-note" });
    lane.veil = svg("rect", { x, y, width, height, rx: 10, class: "veil" });
    const nats = run.architecture.nat_gateways.filter((nat) => nat.zone === lane.index);
    const after = x + 16 + zone.name.length * 7.4;
    lane.nats = nats.map((nat, i) => this.thing(`nat_gateways.${nat.name}`, `NAT gateway ${nat.name}`,
      svg("rect", { x: after + 10 + i * 92, y: y + 5, width: 84, height: 17, rx: 8.5, class: "nat" }),
      svg("text", { x: after + 52 + i * 92, y: y + 17, "text-anchor": "middle", class: "small" }, short(`NAT ${nat.name}`, 13))));
    lane.group = this.thing(`zones.${zone.name}`, `Availability Zone ${zone.name}`,
      svg("rect", { x, y, width, height, rx: 10, class: "lane" }), lane.veil, svg("text", { x: x + 14, y: y + 17, class: "lane-name" }, zone.name), lane.note);
    return svg("g", {}, lane.group, lane.nats);
  }

  part(part) {
    part.views = part.boxes.map((box) => ({ box }));
    const kinds = { clients: "Clients", load_balancers: `${part.of.kind} Load Balancer`, fleets: part.of.auto_scaling ? "Auto Scaling group" : "Instances", databases: part.of.managed ? "Database" : "Store" };
    const children = part.views.flatMap((one) => this[part.kind](part, one));
    part.group = this.thing(part.id, `${kinds[part.kind]} ${part.name}`, children);
    return part.group;
  }

  clients(part, one) {
    const { x, y, width, height } = one.box;
    const text = (dy, cls) => svg("text", { x: x + 14, y: y + dy, class: cls });
    one.name = text(24, "part-name");
    one.name.append(short(part.name, 15));
    one.rate = text(45, "big");
    one.state = text(63, "small");
    one.good = svg("rect", { x: x + 14, y: y + height - 14, height: 5, rx: 2.5, class: "good-bar" });
    one.bad = svg("rect", { y: y + height - 14, height: 5, rx: 2.5, class: "bad-bar" });
    return [svg("rect", { x, y, width, height, rx: 16, class: "box" }), one.name, one.rate, one.state, one.good, one.bad];
  }

  load_balancers(part, one) {
    const { x, y, width, height } = one.box;
    one.dot = svg("circle", { cx: x + 16, cy: y + 40, r: 4.5 });
    one.state = svg("text", { x: x + 27, y: y + 44, class: "small" });
    one.frame = svg("rect", { x, y, width, height, rx: 9, class: "box" });
    return [one.frame, svg("text", { x: x + 12, y: y + 23, class: "part-name" }, short(part.name, 14), svg("title", {}, part.name)), one.dot, one.state];
  }

  fleets(part, one) {
    const { x, y, width, height } = one.box;
    one.count = svg("text", { x: x + width - 10, y: y + 19, "text-anchor": "end", class: "count" });
    one.others = svg("text", { x: x + 10, y: y + height - 8, class: "small" });
    one.load = svg("text", { x: x + width - 10, y: y + height - 8, "text-anchor": "end", class: "small" });
    one.frame = svg("rect", { x, y, width, height, rx: 9, class: `box ${part.of.auto_scaling ? "group" : ""}` });
    one.cells = svg("g", {});
    one.bars = part.cell ? [] : [..."hbpurdwx"].map((letter) => svg("rect", { y: y + 32, height: 16, class: `bar s-${letter}` }));
    return [one.frame, svg("text", { x: x + 10, y: y + 19, class: "part-name" }, short(part.name, 15), svg("title", {}, part.name)), one.count, one.others, one.load, one.bars, one.cells];
  }

  databases(part, one) {
    const { x, y, width, height } = one.box;
    const bow = 9;
    const d = `M${x} ${y + bow}A${width / 2} ${bow} 0 0 1 ${x + width} ${y + bow}V${y + height - bow}A${width / 2} ${bow} 0 0 1 ${x} ${y + height - bow}Z`;
    one.frame = svg("path", { d, class: "box" });
    const lid = svg("path", { d: `M${x} ${y + bow}A${width / 2} ${bow} 0 0 0 ${x + width} ${y + bow}`, class: "lid" });
    one.role = svg("text", { x: x + width / 2, y: y + 51, "text-anchor": "middle", class: "role" });
    one.rate = svg("text", { x: x + width / 2, y: y + 65, "text-anchor": "middle", class: "small" });
    return [one.frame, lid, svg("text", { x: x + width / 2, y: y + 35, "text-anchor": "middle", class: "part-name" }, short(part.name, 15)), one.role, one.rate];
  }

  /** An instance: a square that fills with its load, with a sign for those who see no colours. */
  cell(life) {
    const part = [...this.parts.values()].find((part) => part.fleet === life.f);
    const lane = life.z ?? run.architecture.zones.length;
    const one = part?.views.find((one) => one.box.lane === lane);
    if (!part?.cell || !one) return null;
    const size = part.cell;
    const x = one.box.x + 10 + (life.slot % part.perRow) * (size + 4);
    const y = one.box.y + 28 + Math.floor(life.slot / part.perRow) * (size + 4);
    const level = svg("rect", { x, width: size, rx: Math.min(3, size / 5), class: "level" });
    const sign = size >= 15 ? svg("path", { class: "sign", transform: `translate(${x + size / 2} ${y + size / 2}) scale(${size / 30})` }) : null;
    const title = svg("title");
    const choose = (e) => { e.stopPropagation(); select(`instances.${life.n}`); };
    const group = svg("g", { class: "cell", onclick: choose, "data-id": `instances.${life.n}` },
      svg("rect", { x, y, width: size, height: size, rx: Math.min(5, size / 4), class: "back" }), level, sign, title);
    one.cells.append(group);
    return { life, part, lane, group, level, sign, title, y, size, state: "", height: -1 };
  }

  wire(arrow) {
    const ends = (boxes, side) => boxes.map((box) => ({ box, x: side ? box.x + box.width : box.x, y: box.y + box.height / 2 }));
    arrow.out = ends(arrow.source.boxes, true);
    arrow.in = ends(arrow.target.boxes, false);
    const branch = () => ({ path: svg("path", { class: "wire" }), flow: svg("path", { class: "flow" }) });
    const fork = arrow.second ?? arrow.bus;
    for (const end of arrow.out) Object.assign(end, branch(), { d: `M${end.x} ${end.y}H${arrow.bus}` });
    for (const end of arrow.in) Object.assign(end, branch(), { d: `M${fork} ${end.y}H${end.x - 9}`, head: svg("path", { class: "arrow", d: `M${end.x - 10} ${end.y - 5}L${end.x - 1} ${end.y}L${end.x - 10} ${end.y + 5}Z` }) });
    const ys = [...arrow.out, ...(arrow.channel ? [] : arrow.in)].map((end) => end.y);
    arrow.trunk = svg("path", { class: "wire" });
    let d = `M${arrow.bus} ${Math.min(...ys)}V${Math.max(...ys, arrow.channel ?? 0)}`;
    if (arrow.channel) {
      const up = arrow.in.map((end) => end.y);
      d += `M${arrow.bus} ${arrow.channel}H${fork}M${fork} ${Math.min(...up)}V${arrow.channel}`;
    }
    arrow.trunk.setAttribute("d", d);
    this.wires.append(arrow.trunk);
    for (const end of [...arrow.out, ...arrow.in]) {
      end.path.setAttribute("d", end.d);
      end.flow.setAttribute("d", end.d);
      this.wires.append(end.path, end.flow);
      if (end.head) this.wires.append(end.head);
    }
  }

  pill(arrow) {
    const ys = [...arrow.out, ...(arrow.channel ? [] : arrow.in)].map((end) => end.y);
    const y = (Math.min(...ys) + Math.max(...ys)) / 2 + (ys.every((y) => y === ys[0]) ? -15 : 0) + (arrow.nth % 3) * 20;
    arrow.rate = svg("text", { x: arrow.bus, y: y + 4, "text-anchor": "middle" });
    arrow.back = svg("rect", { y: y - 9, height: 18, rx: 9 });
    this.pills.append(svg("g", {}, arrow.back, arrow.rate));
  }

  /** How work is shared over the boxes of a part: by what the machines of each zone did, or evenly. */
  shares(part, t) {
    if (part.kind === "databases") {
      const zone = valueAt(`database.${part.name}.primary_zone`, t);
      return part.boxes.map((box) => (part.boxes.length === 1 || box.lane === zone ? 1 : 0));
    }
    let weights = part.boxes.map(() => 1);
    if (part.kind === "load_balancers") weights = part.boxes.map((box) => (this.inDns(part, box, t) ? 1 : 0));
    if (part.kind === "fleets" && part.boxes.length > 1) {
      weights = part.boxes.map((box) => {
        const zone = run.architecture.zones[box.lane]?.name;
        const cpu = valueAt(`zone_cpu_percent.${part.name}.${zone}`, t);
        const serving = part.counts?.get(box.lane)?.h ?? 1;
        return serving * (Number.isFinite(cpu) ? Math.max(cpu, 0.5) : 0);
      });
    }
    const sum = weights.reduce((a, b) => a + b, 0);
    return weights.map((weight) => (sum > 0 ? weight / sum : 1 / weights.length));
  }

  inDns(part, box, t) {
    const zone = run.architecture.zones[box.lane]?.name;
    const changes = this.dns.get(`${part.name}/${zone}`) ?? [];
    return changes.findLast((change) => change.t <= t)?.kind !== "node out of DNS";
  }

  failsOpen(part, box, t) {
    const zone = run.architecture.zones[box.lane]?.name;
    return (this.open.get(`${part.name}/${zone}`) ?? []).findLast((change) => change.t <= t)?.kind === "fail open";
  }

  get dns() {
    return (this.ownDns ??= Map.groupBy(events.filter((e) => e.kind.startsWith("node ")), (e) => e.subject));
  }

  get open() {
    return (this.ownOpen ??= Map.groupBy(events.filter((e) => e.kind.startsWith("fail open")), (e) => e.subject));
  }

  show() {
    const { t } = view;
    const active = faultsAt(t);
    this.showCells(t, active);
    for (const lane of this.lanes.filter((lane) => lane.zone)) {
      const own = active.filter((fault) => strikes(fault, lane.zone.name));
      lane.group.classList.toggle("struck", own.length > 0);
      lane.note.textContent = own.map((fault) => `⚡ ${short(fault.detail, 46)}`).join(" · ");
      lane.nats.forEach((group) => group.classList.toggle("struck", active.some((fault) => `nat_gateways.${fault.subject}` === group.dataset.id)));
    }
    for (const part of this.parts.values()) {
      part.group.classList.toggle("struck", part.kind !== "databases" && active.some((fault) => strikes(fault, part.name) || part.of.services?.some((name) => fault.subject.startsWith(`${name}.`))));
      this[`show_${part.kind}`](part, t);
    }
    this.showFlows(t);
  }

  showCells(t, active) {
    for (const part of this.parts.values()) if (part.kind === "fleets") part.counts = new Map();
    const count = (part, lane, state) => {
      const own = part.counts.get(lane) ?? part.counts.set(lane, {}).get(lane);
      own[state] = (own[state] ?? 0) + 1;
    };
    const struck = new Set(active.flatMap((fault) => fault.parts));
    for (const cell of this.cells) {
      const [since, state, until] = stateAt(cell.life, t);
      if (state !== "-") count(cell.part, cell.lane, state);
      const hit = struck.has(cell.life.n);
      const name = `cell c-${state === "-" ? "gone" : state}${hit ? " struck" : ""}${view.selected === cell.group.dataset.id ? " chosen" : ""}`;
      if (name !== cell.state) {
        cell.state = name;
        cell.group.setAttribute("class", name);
        cell.sign?.setAttribute("d", SIGNS[state] ?? "");
        cell.title.textContent = state === "-" ? "" : `${cell.life.n}: ${STATES[state]} since ${clock(since)}`;
      }
      const zone = run.architecture.zones[cell.lane]?.name;
      let cpu = valueAt(`zone_cpu_percent.${cell.part.name}.${zone}`, t);
      if (!Number.isFinite(cpu)) cpu = valueAt(`cpu_percent.${cell.part.name}`, t);
      const full = state === "h" || state === "r" ? (Number.isFinite(cpu) ? cpu / 100 : 1) : state === "b" && until < Infinity ? (t - since) / (until - since) : 0;
      const height = Math.round(Math.max(0, Math.min(1, full)) * cell.size * 2) / 2;
      if (height !== cell.height) {
        cell.height = height;
        cell.level.setAttribute("y", cell.y + cell.size - height);
        cell.level.setAttribute("height", height);
      }
    }
    if (!this.cells.length || this.cells.length < (run.lives?.length ?? 0)) this.countRest(t, count);
  }

  /** Instances that have no cell of their own are counted all the same. */
  countRest(t, count) {
    const drawn = new Set(this.cells.map((cell) => cell.life));
    for (const life of run.lives ?? []) {
      if (drawn.has(life)) continue;
      const part = [...this.parts.values()].find((part) => part.fleet === life.f);
      const [, state] = stateAt(life, t);
      if (part && state !== "-") count(part, life.z ?? run.architecture.zones.length, state);
    }
    if (run.lives) return;
    for (const part of this.parts.values()) {
      if (part.kind !== "fleets") continue;
      for (const [letter, name] of [["h", "in_service"], ["b", "booting"], ["p", "pending"], ["u", "unhealthy"], ["d", "terminating"]]) {
        const each = Math.round((valueAt(`group.${part.name}.${name}`, t) || 0) / part.boxes.length);
        for (const box of part.boxes) (part.counts.get(box.lane) ?? part.counts.set(box.lane, {}).get(box.lane))[letter] = each;
      }
    }
  }

  show_clients(part, t) {
    const [one] = part.views;
    const only = run.architecture.clients.length === 1;
    const own = valueAt(`offered_per_s.${part.name}`, t);
    const offered = only || !Number.isFinite(own) ? valueAt("offered_per_s", t) : own;
    const failed = valueAt("failed_per_s", t), good = valueAt("succeeded_per_s", t);
    one.rate.textContent = figure(offered, "1/s");
    const share = failed + good > 0 ? failed / (failed + good) : 0;
    one.state.textContent = !only ? "" : share > 0 ? `${figure(100 * share, "%")} fail` : `p99 ${figure(valueAt("latency_ms.p99", t), "ms")}`;
    one.state.classList.toggle("bad", share > 0);
    const width = only ? part.width - 28 : 0;
    one.good.setAttribute("width", Math.max(0, width * (1 - share)));
    one.bad.setAttribute("x", one.box.x + 14 + width * (1 - share));
    one.bad.setAttribute("width", width * share);
  }

  show_load_balancers(part, t) {
    for (const one of part.views) {
      const [inDns, open] = [this.inDns(part, one.box, t), this.failsOpen(part, one.box, t)];
      one.state.textContent = !inDns ? "out of DNS" : open ? "fails open" : "in DNS";
      one.dot.setAttribute("class", inDns ? (open ? "warn-dot" : "good-dot") : "off-dot");
      one.frame.classList.toggle("out", !inDns);
    }
  }

  show_fleets(part, t) {
    for (const one of part.views) {
      const counts = part.counts.get(one.box.lane) ?? {};
      const serving = (counts.h ?? 0) + (counts.r ?? 0);
      const others = [["bp", "coming up"], ["u", "ill"], ["x", "lost"], ["d", "leaving"], ["w", "aside"]]
        .map(([letters, word]) => [[...letters].reduce((sum, letter) => sum + (counts[letter] ?? 0), 0), word])
        .filter(([count]) => count).map(([count, word]) => `${count} ${word}`);
      one.count.textContent = serving.toLocaleString("en-US");
      const zone = run.architecture.zones[one.box.lane]?.name;
      let cpu = valueAt(`zone_cpu_percent.${part.name}.${zone}`, t);
      if (!Number.isFinite(cpu) && part.boxes.length === 1) cpu = valueAt(`cpu_percent.${part.name}`, t);
      one.load.textContent = Number.isFinite(cpu) ? `CPU ${Math.round(Math.min(100, cpu))}\u202f%` : "";
      one.others.textContent = others.slice(0, 2).join(" · ");
      let x = one.box.x + 10;
      const all = Object.values(counts).reduce((a, b) => a + b, 0) || 1;
      one.bars.forEach((bar, i) => {
        const width = ((counts["hbpurdwx"[i]] ?? 0) / all) * (part.width - 20);
        fill(bar, { x, width }, []);
        x += width;
      });
    }
  }

  show_databases(part, t) {
    const name = `database.${part.name}`;
    const up = valueAt(`${name}.available`, t) !== 0;
    const primary = valueAt(`${name}.primary_zone`, t);
    const synced = valueAt(`${name}.standby`, t) !== 0;
    const hits = faultsAt(t).filter((fault) => strikes(fault, part.name));
    for (const one of part.views) {
      const leads = part.boxes.length === 1 || one.box.lane === primary;
      one.role.textContent = !part.of.managed ? "" : leads ? (up ? "primary" : "primary, down") : synced ? "standby" : "standby, not in sync";
      one.rate.textContent = leads ? `${figure(valueAt(`queries_per_s.${part.name}`, t), "1/s")}` : "";
      const hit = hits.some((fault) => /^FailStandby/.test(fault.detail) !== leads);
      one.frame.setAttribute("class", `box ${leads ? (up ? "leads" : "down") : synced ? "follows" : "behind"}${hit ? " hit" : ""}`);
    }
  }

  showFlows(t) {
    // While it plays, traffic moves.
    const phase = view.playing ? (performance.now() / 30) % 12 : 0;
    const wide = (rate) => (rate > 0 ? 1.5 + 6.5 * Math.sqrt(rate / this.peak) : 1);
    for (const arrow of this.arrows) {
      const rate = flowOf(arrow, t);
      const known = Number.isFinite(rate) ? rate : 0;
      arrow.trunk.style.strokeWidth = wide(known);
      const [out, into] = [this.shares(arrow.source, t), this.shares(arrow.target, t)];
      [...arrow.out.map((end, i) => [end, out[i]]), ...arrow.in.map((end, i) => [end, into[i]])].forEach(([end, share]) => {
        const own = known * share;
        end.path.style.strokeWidth = wide(own);
        end.flow.style.strokeWidth = own > 0 ? Math.max(1, wide(own) * 0.45) : 0;
        end.flow.style.strokeDashoffset = -phase;
        end.path.classList.toggle("idle", own <= 0);
        end.head?.classList.toggle("idle", own <= 0);
      });
      arrow.rate.textContent = known > 0 ? figure(known, "1/s") : "–";
      const width = arrow.rate.textContent.length * 6.6 + 12;
      fill(arrow.back, { x: arrow.bus - width / 2, width }, []);
    }
  }

  mark() {
    for (const group of this.svg.querySelectorAll("[data-id]")) group.classList.toggle("chosen", group.dataset.id === view.selected);
  }
}

let diagram;
