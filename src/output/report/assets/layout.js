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

/** The whole layout: parts with their boxes, lanes, regions, arrows with their ends, width and height. */
function layOut(architecture, lives) {
  const parts = partsOf(architecture);
  measureDepths(parts, architecture.arrows);
  const slots = assignSlots(lives ?? []);
  const zones = architecture.zones.length;
  for (const part of parts.values()) {
    part.width = WIDTHS[part.kind];
    part.height = { clients: 86, load_balancers: 58, databases: 74 }[part.kind];
    if (part.kind !== "fleets") continue;
    const fleet = architecture.fleets.indexOf(part.of);
    const most = Math.max(1, ...part.lanes.map((lane) => slots.get(`${fleet}/${lane}`) ?? 0));
    part.fleet = fleet;
    part.cell = lives ? cellSize(most) : null;
    part.perRow = part.cell ? Math.floor((part.width - 20 + 4) / (part.cell + 4)) : 0;
    part.height = 46 + (part.cell ? Math.ceil(most / part.perRow) * (part.cell + 4) : 34);
  }
  const depths = [...new Set([...parts.values()].map((part) => part.depth))].sort((a, b) => a - b);
  const columns = depths.map((depth) => {
    const own = [...parts.values()].filter((part) => part.depth === depth);
    return { depth, parts: own, width: Math.max(...own.map((part) => part.width)) };
  });
  // The frame of a region stands around all but the clients.
  let x = columns[0]?.depth === 0 ? 14 : 46;
  for (const column of columns) {
    column.x = x;
    x += column.width + GAP;
  }
  const inside = columns.find((column) => column.depth > 0) ?? columns[0];
  const framed = zones > 0;
  const frameX = inside ? inside.x - 30 : 0;
  const width = x - GAP + (framed ? 44 : 20);
  // Lanes, region by region.
  const used = new Set([...parts.values()].flatMap((part) => part.lanes));
  const lanes = [];
  const regions = [];
  let y = framed ? 44 : 12;
  const addLane = (index, zone, region) => {
    const heights = columns.map((column) => {
      const own = column.parts.filter((part) => part.lanes.includes(index));
      return own.reduce((sum, part) => sum + part.height, 0) + Math.max(0, own.length - 1) * PART_GAP;
    });
    const inner = Math.max(40, ...heights);
    const head = zone ? LANE_HEAD : 0;
    const lane = { index, zone, x: frameX + 14, y, width: width - frameX - 28, height: head + inner + LANE_PAD * 2 - (zone ? 8 : 0), head };
    columns.forEach((column, i) => {
      let at = y + head + LANE_PAD - (zone ? 6 : 0) + (inner - heights[i]) / 2;
      for (const part of column.parts.filter((part) => part.lanes.includes(index))) {
        part.boxes ??= [];
        part.boxes.push({ lane: index, x: column.x + (column.width - part.width) / 2, y: at, width: part.width, height: part.height });
        at += part.height + PART_GAP;
      }
    });
    lanes.push(lane);
    y += lane.height + 12;
    if (region) region.bottom = y - 12;
  };
  architecture.regions.forEach((name, r) => {
    const own = architecture.zones.map((zone, i) => [zone, i]).filter(([zone]) => zone.region === r);
    if (!own.length) return;
    const region = { name, x: frameX, y: y - 32, width: width - frameX };
    regions.push(region);
    for (const [zone, i] of own) addLane(i, zone, region);
    region.height = region.bottom - region.y + 14;
    y += 46;
  });
  if (framed) y -= 46 - 14;
  if (used.has(zones) || !framed) {
    if (framed) y += 14;
    addLane(zones, null, null);
  }
  const bottom = y;
  // Clients stand outside, in the middle of what they see.
  const clients = [...parts.values()].filter((part) => part.kind === "clients");
  const [top, middle] = [framed ? 44 : 12, ((framed ? 44 : 12) + bottom - 12) / 2];
  const tall = clients.reduce((sum, part) => sum + part.height + 22, -22);
  let at = Math.max(top, middle - tall / 2);
  for (const part of clients) {
    part.boxes = [{ lane: null, x: columns[0].x, y: at, width: part.width, height: part.height }];
    at += part.height + 22;
  }
  const arrows = route(architecture.arrows, parts, columns, bottom);
  const lowest = Math.max(bottom, at - 8, ...arrows.map((arrow) => (arrow.channel ? arrow.channel + 12 : 0)));
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
