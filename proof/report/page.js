/* page.js: draws the figures of the page from its data. A figure names its kind; the kind's function
 * gives Chart.js a configuration and a sentence for those who do not see the chart. Nothing moves, so
 * that a page always looks the same; colours follow the scheme, and print is always light. */
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const charts = new Map(); /* by figure */
  let printing = false;

  if (typeof Chart === "undefined")
    return;

  /* ---- colours: Okabe and Ito's, which colour-blind people tell apart; shapes besides ---- */

  const LIGHT = ["#0072b2", "#d55e00", "#008060", "#b3479c", "#9a6700", "#2a9bd6", "#6e7781", "#7a1f4a"];
  const DARK = ["#56b4e9", "#ff8c42", "#2fcf9f", "#e79ccb", "#f0e442", "#7c9cff", "#b1bac4", "#ff9da4"];
  const SHAPES = ["circle", "rect", "triangle", "rectRot", "star", "crossRot", "cross", "dash"];
  const isDark = () => dark.matches && !printing;
  const color = (i) => (isDark() ? DARK : LIGHT)[i % LIGHT.length];
  const ink = () => (isDark() ? "#e6edf3" : "#1b1f24");
  const paper = () => (isDark() ? "#0f141a" : "#ffffff");
  const soft = () => (isDark() ? "#9da7b3" : "#57606a");
  const line = () => (isDark() ? "#2b343e" : "#e1e6eb");
  const dash = (i) => (i >= LIGHT.length ? [6, 4] : []);

  /* ---- figures in words: as in the tables ---- */

  const three = (v) => {
    if (v >= 999.5)
      return Math.round(v).toLocaleString("en");
    return v.toPrecision(3);
  };
  const scaled = (v, step, units) => {
    let i = 0;
    while (Math.abs(v) >= 999.5 && i < units.length - 1) {
      v /= step;
      i++;
    }
    return `${v === 0 ? 0 : three(v)} ${units[i]}`;
  };
  const FORMATS = {
    ns: (v) => scaled(v, 1000, ["ns", "\u00b5s", "ms", "s"]),
    bytes: (v) => scaled(v, 1000, ["B", "kB", "MB", "GB"]),
    per_second: (v) => `${v >= 1000 ? Math.round(Number(v.toPrecision(3))).toLocaleString("en") : three(v)}/s`,
    count: (v) => (v >= 1000 ? Math.round(v).toLocaleString("en") : String(Number(v.toPrecision(3)))),
  };
  const thousands = (v) => (v >= 1e6 ? `${v / 1e6}M` : v >= 1e4 ? `${v / 1000}k` : String(v));
  const short = (v, unit) => (v === 0 ? "0" : unit === "per_second" ? `${thousands(v)}/s` : FORMATS[unit](v)).replace(/\.0+(?= )/, "").replace(/(\.\d*[1-9])0+(?= )/, "$1");
  const cut = (text, most) => (text.length > most ? text.slice(0, most - 1) + "\u2026" : text);
  const percent = (x) => String(Number((100 - 100 / x).toPrecision(6)));

  /* ---- what every chart has ---- */

  const axis = (title, more = {}) => {
    const { ticks, grid, ...rest } = more;
    return {
      title: { display: Boolean(title), text: title, color: soft() },
      grid: { color: line(), borderColor: soft(), ...grid },
      ticks: { color: soft(), maxRotation: 0, ...ticks },
      ...rest,
    };
  };
  const config = (type, sets, scales, more = {}) => ({
    type,
    data: { labels: more.labels, datasets: sets },
    plugins: more.draw ? [more.draw] : [],
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      indexAxis: more.flat ? "y" : "x",
      layout: { padding: more.padding || 0 },
      interaction: more.interaction || { mode: "nearest", intersect: true },
      scales,
      plugins: {
        legend: {
          display: Boolean(more.legend),
          position: "bottom",
          labels: { color: ink(), usePointStyle: true, boxHeight: 7 },
        },
        tooltip: { callbacks: more.tooltip || {} },
      },
    },
  });
  const names = (group) => group.map((s) => data.services[s].name);
  const label = (figure, i, names) => cut(names[i] || "", figure.clientWidth < 420 ? 14 : 26);

  const few = (figure) => (figure.clientWidth < 420 ? 4 : 6);

  /* The list above the chart names the metric already; paper has no list. */
  const named = (figure, metric) => (printing || figure.clientWidth >= 420 ? metric.title : "");

  /* Of a log axis Chart.js names too many: decades are enough, or 1, 2, 5 when there are few. */
  const decades = (scale) => {
    const steps = scale.max / scale.min < 100 ? [1, 2, 5] : [1];
    const ticks = [];
    for (let d = 10 ** Math.floor(Math.log10(scale.min)); d <= scale.max; d *= 10)
      ticks.push(...steps.map((s) => ({ value: s * d })));
    scale.ticks = ticks.filter((t) => t.value >= scale.min && t.value <= scale.max);
  };

  /* ---- bars: the median of each service, its interval as a whisker ---- */

  const whiskers = (stats, unit) => ({
    id: "whiskers",
    afterDatasetsDraw(chart) {
      const { ctx, scales } = chart;
      ctx.save();
      ctx.fillStyle = ink();
      ctx.font = "12px system-ui, sans-serif";
      ctx.textBaseline = "middle";
      stats.forEach(([median, low, high], i) => {
        const y = scales.y.getPixelForValue(i);
        const at = (v) => scales.x.getPixelForValue(v);
        let end = at(median);
        if (low !== null && high !== null) {
          end = Math.max(end, at(high));
          ctx.beginPath();
          ctx.moveTo(at(low), y);
          ctx.lineTo(at(high), y);
          for (const v of [low, high]) {
            ctx.moveTo(at(v), y - 4);
            ctx.lineTo(at(v), y + 4);
          }
          for (const [width, style] of [[3, paper()], [1.5, ink()]]) { /* a hem: seen on any bar */
            ctx.lineWidth = width;
            ctx.strokeStyle = style;
            ctx.stroke();
          }
        }
        const text = FORMATS[unit](median);
        ctx.fillText(text, end + 6, y);
      });
      ctx.restore();
    },
  });

  const bars = (figure, at, choice) => {
    const metric = data.metrics[choice];
    const group = data.groups[at].filter((s) => data.stats[s][choice][0] !== null);
    const all = names(group);
    const stats = group.map((s) => data.stats[s][choice]);
    const told = group.map((s, i) => `${all[i]} ${FORMATS[metric.unit](stats[i][0])}`);
    return {
      height: Math.max(9, 5 + group.length * 2.2),
      phase: metric.phase,
      said: `${metric.title}, medians: ${told.join("; ")}.`,
      config: config("bar", [{
        data: stats.map((s) => s[0]),
        backgroundColor: group.map((s) => color(data.groups[at].indexOf(s))),
        maxBarThickness: 26,
      }], {
        x: axis(named(figure, metric), { beginAtZero: true, suggestedMax: Math.max(...stats.map((s) => s[2] || s[0])),
          ticks: { callback: (v) => short(v, metric.unit), maxTicksLimit: few(figure) } }),
        y: axis("", { grid: { display: false },
          ticks: { color: ink(), autoSkip: false, callback: (v) => label(figure, v, all) } }),
      }, {
        flat: true, labels: all, padding: { right: 72 }, draw: whiskers(stats, metric.unit),
        tooltip: { label: (c) => {
          const [median, low, high] = stats[c.dataIndex];
          const unit = FORMATS[metric.unit];
          return low === null ? unit(median) : `${unit(median)}, 95 %: ${unit(low)} to ${unit(high)}`;
        } },
      }),
    };
  };

  /* ---- rounds: a point for each, from the first (top) to the last; a ring is an outlier ---- */

  const rounds = (figure, at, choice) => {
    const metric = data.metrics[choice];
    const group = data.groups[at].filter((s) => data.stats[s][choice][0] !== null);
    const all = names(group);
    const sets = group.map((s, row) => {
      const values = data.values[s][choice];
      const points = [];
      values.forEach((v, r) => {
        if (v !== null)
          points.push({ x: v, y: row + ((r + 0.5) / values.length - 0.5) * 0.7, round: r + 1,
            out: data.stats[s][choice][4].includes(r) });
      });
      const i = data.groups[at].indexOf(s);
      return {
        label: all[row], data: points, borderColor: color(i), borderWidth: 1.5,
        pointRadius: points.map((p) => (p.out ? 6 : 3.5)),
        pointBackgroundColor: points.map((p) => (p.out ? "transparent" : color(i))),
      };
    });
    return {
      height: Math.max(9, 5 + group.length * 2.2),
      phase: metric.phase,
      said: `${metric.title}: a point per round for ${all.join(", ")}.`,
      config: config("scatter", sets, {
        x: axis(named(figure, metric), { ticks: { callback: (v) => short(v, metric.unit), maxTicksLimit: few(figure) } }),
        y: axis("", { reverse: true, min: -0.5, max: group.length - 0.5, grid: { display: false },
          afterBuildTicks: (scale) => { scale.ticks = group.map((s, i) => ({ value: i })); },
          ticks: { color: ink(), autoSkip: false, callback: (v) => label(figure, v, all) } }),
      }, {
        padding: { right: 12 },
        tooltip: { label: (c) => `${all[c.datasetIndex]}, round ${c.raw.round}: ` +
          `${FORMATS[metric.unit](c.raw.x)}${c.raw.out ? ", outlier" : ""}` },
      }),
    };
  };

  /* ---- percentiles: lines on two log axes ---- */

  const FROM = 1.7; /* just below the median */
  const shown = (points) => points.filter((p) => p[0] >= FROM && p[1] > 0).map(([x, y]) => ({ x, y }));

  const lines = (figure, series, what) => {
    const least = Math.min(...series.flatMap((s) => shown(s.points).map((p) => p.y)));
    const beside = figure.clientWidth < 420 ? 2 : 6; /* names in a row of the legend */
    const told = series.map((s) => {
      const p99 = s.points.find((p) => p[0] >= 100);
      return p99 ? `${s.name}, 99 % within ${FORMATS.ns(p99[1])}` : s.name;
    });
    return {
      height: 20 + Math.ceil(series.length / beside) * 1.5,
      said: `${what}: percentile curves of ${told.join("; ")}.`,
      config: config("line", series.map((s) => ({
        label: cut(s.name, 26), data: shown(s.points), borderColor: color(s.at),
        backgroundColor: color(s.at), borderWidth: 2, borderDash: dash(s.at),
        pointStyle: SHAPES[s.at % SHAPES.length],
        pointRadius: shown(s.points).map((p, i) => ((i + s.at) % 4 ? 0 : 4)), pointHitRadius: 8,
      })), {
        x: axis("share of the requests, %", { type: "logarithmic", min: FROM,
          afterBuildTicks: (scale) => {
            scale.ticks = [2, 10, 100, 1e3, 1e4, 1e5, 1e6].filter((v) => v <= scale.max).map((value) => ({ value }));
          },
          ticks: { callback: percent } }),
        y: axis("time", { type: "logarithmic", min: least * 0.85, afterBuildTicks: decades,
          ticks: { callback: (v) => short(v, "ns"), autoSkip: false } }),
      }, {
        legend: series.length > 1,
        tooltip: {
          title: (items) => `${percent(items[0].raw.x)} %`,
          label: (c) => `${c.dataset.label}: ${FORMATS.ns(c.raw.y)}`,
        },
      }),
    };
  };

  const latency = (figure, at, choice) => {
    const series = data.groups[at].map((s, i) => (
      { name: data.services[s].name, at: i, points: data.latency[s][choice] || [] }));
    return {
      ...lines(figure, series.filter((s) => s.points.length), data.loads[choice].title),
      phase: data.loads[choice].phase,
    };
  };

  const percentiles = (figure) => lines(figure,
    data.series.map((s, at) => ({ ...s, at })).filter((s) => s.points.length), "Times");

  /* ---- histogram: bins of equal width on a log axis ---- */

  const histogram = (figure) => {
    const most = data.bins.reduce((a, b) => (b[2] > a[2] ? b : a));
    return {
      height: 20,
      said: `Histogram of the latencies; most answers took ${FORMATS.ns(most[0])} to ${FORMATS.ns(most[1])}.`,
      config: config("bar", [{
        data: data.bins.map((b) => b[2]), backgroundColor: color(0), barPercentage: 1, categoryPercentage: 0.95,
      }], {
        x: axis("time", { grid: { display: false },
          ticks: { callback: (i) => short(data.bins[i][0], "ns"), maxTicksLimit: few(figure) } }),
        y: axis("answers", { beginAtZero: true, ticks: { callback: (v) => short(v, "count"), precision: 0 } }),
      }, {
        labels: data.bins.map((b) => b[0]),
        interaction: { mode: "index", intersect: false },
        tooltip: {
          title: (items) => data.bins[items[0].dataIndex].slice(0, 2).map(FORMATS.ns).join(" to "),
          label: (c) => `${c.raw.toLocaleString("en")} answers`,
        },
      }),
    };
  };

  /* ---- drawing ---- */

  const KINDS = { bars, rounds, latency, percentiles, histogram };

  const draw = (figure) => {
    const canvas = figure.querySelector("canvas");
    const select = figure.querySelector("select");
    const made = KINDS[figure.dataset.chart](figure, Number(figure.dataset.at), select && Number(select.value));
    if (charts.has(figure))
      charts.get(figure).destroy();
    canvas.parentNode.style.height = `${made.height}rem`;
    canvas.setAttribute("aria-label", made.said);
    if (made.phase)
      figure.querySelector(".aside a").href = `#phase-${made.phase}`;
    charts.set(figure, new Chart(canvas, made.config));
  };
  const drawAll = () => document.querySelectorAll("figure[data-chart]").forEach(draw);
  const print = (on) => () => {
    printing = on;
    drawAll();
  };

  Chart.defaults.font.family = "system-ui, sans-serif";
  document.querySelectorAll("figure select").forEach((select) =>
    select.addEventListener("change", () => draw(select.closest("figure"))));
  dark.addEventListener("change", drawAll);
  addEventListener("beforeprint", print(true));
  addEventListener("afterprint", print(false));
  drawAll();
})();
