// Puts the parts together. Whatever fails here leaves the page as it came: text, tables and pictures.

document.documentElement.classList.add("scripted");
const list = drawEvents() ?? { about: () => {} };
if (run.architecture.fleets.length || run.architecture.stores.length) {
  diagram = new Diagram(document.getElementById("diagram"));
  diagram.start();
  // What is wide needs the whole width.
  document.querySelector(".stage").classList.toggle("broad", diagram.width > 1020);
}
const key = document.getElementById("key");
const seen = new Set((run.lives ?? []).flatMap((life) => life.s.map(([, state]) => state)));
key?.append(...Object.entries(STATES).filter(([letter]) => seen.has(letter)).map(([letter, word]) => el("span", {},
  svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("g", { class: `cell c-${letter}` },
    svg("rect", { class: "back", width: 16, height: 16, rx: 3 }), "hrb".includes(letter) && svg("rect", { class: "level", y: 7, width: 16, height: 9, rx: 2 }),
    svg("path", { class: "sign", d: SIGNS[letter] ?? "", transform: "translate(8 8) scale(.55)" }))), word)));
new Player(document.getElementById("player"));
new Panel(document.getElementById("panel"), list);

const ticker = document.getElementById("ticker");
const told = events.filter((e) => e.weight <= 2 && e.sort !== "run");
function tick() {
  const last = told.findLast((e) => e.t <= view.t + 1e-6);
  ticker.replaceChildren(...(last ? [el("span", { class: `dot ${last.sort}` }), el("b", {}, last.kind), ` ${short(last.subject, 48)} `, el("span", { class: "dim" }, last.detail)] : ["The run begins."]));
}
on("time", tick);
tick();

drawIncidents();
drawCharts();
histogram();

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", () => {
    const text = document.getElementById(button.dataset.copy);
    // Where nothing can be copied, the text is at least marked.
    getSelection().selectAllChildren(text);
    navigator.clipboard?.writeText(text.textContent).then(() => (button.textContent = "Copied"), () => {});
  });
}

// Tables are sorted by a click on a head.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, i) => {
    const sort = () => {
      const down = head.getAttribute("aria-sort") !== "descending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = (row) => +row.cells[i].dataset.value || 0;
      const words = (row) => row.cells[i].textContent;
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => (i ? key(b) - key(a) : words(a).localeCompare(words(b))) * (down ? 1 : -1));
      table.tBodies[0].append(...rows);
    };
    const button = el("button", { type: "button", class: "sorter", onclick: sort }, head.textContent);
    head.replaceChildren(button);
  });
}

// The space bar plays, wherever the reader is not writing; Escape lets go of what was chosen.
document.addEventListener("keydown", (e) => {
  if (e.key === "Escape" && view.selected) select(null);
  if (e.key === " " && e.target === document.body) {
    e.preventDefault();
    document.querySelector(".play").click();
  }
});
