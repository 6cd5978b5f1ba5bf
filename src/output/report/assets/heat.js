// How slow answers were: a map over time, and a histogram over the whole run, both from the same counts.

/** The latency of a band's edge in words. */
const edgeWords = (ms) => (ms == null ? "more" : figure(ms, "ms"));

/** Where a latency lies among the bands: 2.5 is the middle of the third. */
function bandAt(ms) {
  const { edges } = run.map;
  const i = edges.findIndex((edge, at) => at > 0 && (edge == null || ms <= edge));
  const [low, high] = [edges[i - 1], edges[i]];
  return i - 1 + (low > 0 && high != null ? Math.log(ms / low) / Math.log(high / low) : 0.5);
}

/** The map as a picture: a pixel per interval and band, more opaque the more requests. */
function picture() {
  const { rows } = run.map;
  const bands = rows[0].length;
  const canvas = el("canvas", { width: rows.length, height: bands });
  const pen = canvas.getContext("2d");
  const pixels = pen.createImageData(rows.length, bands);
  const most = rows.flat().reduce((a, b) => Math.max(a, b), 1);
  rows.forEach((row, x) => row.forEach((count, band) => {
    const at = ((bands - 1 - band) * rows.length + x) * 4;
    const share = count ? 0.12 + 0.88 * (Math.log1p(count) / Math.log1p(most)) : 0;
    // One hue that stands out on white and on black.
    pixels.data.set([38, 119, 196, Math.round(255 * share)], at);
  }));
  pen.putImageData(pixels, 0, 0);
  return canvas.toDataURL();
}

/** Adds the map to the charts. */
function heatMap(host) {
  if (!run.map) return;
  const { rows, edges, interval } = run.map;
  const bands = rows[0].length;
  const href = picture();
  const paint = (chart, body, grid, labels, height) => {
    const from = chart.x(0);
    body.append(svg("image", {
      href, x: from, y: chart.top, width: chart.x(rows.length * interval) - from, height, preserveAspectRatio: "none", class: "heat",
    }));
    edges.forEach((edge, i) => {
      if (edge == null || edge <= 0 || Math.abs(Math.log10(edge) - Math.round(Math.log10(edge))) > 1e-6) return;
      const y = chart.top + height - (i / bands) * height;
      grid.append(svg("path", { d: `M${LEFT} ${y}H${chart.width - RIGHT}` }));
      labels.append(svg("text", { x: LEFT - 7, y: y + 4, "text-anchor": "end" }, edgeWords(edge)));
    });
  };
  const read = (t) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, Math.floor(t / interval)))];
    const all = row.reduce((a, b) => a + b, 0);
    if (!all) return "no answers here";
    const most = row.indexOf(Math.max(...row));
    return `most between ${edgeWords(edges[most] || 0)} and ${edgeWords(edges[most + 1])}, ${all.toLocaleString("en-US")} answers`;
  };
  const words = "How many requests were answered how fast over time, as a map. The latency chart above has its percentiles.";
  new Chart(host, { id: "heat", title: "Latency map", unit: "darker: more requests", height: 150, lines: [], paint, read, words });
}

/** The histogram over the observed time. */
function histogram() {
  const host = document.getElementById("histogram");
  if (!run.map) return;
  const { rows, edges, interval } = run.map;
  const observed = rows.slice(Math.ceil(run.warm_up / interval - 1e-9));
  const sums = rows[0].map((_, band) => observed.reduce((sum, row) => sum + row[band], 0));
  const all = sums.reduce((a, b) => a + b, 0);
  if (!all) return;
  const [width, height, left, bottom] = [720, 250, 60, 34];
  const most = Math.max(...sums);
  const step = (width - left - 14) / sums.length;
  const bars = svg("g", {}), labels = svg("g", { class: "labels" }), grid = svg("g", { class: "grid" });
  for (const share of roundTicks(0, (100 * most) / all, 4)) {
    const y = height - bottom - ((share / 100) * all / most) * (height - bottom - 14);
    grid.append(svg("path", { d: `M${left} ${y}H${width - 14}` }));
    labels.append(svg("text", { x: left - 7, y: y + 4, "text-anchor": "end" }, `${digits(share)} %`));
  }
  sums.forEach((count, i) => {
    const tall = count ? Math.max(1, (count / most) * (height - bottom - 14)) : 0;
    bars.append(svg("rect", { x: left + i * step + 0.5, y: height - bottom - tall, width: Math.max(1, step - 1), height: tall, rx: 1, fill: "var(--blue)" },
      svg("title", {}, `${edgeWords(edges[i])} to ${edgeWords(edges[i + 1])}: ${count.toLocaleString("en-US")} requests, ${figure((100 * count) / all, "%")}`)));
  });
  edges.forEach((edge, i) => {
    if (edge == null || edge <= 0 || Math.abs(Math.log10(edge) - Math.round(Math.log10(edge))) > 1e-6) return;
    labels.append(svg("text", { x: left + i * step, y: height - bottom + 16, "text-anchor": "middle" }, edgeWords(edge)));
  });
  for (const [q, word] of [[0.5, "median"], [0.99, "99 % below"]]) {
    let passed = 0;
    const band = sums.findIndex((count) => (passed += count) >= q * all);
    const before = passed - sums[band];
    const x = left + (band + (q * all - before) / sums[band]) * step;
    bars.append(svg("path", { d: `M${x} 12V${height - bottom}`, class: "quantile" }));
    labels.append(svg("text", { x: x + 4, y: 18, class: "quantile-name" }, word));
  }
  host.append(el("figure", { class: "chart" },
    el("figcaption", {}, el("h3", {}, "Latency of succeeded requests", el("span", { class: "unit" }, "share of requests per band"))),
    svg("svg", { class: "plot fixed", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Histogram of ${all} latencies; the table beside it has the percentiles` },
      grid, bars, labels)));
}
