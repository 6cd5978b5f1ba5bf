// Puts the parts together. If that fails, in a browser too old for it, the page stays as it came: text and tables.

/** What each colour and sign of an instance means, as far as the run has them. */
function drawKey(host) {
  const seen = new Set((run.lives ?? []).flatMap((life) => life.s.map(([, state]) => state)));
  const sample = (letter) => svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("g", { class: `cell c-${letter}` },
    svg("rect", { class: "back", width: 16, height: 16, rx: 3 }),
    "hrb".includes(letter) && svg("rect", { class: "level", y: 7, width: 16, height: 9, rx: 2 }),
    svg("path", { class: "sign", d: SIGNS[letter] ?? "", transform: "translate(8 8) scale(.55)" })));
  const known = Object.entries(STATES).filter(([letter]) => seen.has(letter));
  host.append(...known.map(([letter, word]) => el("span", {}, sample(letter), word)));
}

/** The newest event worth telling, under the diagram. */
function drawTicker(host) {
  const told = events.filter((e) => e.weight <= 2 && e.sort !== "run");
  const tick = () => {
    const end = told.findLastIndex((e) => e.t <= view.t + 1e-6);
    if (end < 0) {
      host.replaceChildren("The run begins.");
      return;
    }
    // Of what happened at once, that which came first and matters most.
    let begin = end;
    while (begin > 0 && told[end].t - told[begin - 1].t < 1) begin--;
    const together = told.slice(begin, end + 1);
    const first = together.reduce((best, e) => (e.weight < best.weight ? e : best));
    host.replaceChildren(el("span", { class: "dim" }, `${clock(first.t)} `), el("span", { class: `dot ${first.sort}` }), el("b", {}, first.kind),
      ` ${short(first.subject, 48)} `, el("span", { class: "dim" }, first.detail + (together.length > 1 ? ` · and ${together.length - 1} more at once` : "")));
  };
  on("time", tick);
  tick();
}

/** Lets a table be sorted by a click on a head. */
function sortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, i) => {
    const sort = () => {
      const down = head.getAttribute("aria-sort") !== "descending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => +row.cells[i].dataset.value || 0;
      const words = (row) => row.cells[i].textContent;
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => (i ? value(b) - value(a) : words(a).localeCompare(words(b))) * (down ? 1 : -1));
      table.tBodies[0].append(...rows);
    };
    head.replaceChildren(el("button", { type: "button", class: "sorter", onclick: sort }, head.textContent));
  });
}

function copies(button) {
  button.addEventListener("click", () => {
    const text = document.getElementById(button.dataset.copy);
    // Where nothing can be copied, the text is at least marked.
    getSelection().selectAllChildren(text);
    navigator.clipboard?.writeText(text.textContent).then(() => (button.textContent = "Copied"), () => {});
  });
}

function start() {
  const list = drawEvents() ?? { about: () => {} };
  const stage = document.getElementById("diagram");
  if (stage) {
    diagram = new Diagram(stage);
    diagram.start();
    drawKey(document.getElementById("key"));
    // What is wide needs the whole width.
    document.querySelector(".stage").classList.toggle("broad", diagram.width > 1020);
  }
  new Player(document.getElementById("player"));
  new Panel(document.getElementById("panel"), list);
  drawTicker(document.getElementById("ticker"));
  drawIncidents();
  drawCharts();
  histogram();
  document.querySelectorAll("[data-copy]").forEach(copies);
  document.querySelectorAll("table.sortable").forEach(sortable);
  // The space bar plays, wherever the reader is not writing; Escape lets go of what was chosen.
  document.addEventListener("keydown", (e) => {
    if (e.key === "Escape" && view.selected) select(null);
    if (e.key === " " && e.target === document.body) {
      e.preventDefault();
      document.querySelector(".play").click();
    }
  });
}

document.documentElement.classList.add("scripted");
try {
  start();
} catch (error) {
  document.documentElement.classList.remove("scripted");
  throw error;
}
