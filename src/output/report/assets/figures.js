// Which charts there are: what the run has columns for.

const COLORS = ["var(--blue)", "var(--orange)", "var(--green)", "var(--violet)", "var(--sky)", "var(--amber)", "var(--grey)"];
const colorOf = (i) => COLORS[i % COLORS.length];

/** Causes of failure in words. */
const CAUSES = JSON.parse(document.getElementById("causes").textContent);

function trafficCharts() {
  const causes = namesOf("failed_per_s.");
  return [
    {
      id: "traffic", title: "Requests", unit: "per second", height: 190, marks: true,
      lines: [
        ...causes.map((name, i) => ({
          column: `failed_per_s.${name}`, label: CAUSES[name] ?? name, style: "stack",
          color: ["var(--orange)", "var(--amber)", "var(--violet)", "var(--red)", "var(--sky)", "var(--grey)"][i % 6],
        })),
        { column: "offered_per_s", label: "offered", color: "var(--ink)" },
        { column: "succeeded_per_s", label: "succeeded", color: "var(--green)" },
      ],
    },
    {
      id: "latency", title: "Latency of succeeded requests", unit: "ms", log: true,
      lines: [
        { column: "latency_ms.p99", label: "99 % below", color: "var(--orange)" },
        { column: "latency_ms.p95", label: "95 %", color: "var(--amber)" },
        { column: "latency_ms.p50", label: "median", color: "var(--blue)" },
        { column: "latency_ms.mean", label: "mean", color: "var(--grey)", hidden: true },
      ],
    },
  ];
}

function capacityCharts() {
  return run.architecture.fleets.filter((fleet) => columns.has(`group.${fleet.name}.desired`)).map((fleet, i) => ({
    id: `capacity-${i}`, title: `Instances of ${fleet.name}`, height: 120,
    lines: [
      { column: `group.${fleet.name}.in_service`, label: "able to serve", style: "stack", color: "var(--green)" },
      { column: `group.${fleet.name}.booting`, label: "coming up", style: "stack", color: "var(--amber)" },
      { column: `group.${fleet.name}.pending`, label: "pending", style: "stack", color: "var(--yellow)" },
      { column: `group.${fleet.name}.unhealthy`, label: "ill", style: "stack", color: "var(--red)" },
      { column: `group.${fleet.name}.terminating`, label: "leaving", style: "stack", color: "var(--pale)" },
      { column: `group.${fleet.name}.desired`, label: "desired", style: "dash", color: "var(--ink)" },
      { column: `group.${fleet.name}.forecast`, label: "forecast", style: "dash", color: "var(--violet)" },
    ].filter(({ column }) => columns.get(column)?.values.some((x) => x > 0)),
  })).filter((spec) => spec.lines.length);
}

function machineCharts() {
  const groups = namesOf("cpu_percent.");
  const alarms = namesOf("alarm.").filter((n) => n.endsWith(".state")).map((n) => n.slice(0, -6));
  const stateWord = (x) => (x === 1 ? "ALARM" : x === 0 ? "OK" : "no data");
  const stateColor = (x) => (x === 1 ? "var(--orange)" : x === 0 ? "var(--ok-pale)" : "var(--pale)");
  const lanes = alarms.slice(0, 24).map((name) => ({ label: name, spans: spansOf(`alarm.${name}.state`, stateWord, stateColor) }));
  const zones = groups.flatMap((group, i) => namesOf(`zone_cpu_percent.${group}.`).map((zone, j) => ({
    column: `zone_cpu_percent.${group}.${zone}`, label: `${group} in ${zone}`, color: colorOf(i + j + groups.length), hidden: true,
  })));
  const cpu = {
    id: "cpu", title: !groups.length ? "Alarms" : lanes.length ? "CPU and alarms" : "CPU", unit: groups.length ? "%" : "", max: 100, height: 130, lanes,
    lines: [...groups.map((group, i) => ({ column: `cpu_percent.${group}`, label: group, color: colorOf(i) })), ...zones],
  };
  const waiting = namesOf("waiting.");
  return [
    ...(groups.length || lanes.length ? [cpu] : []),
    ...(waiting.length ? [{
      id: "queues", title: "Waiting for a worker", unit: "requests", height: 90,
      lines: waiting.map((name, i) => ({ column: `waiting.${name}`, label: name, color: colorOf(i) })),
    }] : []),
  ];
}

function storeCharts() {
  const zone = (i) => run.architecture.zones[i]?.name ?? "–";
  return run.architecture.stores.map((store, i) => {
    const name = `database.${store.name}`;
    const lanes = [];
    if (store.managed && columns.has(`${name}.primary_zone`)) {
      lanes.push(
        { label: "primary", spans: spansOf(`${name}.primary_zone`, zone, (x) => ["var(--sky)", "var(--yellow)", "var(--violet)"][x % 3]) },
        { label: "writable", spans: spansOf(`${name}.available`, (x) => (x ? "yes" : "no"), (x) => (x ? "var(--ok-pale)" : "var(--orange)")) });
      if (store.standby != null) {
        lanes.push({ label: "standby", spans: spansOf(`${name}.standby`, (x) => (x ? "in sync" : "not in sync"), (x) => (x ? "var(--ok-pale)" : "var(--amber)")) });
      }
    }
    return {
      id: `store-${i}`, title: `Database ${store.name}`, height: 90, lanes,
      lines: [
        { column: `queries_per_s.${store.name}`, label: "queries per second", color: "var(--blue)" },
        { column: `${name}.connections`, label: "connections in use", color: "var(--orange)", hidden: true },
      ],
    };
  });
}

function otherCharts() {
  const own = namesOf("metric.");
  const charts = own.map((name, i) => ({
    id: `metric-${i}`, title: `Metric ${name}`, unit: columns.get(`metric.${name}`).unit, height: 90,
    lines: [{ column: `metric.${name}`, label: name, color: colorOf(i), style: "step" }],
  }));
  for (const [prefix, title, unit] of [
    ["cpu_credits.", "CPU credits", "per instance"], ["memory_mib.", "Memory", "MiB"],
    ["surge_queue.", "Surge queue", "requests"], ["active_flows.", "Active flows", ""],
  ]) {
    const names = namesOf(prefix);
    if (!names.length) continue;
    charts.push({
      id: prefix.slice(0, -1), title, unit, height: 90,
      lines: names.map((name, i) => ({ column: prefix + name, label: name, color: colorOf(i) })),
    });
  }
  if (columns.has("cost_usd_per_h")) {
    charts.push({
      id: "cost", title: "Cost", unit: "USD per hour", height: 80,
      lines: [{ column: "cost_usd_per_h", label: "rate", color: "var(--violet)", style: "step" }],
    });
  }
  return charts;
}

/** Draws all of them. */
function drawCharts() {
  const host = document.getElementById("chart-list");
  if (columns.has("offered_per_s")) {
    for (const spec of trafficCharts()) new Chart(host, spec);
    heatMap(host);
  }
  for (const spec of [...capacityCharts(), ...machineCharts(), ...storeCharts(), ...otherCharts()]) new Chart(host, spec);
  const range = document.getElementById("range");
  const told = () => (range.textContent = `${clock(view.from)} – ${clock(view.to)}`);
  on("range", told);
  told();
  const press = (id, f) => document.getElementById(id).addEventListener("click", f);
  press("zoom-in", () => zoom(0.5, view.t));
  press("zoom-out", () => zoom(2, view.t));
  press("zoom-all", () => lookAt(0, run.duration));
}
