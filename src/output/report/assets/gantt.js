// Incidents as staircases: each link of the reaction a bar as long as it took, in the colour of what it was part of.

/** Time since the strike on an axis that shows seconds and hours alike. */
const stretched = (s) => Math.log1p(Math.max(0, s));

/** The parts of a reaction, in order: colour, and what it means for those who meet the word for the first time. */
const PHASES = {
  detect: ["var(--amber)", "until the system knew"],
  decide: ["var(--violet)", "until it had decided"],
  act: ["var(--blue)", "until that was done"],
  restore: ["var(--orange)", "until users were served again"],
  redundancy: ["var(--green)", "until strength was full"],
};

const MARKS = [[0, "struck"], [1, "1 s"], [10, "10 s"], [60, "1 m"], [600, "10 m"], [3600, "1 h"], [36000, "10 h"], [864000, "10 d"]];

const failedWords = (count) => (count ? `${count.toLocaleString("en-US")} failed` : "");

/** The rows of a staircase: what lasted, then link by link. */
function rowsOf(incident) {
  const rows = [];
  const fault = faults.find((fault) => fault.id === incident.event);
  if (fault && !fault.atOnce) {
    rows.push({ name: "fault at work", from: 0, to: fault.to - incident.t, color: "var(--grey)", thin: true, words: fault.to < run.duration ? lasting(fault.to - incident.t) : "to the end" });
  }
  if (incident.noticed) {
    const to = (incident.restored ?? run.duration) - incident.t;
    rows.push({ name: "users felt it", from: 0, to, color: "var(--red)", thin: true, words: incident.restored == null ? "to the end" : lasting(to) });
  }
  for (const link of incident.links) {
    const [from, to] = [link.from - incident.t, link.to - incident.t];
    const took = link.already ? "already" : to - from < 0.001 ? "at once" : `+${lasting(to - from)}`;
    rows.push({
      name: link.name, from, to, color: PHASES[link.phase][0], beside: link.beside, words: took, event: link.event,
      more: [link.subject, failedWords(link.failed)].filter(Boolean).join(" · "), help: `${link.name}: ${link.phase}, ${PHASES[link.phase][1]}`,
    });
  }
  return rows;
}

function staircase(incident, longest, width) {
  const narrow = width < 560;
  const [left, right, row] = [narrow ? 104 : 148, narrow ? 84 : 190, 22];
  const rows = rowsOf(incident);
  const scale = (s) => left + (stretched(s) / stretched(longest)) * (width - left - right);
  const height = rows.length * row + 22;
  const grid = svg("g", { class: "grid" }), bars = svg("g", {}), labels = svg("g", { class: "labels" });
  let labelled = -Infinity;
  for (const [s, word] of MARKS) {
    if (s > longest) continue;
    grid.append(svg("path", { d: `M${scale(s)} 2V${height - 18}` }));
    if (scale(s) - labelled < 44) continue;
    labelled = scale(s);
    labels.append(svg("text", { x: scale(s), y: height - 4, "text-anchor": s ? "middle" : "start" }, word));
  }
  rows.forEach(({ name, from, to, color, thin, beside, words, more, help }, i) => {
    const y = 4 + i * row;
    const x = scale(from);
    const end = Math.max(scale(to), x + 3);
    labels.append(svg("text", { x: left - 10, y: y + 13, "text-anchor": "end", class: "link-name" }, short(name, narrow ? 15 : 24), svg("title", {}, help ?? name)));
    bars.append(svg("rect", { x, y: y + (thin ? 6 : 3), width: end - x, height: thin ? 6 : 12, rx: 3, fill: color, class: beside ? "beside" : null }));
    labels.append(svg("text", { x: end + 7, y: y + 13, class: "link-time" }, words, !narrow && more && svg("tspan", { class: "link-more", dx: 7 }, short(more, 28), svg("title", {}, more))));
  });
  return svg("svg", { class: "plot fixed staircase", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": rows.map((r) => `${r.name} ${r.words} ${r.more ?? ""}`).join(", ") },
    grid, bars, labels);
}

/** What each part of the reaction took, and what was lost in it. */
function phaseKey(incident) {
  return el("ul", { class: "phases" }, incident.phases.map(([phase, seconds, failed]) => el("li", { title: PHASES[phase][1] },
    svg("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" }, svg("rect", { width: 12, height: 12, rx: 3, fill: PHASES[phase][0] })),
    phase, el("b", {}, lasting(seconds)), failed ? el("span", { class: "dim" }, failedWords(failed)) : "")));
}

/** Draws a staircase into each incident of the page, and lets it be gone to. */
function drawIncidents() {
  const end = (i) => Math.max(1, (faults.find((fault) => fault.id === i.event)?.to ?? i.t) - i.t, (i.restored ?? run.duration) - i.t, ...i.links.map((link) => link.to - i.t));
  const longest = run.incidents.reduce((most, incident) => Math.max(most, end(incident)), 60);
  for (const host of document.querySelectorAll("[data-incident]")) {
    const incident = run.incidents[host.dataset.incident];
    const chain = host.querySelector(".chain");
    const stairs = el("div", {});
    chain.append(phaseKey(incident), stairs);
    let width = 0;
    const draw = () => {
      const now = Math.max(320, Math.min(1080, Math.round(chain.clientWidth)));
      if (now !== width) stairs.replaceChildren(staircase(incident, longest, (width = now)));
    };
    new ResizeObserver(draw).observe(chain);
    draw();
    const show = () => {
      const margin = Math.max(30, end(incident) * 0.25);
      lookAt(incident.t - margin, incident.t + end(incident) + margin);
      goTo(incident.t, true);
      document.getElementById("replay").scrollIntoView();
    };
    host.querySelector(".incident-head").append(el("button", { type: "button", class: "quiet", onclick: show }, "Watch it"));
  }
}
