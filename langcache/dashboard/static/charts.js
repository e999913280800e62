// Each chart draws the table beside it: the figures are on the page once, for readers with and without the picture.

const HEIGHT = 240;
const GAP = "\u202f";
const UNITS = {
  percent: (share) => `${share === 0 ? 0 : (share * 100).toFixed(share < 0.1 ? 1 : 0)}${GAP}%`,
  usd: (dollars) => (dollars === 0 ? "$0" : `$${dollars.toFixed(Math.abs(dollars) < 0.1 ? 4 : 2)}`),
  seconds: (time) => {
    if (time < 1e-3) return `${+(time * 1e6).toPrecision(3)}${GAP}µs`;
    return time < 1 ? `${+(time * 1e3).toPrecision(3)}${GAP}ms` : `${+time.toPrecision(3)}${GAP}s`;
  },
};
const DAY_S = 86_400;
const DAYS = [1, 2, 7, 14, 28, 91].map((days) => days * DAY_S);
const HOURS = [1, 2, 3, 6, 12].map((hours) => hours * 3_600);

const drawn = new Map();
const look = getComputedStyle(document.documentElement);
const colour = (name) => look.getPropertyValue(`--${name}`).trim();

function read(table) {
  const rows = [...table.tBodies[0].rows];
  return [...table.tHead.rows[0].cells].map((_, at) =>
    rows.map((row) => (row.cells[at].dataset.v === "" ? null : Number(row.cells[at].dataset.v))),
  );
}

function seriesOf(head, say, few) {
  const stroke = colour(head.dataset.colour);
  return {
    label: head.textContent.trim(),
    stroke,
    width: 2,
    dash: head.dataset.dashed === undefined ? undefined : [6, 5],
    fill: head.dataset.filled === undefined ? undefined : `color-mix(in srgb, ${stroke} 14%, transparent)`,
    points: { show: few, size: 6, fill: stroke },
    value: (_, value) => (value === null || value === undefined ? "–" : say(value)),
  };
}

function scaleOf(unit) {
  if (unit === "percent") return { range: [0, 1] };
  if (unit === "seconds") return { distr: 3, range: (_, low, high) => uPlot.rangeLog(low || 1e-3, high || 1, 10, true) };
  return { range: (_, low, high) => [Math.min(0, low), (high || 1) * 1.1] };
}

function optionsOf(figure, table, plot) {
  const [first, ...heads] = table.tHead.rows[0].cells;
  const say = UNITS[figure.dataset.unit];
  const times = read(table)[0];
  const isDaily = times.length < 2 || times[1] - times[0] >= DAY_S;
  const when = (seconds) => momentOf(seconds, isDaily);
  const axis = { stroke: colour("soft"), font: `12px ${look.fontFamily}`, ticks: { show: false } };
  const isLog = figure.dataset.unit === "seconds";
  const isDrawn = (value) => !isLog || Math.abs(Math.log10(value) % 1) < 1e-9;
  const grid = { stroke: colour("line"), width: 1, filter: (_, all) => all.map((value) => (isDrawn(value) ? value : null)) };
  return {
    width: plot.clientWidth,
    height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), "Etc/UTC"),
    cursor: { y: false, points: { size: 8 } },
    legend: { markers: { width: 2, dash: (_, at) => (heads[at - 1]?.dataset.dashed === undefined ? "solid" : "dashed") } },
    scales: { y: scaleOf(figure.dataset.unit) },
    axes: [
      { ...axis, grid: { show: false }, size: 34, incrs: isDaily ? DAYS : HOURS, space: 60, values: (_, all) => all.map(when) },
      { ...axis, grid, size: 68, values: (_, all) => ticks(all, figure.dataset.unit) },
    ],
    series: [
      { label: first.textContent.trim(), value: (_, at) => (at === null ? "–" : when(at)) },
      ...heads.map((head) => seriesOf(head, say, times.length < 32)),
    ],
  };
}

function ticks(all, unit) {
  const step = all[1] - all[0];
  const isWhole = (places) => Math.abs(step * 10 ** places - Math.round(step * 10 ** places)) < 1e-6;
  const places = [2, 3, 4, 5, 6].find(isWhole) ?? 6;
  const say = unit === "usd" ? (dollars) => `$${dollars.toFixed(dollars === 0 ? 0 : places)}` : UNITS[unit];
  return all.map((value) => (value === null ? "" : say(value)));
}

function momentOf(seconds, isDaily) {
  const shown = isDaily ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit" };
  return new Date(seconds * 1e3).toLocaleString("en-GB", { ...shown, timeZone: "UTC" });
}

function draw(figure) {
  const table = figure.querySelector("details table");
  const plot = figure.querySelector(".plot");
  drawn.get(figure)?.destroy();
  plot.replaceChildren();
  if (table.tBodies[0].rows.length === 0) return drawn.delete(figure);
  drawn.set(figure, new uPlot(optionsOf(figure, table, plot), read(table), plot));
}

function drawAll() {
  for (const figure of drawn.keys()) if (!figure.isConnected) drawn.delete(figure);
  for (const figure of document.querySelectorAll("figure.chart")) draw(figure);
}

const widths = new ResizeObserver(() => {
  for (const [figure, chart] of drawn) {
    const width = figure.querySelector(".plot").clientWidth;
    if (width && width !== chart.width) chart.setSize({ width, height: HEIGHT });
  }
});

drawAll();
widths.observe(document.getElementById("content"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
document.addEventListener("langcache:refreshed", drawAll);
