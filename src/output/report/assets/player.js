// The player: a scrubber over the whole run, and a clock that slows down where something happens.

/** A run is played in so many seconds, at speed 1. */
const LENGTH_S = 60;
/** And an incident in at least so many. */
const INCIDENT_S = 10;
const SPEEDS = [0.25, 0.5, 1, 2, 4];

/** Moments worth a stop: the events that tell the story, those at once as one. */
const moments = events.filter((e) => e.weight === 1 && e.sort !== "run").map((e) => e.t)
  .filter((t, i, all) => i === 0 || t - all[i - 1] >= 1);

/** Stretches that are played slowly: what came of a fault, what users felt. */
const slow = run.incidents.map((i) => {
  const last = i.links.filter(([name]) => name !== "full strength").map(([, at]) => at);
  const to = Math.max(i.t + 5, ...(i.noticed ? [i.restored ?? i.t + 600] : []), ...last);
  return { from: i.t - 2, to: to + Math.max(2, (to - i.t) * 0.1) };
});

function pace(t) {
  const usual = run.duration / LENGTH_S;
  const inside = slow.filter((s) => t >= s.from && t < s.to).map((s) => (s.to - s.from) / INCIDENT_S);
  return Math.min(usual, ...inside);
}

class Player {
  constructor(host) {
    this.speed = 2;
    this.frame = 0;
    this.button = el("button", { type: "button", class: "play", "aria-label": "Play", onclick: () => this.toggle() });
    this.clock = el("output", { class: "clock" });
    this.range = el("input", { type: "range", min: 0, max: run.duration, step: Math.min(1, run.interval), "aria-label": "Moment of the run" });
    this.track = svg("svg", { class: "track", viewBox: "0 0 1000 56", preserveAspectRatio: "none", "aria-hidden": "true" });
    this.head = svg("path", { class: "head" });
    this.rate = el("button", { type: "button", class: "quiet", title: "speed; incidents are played slowly at any", onclick: () => this.faster() });
    const jump = (words, by) => el("button", { type: "button", class: "quiet", onclick: () => this.jump(by) }, words);
    host.append(
      el("div", { class: "controls" }, this.button, this.clock, jump("‹ previous moment", -1), jump("next moment ›", 1), this.rate),
      el("div", { class: "scrub" }, this.track, this.range));
    this.range.addEventListener("input", () => goTo(+this.range.value));
    on("time", () => this.show());
    this.paint();
    this.showButton();
    this.show();
    // Opened on the worst moment, so that what broke is seen at once; played from the beginning, until the reader has moved.
    const failed = columns.get("failed_per_s")?.values ?? [];
    const worst = failed.reduce((best, x, i) => (x > (failed[best] || 0) ? i : best), 0);
    if (felt.length) goTo((worst + 0.5) * run.interval);
    this.untouched = true;
    on("time", () => (this.untouched = false));
  }

  /** The traffic of the whole run as the scrubber's background. */
  paint() {
    // Where nobody asks for anything, the instances are what there is to see.
    const groups = namesOf("group.").filter((name) => name.endsWith(".in_service")).map((name) => columns.get(`group.${name}`).values);
    const serving = groups.length && groups[0].map((_, i) => groups.reduce((sum, values) => sum + (values[i] || 0), 0));
    const offered = columns.get("offered_per_s")?.values ?? serving;
    const failed = columns.get("failed_per_s")?.values ?? [];
    const x = (t) => (t / run.duration) * 1000;
    const parts = [];
    for (const span of felt) parts.push(svg("rect", { class: "bad-time", x: x(span.t), y: 0, width: Math.max(2, x(span.to) - x(span.t)), height: 56 }));
    if (offered) {
      const most = offered.reduce((a, b) => (b > a ? b : a), 1e-9);
      const area = (values) => {
        let d = "M0 56";
        values.forEach((v, i) => (d += `L${x((i + 0.5) * run.interval).toFixed(1)} ${(56 - (Number.isFinite(v) ? v / most : 0) * 44).toFixed(1)}`));
        return `${d}L1000 56Z`;
      };
      parts.push(svg("path", { class: "offered", d: area(offered) }), svg("path", { class: "failed", d: area(failed) }));
    }
    for (const fault of faults) parts.push(svg("path", { class: "strike", d: `M${x(fault.t)} 0V56` }));
    this.track.replaceChildren(...parts, this.head);
  }

  show() {
    const x = (view.t / run.duration) * 1000;
    this.head.setAttribute("d", `M${x} 0V56`);
    this.range.value = view.t;
    this.range.setAttribute("aria-valuetext", clock(view.t));
    this.clock.textContent = clock(view.t);
  }

  showButton() {
    this.button.textContent = view.playing ? "❚❚" : "▶";
    this.button.setAttribute("aria-label", view.playing ? "Pause" : "Play");
    this.rate.textContent = `${SPEEDS[this.speed] < 1 ? { 0.25: "¼", 0.5: "½" }[SPEEDS[this.speed]] : SPEEDS[this.speed]}×`;
  }

  faster() {
    this.speed = (this.speed + 1) % SPEEDS.length;
    this.showButton();
  }

  toggle() {
    view.playing = !view.playing;
    if (view.playing && (view.t >= run.duration || this.untouched)) goTo(0);
    this.showButton();
    tell("play");
    let last = performance.now();
    const step = (now) => {
      if (!view.playing) return;
      const wall = Math.min(0.1, (now - last) / 1000);
      last = now;
      let to = view.t + wall * pace(view.t) * SPEEDS[this.speed];
      // Not past the beginning of what is to be seen slowly.
      const next = slow.find((s) => s.from > view.t && s.from < to);
      if (next) to = next.from;
      goTo(to);
      if (view.t >= run.duration) this.toggle();
      else this.frame = requestAnimationFrame(step);
    };
    if (view.playing) this.frame = requestAnimationFrame(step);
  }

  jump(by) {
    const after = by > 0 ? moments.find((t) => t > view.t + 0.5) : moments.findLast((t) => t < view.t - 0.5);
    goTo(after ?? (by > 0 ? run.duration : 0));
    const here = events.find((e) => e.weight === 1 && Math.abs(e.t - view.t) < 0.01);
    if (here) announce(`${clock(here.t)}: ${here.kind} ${here.subject} ${here.detail}`);
  }
}
