// Where everything of the architecture stands: zones as lanes, parts in columns by how far they are from the clients.

const GAP = 92, LANE_HEAD = 24, LANE_PAD = 14, PART_GAP = 14;
const WIDTHS = { clients: 138, load_balancers: 132, fleets: 186, databases: 138 };

/** Parts by id, with the lanes they stand in. The lane after those of the zones is for what lies nowhere in particular. */
function partsOf(architecture) {
  const nowhere = architecture.zones.length;
  const lanes = (zones) => (zones.length ? zones : [nowhere]);
  const parts = new Map();
  const add = (kind, name, lanes, of) => parts.set(`${kind}.${name}`, { id: `${kind}.${name}`, kind, name, lanes, of, depth: 0 });
  for (const name of architecture.clients) add("clients", name, [], {});
  for (const one of architecture.load_balancers) add("load_balancers", one.name, lanes(one.zones), one);
  for (const one of architecture.fleets) add("fleets", one.name, lanes(one.zones), one);
  for (const one of architecture.stores) {
    add("databases", one.name, lanes([...new Set([one.primary, one.standby])].filter((zone) => zone != null)), one);
  }
  return parts;
}

/** Sets how far each part is from the clients; ways that lead back do not count. */
function measureDepths(parts, arrows) {
  const onPath = new Set();
  const visit = (id, depth) => {
    const part = parts.get(id);
    if (!part || onPath.has(id)) return;
    if (depth > part.depth || depth === 0) {
      part.depth = Math.max(part.depth, depth);
      onPath.add(id);
      for (const arrow of arrows) if (arrow.from === id) visit(arrow.to, part.depth + 1);
      onPath.delete(id);
    }
  };
  for (const part of parts.values()) {
    if (part.kind === "clients" || !arrows.some((arrow) => arrow.to === part.id)) visit(part.id, part.kind === "clients" ? 0 : 1);
  }
  for (const part of parts.values()) if (part.kind !== "clients") part.depth = Math.max(1, part.depth);
  const last = Math.max(1, ...[...parts.values()].map((part) => part.depth));
  for (const part of parts.values()) if (part.kind === "databases") part.depth = last;
}

/** Gives each instance a place in its fleet's lane, freed when it is gone; returns the places per fleet and lane. */
function assignSlots(lives) {
  const taken = new Map();
  for (const life of [...lives].sort((a, b) => a.s[0][0] - b.s[0][0])) {
    const key = `${life.f}/${life.z ?? run.architecture.zones.length}`;
    if (!taken.has(key)) taken.set(key, []);
    const slots = taken.get(key);
    const [begin, [end, how]] = [life.s[0][0], life.s.at(-1)];
    const free = slots.findIndex((until) => until <= begin);
    life.slot = free < 0 ? slots.length : free;
    slots[life.slot] = how === "-" ? end : Infinity;
  }
  return new Map([...taken].map(([key, slots]) => [key, slots.length]));
}

/** Size of an instance's cell when so many must fit into a lane; none when they are told by their number. */
function cellSize(most) {
  return [[8, 30], [15, 23], [40, 15], [160, 9], [640, 5]].find(([count]) => most <= count)?.[1] ?? null;
}

/** Sets the size of each part; of fleets by the most instances that any lane ever has. */
function measureSizes(parts, architecture, lives) {
  const slots = assignSlots(lives ?? []);
  for (const part of parts.values()) {
    part.width = WIDTHS[part.kind];
    part.height = { clients: 86, load_balancers: 58, databases: 74 }[part.kind];
    if (part.kind !== "fleets") continue;
    part.fleet = architecture.fleets.indexOf(part.of);
    const most = Math.max(1, ...part.lanes.map((lane) => slots.get(`${part.fleet}/${lane}`) ?? 0));
    part.cell = lives ? cellSize(most) : null;
    part.perRow = part.cell ? Math.floor((part.width - 20 + 4) / (part.cell + 4)) : 0;
    part.height = 46 + (part.cell ? Math.ceil(most / part.perRow) * (part.cell + 4) : 34);
  }
}

/** Parts side by side in the order of their depths. */
function columnsOf(parts) {
  const depths = [...new Set([...parts.values()].map((part) => part.depth))].sort((a, b) => a - b);
  // The frame of a region stands around all but the clients.
  let x = depths[0] === 0 ? 14 : 46;
  return depths.map((depth) => {
    const own = [...parts.values()].filter((part) => part.depth === depth);
    const column = { depth, parts: own, width: Math.max(...own.map((part) => part.width)), x };
    x += column.width + GAP;
    return column;
  });
}

/** A lane from `y` on, with a box for each part that stands in it. */
function placeLane(index, zone, y, columns, frame) {
  const own = columns.map((column) => column.parts.filter((part) => part.lanes.includes(index)));
  const heights = own.map((parts) => parts.reduce((sum, part) => sum + part.height + PART_GAP, parts.length ? -PART_GAP : 0));
  const inner = Math.max(40, ...heights);
  const head = zone ? LANE_HEAD - 6 : 0;
  columns.forEach((column, i) => {
    let at = y + head + LANE_PAD + (inner - heights[i]) / 2;
    for (const part of own[i]) {
      (part.boxes ??= []).push({ lane: index, x: column.x + (column.width - part.width) / 2, y: at, width: part.width, height: part.height });
      at += part.height + PART_GAP;
    }
  });
  return { index, zone, x: frame.x + 14, y, width: frame.width - 28, height: head + inner + LANE_PAD * 2 - (zone ? 2 : 0) };
}

/** All lanes, region by region, and below them the one for what lies nowhere in particular, if there is such a thing. */
function placeLanes(architecture, parts, columns, frame) {
  const { zones } = architecture;
  const [lanes, regions] = [[], []];
  let y = zones.length ? 44 : 12;
  const add = (index, zone) => {
    lanes.push(placeLane(index, zone, y, columns, frame));
    y += lanes.at(-1).height + 12;
  };
  architecture.regions.forEach((name, region) => {
    if (!zones.some((zone) => zone.region === region)) return;
    const top = y - 32;
    zones.forEach((zone, i) => zone.region === region && add(i, zone));
    regions.push({ name, x: frame.x, y: top, width: frame.width, height: y - 12 - top + 14 });
    y += 46;
  });
  if (zones.length) y -= 32;
  if (!zones.length || [...parts.values()].some((part) => part.lanes.includes(zones.length))) {
    if (zones.length) y += 14;
    add(zones.length, null);
  }
  return { lanes, regions, bottom: y };
}

/** Clients stand outside, in the middle of what they see; returns where they end. */
function placeClients(parts, columns, top, bottom) {
  const clients = [...parts.values()].filter((part) => part.kind === "clients");
  const tall = clients.reduce((sum, part) => sum + part.height + 22, -22);
  let y = Math.max(top, (top + bottom - 12 - tall) / 2);
  for (const part of clients) {
    part.boxes = [{ lane: null, x: columns[0].x, y, width: part.width, height: part.height }];
    y += part.height + 22;
  }
  return y;
}

/** The whole layout: parts with their boxes, lanes, regions, arrows with their ends, width and height. */
function layOut(architecture, lives) {
  const parts = partsOf(architecture);
  measureDepths(parts, architecture.arrows);
  measureSizes(parts, architecture, lives);
  const columns = columnsOf(parts);
  const framed = architecture.zones.length > 0;
  const inside = columns.find((column) => column.depth > 0) ?? columns[0];
  const last = columns.at(-1);
  const width = last.x + last.width + (framed ? 44 : 20);
  const { lanes, regions, bottom } = placeLanes(architecture, parts, columns, { x: inside.x - 30, width: width - inside.x + 30 });
  const end = placeClients(parts, columns, framed ? 44 : 12, bottom);
  const arrows = route(architecture.arrows, parts, columns, bottom);
  const lowest = Math.max(bottom, end - 8, ...arrows.map((arrow) => (arrow.channel ? arrow.channel + 12 : 0)));
  return { parts, lanes, regions, arrows, width, height: lowest + 4 };
}

/** Gives each arrow its bus between the columns, or a channel below everything where it leads further or back. */
function route(arrows, parts, columns, bottom) {
  const inGap = new Map();
  let channels = 0;
  const place = (depth) => {
    const nth = inGap.get(depth) ?? 0;
    inGap.set(depth, nth + 1);
    return nth;
  };
  return arrows.filter(({ from, to }) => parts.get(from)?.boxes && parts.get(to)?.boxes).map((arrow) => {
    const [from, to] = [parts.get(arrow.from), parts.get(arrow.to)];
    const at = columns.findIndex((column) => column.depth === from.depth);
    const next = columns.findIndex((column) => column.depth === to.depth);
    const nth = place(from.depth);
    const bus = columns[at].x + columns[at].width + 40 + (nth % 3) * 16;
    if (next === at + 1) return { ...arrow, source: from, target: to, bus, nth };
    const second = columns[next].x - 16 - (channels % 3) * 8;
    return { ...arrow, source: from, target: to, bus, second, nth, channel: bottom + 8 + channels++ * 11 };
  });
}
