// The list of events, filtered by words, by sort and by how much they matter.

const PAGE = 120;

function drawEvents() {
  const host = document.getElementById("event-list");
  if (!host) return;
  const sorts = [...new Set(events.map((e) => e.sort))];
  const state = { text: "", sorts: new Set(sorts), all: events.length <= 60, most: PAGE };
  const count = el("span", { class: "dim", role: "status" });
  const body = el("tbody");
  const more = el("button", { type: "button", class: "quiet" }, "Show more");
  const input = el("input", { type: "search", id: "event-filter", placeholder: "Filter: a name, a word, a kind", "aria-label": "Filter events" });
  const matches = (e) => {
    if (!state.sorts.has(e.sort) || (!state.all && e.weight > 2)) return false;
    const text = `${e.kind} ${e.subject} ${e.detail}`.toLowerCase();
    return state.text.toLowerCase().split(/\s+/).every((word) => text.includes(word));
  };
  const show = () => {
    const found = events.filter(matches);
    body.replaceChildren(...found.slice(0, state.most).map(row));
    count.textContent = `${found.length.toLocaleString("en-US")} of ${events.length.toLocaleString("en-US")} events`;
    more.hidden = found.length <= state.most;
  };
  const row = (e) => {
    const cause = e.cause && eventById.get(e.cause);
    return el("tr", { class: e.weight === 1 ? "major" : null },
      el("td", {}, el("button", { type: "button", class: "time", title: "go to this moment", onclick: () => goTo(e.t) }, clock(e.t))),
      el("td", {}, el("span", { class: `dot ${e.sort}`, "aria-hidden": "true" }), e.kind),
      el("td", {}, e.subject),
      el("td", {}, e.detail, cause && el("span", { class: "cause" }, `because of ${cause.kind} ${short(cause.subject, 60)}, `,
        el("button", { type: "button", class: "time", onclick: () => goTo(cause.t) }, clock(cause.t)))));
  };
  const chip = (label, pressed, toggle) => {
    const button = el("button", { type: "button", class: "chip", "aria-pressed": String(pressed), onclick: () => {
      button.setAttribute("aria-pressed", toggle());
      state.most = PAGE;
      show();
    } }, label);
    return button;
  };
  const chips = sorts.map((sort) => chip([el("span", { class: `dot ${sort}`, "aria-hidden": "true" }), sort], true, () => {
    if (!state.sorts.delete(sort)) state.sorts.add(sort);
    return state.sorts.has(sort);
  }));
  const every = chip("every step", state.all, () => (state.all = !state.all));
  input.addEventListener("input", () => {
    state.text = input.value;
    state.most = PAGE;
    // Whoever asks for a word wants it found wherever it is.
    if (state.text && !state.all) every.click();
    else show();
  });
  more.addEventListener("click", () => {
    state.most += PAGE * 4;
    show();
  });
  host.append(
    el("div", { class: "filters" }, input, el("div", { class: "chips", role: "group", "aria-label": "Sorts of events" }, chips, every), count),
    el("div", { class: "wide" }, el("table", { class: "text events" },
      el("thead", {}, el("tr", {}, ["at", "what", "whom", "in words"].map((word) => el("th", { scope: "col" }, word)))), body)),
    more);
  if (run.events_left_out) {
    host.append(el("p", { class: "dim" }, `${run.events_left_out.toLocaleString("en-US")} lesser events are in timeline.jsonl alone.`));
  }
  show();
  return { about: (text) => {
    input.value = text;
    input.dispatchEvent(new Event("input"));
    host.scrollIntoView();
  } };
}
