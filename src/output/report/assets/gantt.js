// Incidents as staircases: struck, detected, decided, acted, restored, each link a bar as long as it took.

/** Time since the strike on an axis that shows seconds and hours alike. */
const stretched = (s) => Math.log1p(Math.max(0, s));

const LINK_COLORS = {
  detected: "var(--amber)", decided: "var(--violet)", acted: "var(--blue)", restored: "var(--orange)", "full strength": "var(--green)",
};

/** What a link means, for those who meet the words for the first time. */
const LINK_WORDS = {
  detected: "the system knew", decided: "it had decided what to do", acted: "it had done it",
  restored: "users were served again", "full strength": "redundancy was back",
};

function staircase(incident, longest, width) {
  const [left, right, row] = [width < 560 ? 92 : 118, 96, 22];
  const rows = [];
  const fault = faults.find((fault) => fault.id === incident.event);
  if (fault && !fault.atOnce) {
    const to = fault.to - incident.t;
    rows.push({ name: "fault at work", from: 0, to, color: "var(--grey)", thin: true, words: fault.to < run.duration ? lasting(to) : "to the end" });
  }
  if (incident.noticed) {
    const to = (incident.restored ?? run.duration) - incident.t;
    rows.push({ name: "users felt it", from: 0, to, color: "var(--red)", thin: true, words: incident.restored == null ? "to the end" : lasting(to) });
  }
  let before = 0;
  for (const [name, at, after] of incident.links) {
    const to = at - incident.t;
    rows.push({ name, from: before, to, color: LINK_COLORS[name] ?? "var(--blue)", words: after ? (to - before < 0.001 ? "at once" : `+${lasting(to - before)}`) : "already" });
    before = Math.max(before, to);
  }
  const scale = (s) => left + (stretched(s) / stretched(longest)) * (width - left - right);
  const height = rows.length * row + 22;
  const grid = svg("g", { class: "grid" }), bars = svg("g", {}), labels = svg("g", { class: "labels" });
  let labelled = -Infinity;
  for (const [s, word] of [[0, "struck"], [1, "1 s"], [10, "10 s"], [60, "1 m"], [600, "10 m"], [3600, "1 h"], [36000, "10 h"], [864000, "10 d"]]) {
    if (s > longest) continue;
    grid.append(svg("path", { d: `M${scale(s)} 2V${height - 18}` }));
    if (scale(s) - labelled < 44) continue;
    labelled = scale(s);
    labels.append(svg("text", { x: scale(s), y: height - 4, "text-anchor": s ? "middle" : "start" }, word));
  }
  rows.forEach(({ name, from, to, color, thin, words }, i) => {
    const y = 4 + i * row;
    const x = scale(from);
    labels.append(svg("text", { x: left - 10, y: y + 13, "text-anchor": "end", class: "link-name" }, name, svg("title", {}, LINK_WORDS[name] ?? name)));
    bars.append(svg("rect", { x, y: thin ? y + 6 : y + 3, width: Math.max(3, scale(to) - x), height: thin ? 6 : 12, rx: 3, fill: color }));
    labels.append(svg("text", { x: Math.max(scale(to), x + 3) + 7, y: y + 13, class: "link-time" }, words));
  });
  return svg("svg", { class: "plot fixed staircase", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": rows.map((r) => `${r.name} ${r.words}`).join(", ") },
    grid, bars, labels);
}

/** Draws a staircase into each incident of the page, and lets it be gone to. */
function drawIncidents() {
  const ends = run.incidents.map((i) => Math.max(1, (faults.find((fault) => fault.id === i.event)?.to ?? i.t) - i.t, (i.restored ?? run.duration) - i.t, ...i.links.map(([, at]) => at - i.t)));
  const longest = ends.reduce((a, b) => Math.max(a, b), 60);
  for (const host of document.querySelectorAll("[data-incident]")) {
    const incident = run.incidents[host.dataset.incident];
    if (!incident) continue;
    const chain = host.querySelector(".chain");
    let width = 0;
    const draw = () => {
      const now = Math.max(320, Math.min(1000, Math.round(chain.clientWidth)));
      if (now !== width) chain.replaceChildren(staircase(incident, longest, (width = now)));
    };
    new ResizeObserver(draw).observe(chain);
    draw();
    const show = () => {
      const end = incident.t + ends[host.dataset.incident];
      const margin = Math.max(30, (end - incident.t) * 0.25);
      lookAt(incident.t - margin, end + margin);
      goTo(incident.t, true);
      document.getElementById("replay").scrollIntoView();
    };
    host.querySelector(".incident-head")?.append(el("button", { type: "button", class: "quiet", onclick: show }, "Watch it"));
  }
}
