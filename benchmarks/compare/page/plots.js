// The plots: each function takes an empty element, rows and the look of the page, and returns a Chart. Nothing here
// keeps state; page.js throws all plots away and draws them anew when a choice changes.
//
// A plot is one image to a screen reader, and says all its values in its label.

// Smaller steps than this stand on a linear scale, where lengths can be compared.
const LOGARITHMIC_FROM = 20;

// From the smallest to the largest round of each bar, and its median in words behind it.
// (Not by options of the plot: Chart.js calls every function that it finds there.)
const whiskers = (rows, cost, theme) => ({
  id: "whiskers",
  afterDatasetsDraw(chart) {
    const { ctx, scales: { x } } = chart;
    ctx.save();
    ctx.font = `12px ${Chart.defaults.font.family}`;
    ctx.textBaseline = "middle";
    chart.getDatasetMeta(0).data.forEach((bar, at) => {
      const row = rows[at];
      let end = bar.x;
      if (row.min_seconds != null && row.max_seconds != null) {
        const [left, right] = ["min_seconds", "max_seconds"].map((key) => x.getPixelForValue(cost(row, key)));
        end = Math.max(end, right);
        ctx.strokeStyle = theme.ink;
        ctx.lineWidth = 1.5;
        ctx.beginPath();
        ctx.moveTo(left, bar.y), ctx.lineTo(right, bar.y);
        ctx.moveTo(left, bar.y - 3.5), ctx.lineTo(left, bar.y + 3.5);
        ctx.moveTo(right, bar.y - 3.5), ctx.lineTo(right, bar.y + 3.5);
        ctx.stroke();
      }
      ctx.fillStyle = row.rival === "weft" ? theme.weft : theme.ink;
      ctx.fillText(time_text(cost(row)), end + 7, bar.y);
    });
    ctx.restore();
  },
});

// The line at "as fast as the reference".
const line_at_one = (color) => ({
  id: "line_at_one",
  beforeDatasetsDraw(chart) {
    const { ctx, chartArea: { top, bottom }, scales: { x } } = chart;
    const at = x.getPixelForValue(1);
    ctx.save();
    ctx.strokeStyle = color;
    ctx.lineWidth = 1.5;
    ctx.beginPath(), ctx.moveTo(at, top), ctx.lineTo(at, bottom), ctx.stroke();
    ctx.restore();
  },
});

// The rival's name at the end of its line, moved down where names would lie upon each other.
const names_at_ends = {
  id: "names_at_ends",
  afterDatasetsDraw(chart) {
    const { ctx, chartArea } = chart;
    const ends = chart.data.datasets.map((dataset, at) => {
      const points = chart.getDatasetMeta(at).data;
      return { name: dataset.label, color: dataset.borderColor, y: points[points.length - 1].y };
    }).sort((a, b) => a.y - b.y);
    for (let at = 1; at < ends.length; ++at) ends[at].y = Math.max(ends[at].y, ends[at - 1].y + 13);
    const over = ends.length ? ends[ends.length - 1].y - chartArea.bottom - 6 : 0;
    if (over > 0) {
      ends[ends.length - 1].y -= over;
      for (let at = ends.length - 2; at >= 0; --at) ends[at].y = Math.min(ends[at].y, ends[at + 1].y - 13);
    }
    ctx.save();
    ctx.textBaseline = "middle";
    for (const end of ends) {
      ctx.font = `${end.name === "weft" ? "bold " : ""}12px ${Chart.defaults.font.family}`;
      ctx.fillStyle = end.color;
      ctx.fillText(end.name, chartArea.right + 11, end.y);
    }
    ctx.restore();
  },
};

// "10.0 ms" and "1.00×" at an axis: "10 ms" and "1×".
const short = (text) => text.replace(/(\.\d*?)0+(?!\d)/, "$1").replace(/\.(?!\d)/, "");

// Of the ticks of a logarithmic scale: those that start with 1, and of the others more the more room a power has.
function logarithmic_ticks(text) {
  return function (value, at, ticks) {
    const powers = Math.log10(ticks[ticks.length - 1].value / ticks[0].value);
    const room = (this.isHorizontal() ? this.width / 3 : this.height) / powers;
    const first = value / 10 ** Math.floor(Math.log10(value) + 1e-9);
    const wanted = room < 55 ? [1] : room < 110 ? [1, 3] : room < 300 ? [1, 2, 5] : [1, 2, 3, 4, 5, 6, 8];
    // The end of the scale is a tick too, and any number.
    return wanted.some((each) => Math.abs(first - each) < 1e-6) ? short(text(value)) : "";
  };
}

function scale(theme, logarithmic, text, more = {}) {
  return {
    type: logarithmic ? "logarithmic" : "linear",
    // Of a logarithmic scale only the lines that have a number: all of them would be the darkest part of the plot.
    grid: { color: (at) => (logarithmic && !at.tick?.label ? "transparent" : theme.grid), borderColor: theme.line, tickLength: 4 },
    ticks: {
      color: theme.soft, maxRotation: 0, autoSkip: !logarithmic, maxTicksLimit: logarithmic ? 100 : 6,
      callback: logarithmic ? logarithmic_ticks(text) : (value) => (value === 0 ? "0" : short(text(value))), includeBounds: false,
    },
    ...more,
  };
}

function names(theme, labels) {
  return {
    type: "category", labels, offset: true, grid: { display: false, borderColor: theme.line },
    ticks: {
      autoSkip: false,
      color: (tick) => (/^weft( |$)/.test(labels[tick.index]) ? theme.weft : theme.ink),
      font: (tick) => ({ weight: /^weft( |$)/.test(labels[tick.index]) ? "bold" : "normal", size: 12 }),
    },
  };
}

function draw(box, height, label, plugins, config) {
  box.style.height = height + "px";
  const canvas = box.querySelector("canvas") ?? box.appendChild(document.createElement("canvas"));
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  const options = {
    responsive: true, maintainAspectRatio: false, animation: false,
    // Sharp on paper, too.
    devicePixelRatio: Math.max(2, window.devicePixelRatio || 1),
    ...config.options,
  };
  return new Chart(canvas, { ...config, options, plugins });
}

const tooltip = (title, lines) => ({
  displayColors: false, callbacks: { title: (items) => title(items[0]), label: (item) => lines(item) },
});

// One bar a row, the fastest on top.
function bars(box, problem, rows, look, theme) {
  const { cost, unit } = cost_of(rows);
  const sorted = [...rows].sort((a, b) => cost(a) - cost(b));
  const labels = row_labels(sorted);
  const costs = sorted.map((row) => cost(row));
  const largest = Math.max(...sorted.map((row) => Math.max(cost(row), row.max_seconds != null ? cost(row, "max_seconds") : 0)));
  const logarithmic = costs[costs.length - 1] / costs[0] > LOGARITHMIC_FROM;
  const smallest = Math.min(...sorted.map((row) => (row.min_seconds ? cost(row, "min_seconds") : cost(row))));
  const limits = logarithmic ? { min: 10 ** Math.floor(Math.log10(smallest * 0.8)), max: largest } : { min: 0, max: largest };
  const said = sorted.map((row, at) => `${labels[at]} ${time_text(costs[at])}`).join(", ");
  const chart = draw(box, 24 * sorted.length + 34, `${problem}, time per ${unit}, the fastest first: ${said}`, [whiskers(sorted, cost, theme)], {
    type: "bar",
    data: {
      labels,
      datasets: [{
        data: costs, backgroundColor: sorted.map((row) => look(row.rival).color), barPercentage: 0.72,
        categoryPercentage: 1, borderRadius: 2,
      }],
    },
    options: {
      indexAxis: "y", layout: { padding: { right: 72 } },
      scales: { x: scale(theme, logarithmic, time_text, limits), y: names(theme, labels) },
      plugins: {
        legend: { display: false },
        tooltip: tooltip((item) => labels[item.dataIndex], (item) => {
          const row = sorted[item.dataIndex];
          const range = row.min_seconds != null ? `, ${time_text(cost(row, "min_seconds"))} to ${time_text(cost(row, "max_seconds"))}` : "";
          return `${time_text(cost(row))} per ${unit}${range} (${row.compiler}, ${row.threads} threads)`;
        }),
      },
    },
  });
  return { chart, logarithmic, unit };
}

// Problems down, a value to the right, one mark for each rival. `points`: {problem, rival, value, said}.
function marks(box, what, points, look, theme, text, line) {
  const problems = unique(points.map((point) => point.problem));
  const rivals = in_order(unique(points.map((point) => point.rival)));
  const values = points.map((point) => point.value).concat(line ? [1] : []);
  const said = problems.map((problem) => `${problem}: ` + points.filter((point) => point.problem === problem)
    .sort((a, b) => a.value - b.value).map((point) => `${point.rival} ${text(point.value)}`).join(", ")).join("; ");
  return draw(box, 34 * problems.length + 40, `${what}. ${said}`, line ? [line_at_one(theme.ink)] : [], {
    type: "scatter",
    data: {
      datasets: rivals.map((rival, at) => ({
        label: rival,
        data: points.filter((point) => point.rival === rival).map((point) => ({ x: point.value, y: point.problem, said: point.said })),
        pointStyle: look(rival).shape, rotation: look(rival).turned, radius: look(rival).is_weft ? 8 : 5.5, hoverRadius: 9,
        backgroundColor: look(rival).color + (look(rival).is_weft ? "" : "d0"),
        borderColor: look(rival).is_weft ? theme.paper : look(rival).color, borderWidth: 2,
        // The larger mark below, so that it hides none.
        order: look(rival).is_weft ? rivals.length : at,
      })),
    },
    options: {
      layout: { padding: { right: 28 } },
      scales: {
        x: scale(theme, true, text, { min: Math.min(...values) * 0.8, max: Math.max(...values) * 1.25 }),
        y: { ...names(theme, problems), grid: { color: theme.grid, borderColor: theme.line }, reverse: false },
      },
      plugins: {
        legend: { display: false },
        tooltip: tooltip((item) => item.raw.y, (item) => `${item.dataset.label}: ${item.raw.said}`),
      },
    },
  });
}

// A logarithmic scale with a tick at each of these, and no other.
const at_numbers = (numbers) => ({
  type: "logarithmic", min: numbers[0], max: numbers[numbers.length - 1],
  afterBuildTicks: (axis) => (axis.ticks = numbers.map((value) => ({ value }))),
});

// One line a rival. `series`: {rival, values: [{x, y}]}; x is one of `labels`: names, or ascending numbers.
function lines(box, what, labels, series, look, theme) {
  const said = series.map((each) => `${each.rival} ` + each.values.map((value) => `${value.x}: ${time_text(value.y)}`).join(", ")).join("; ");
  const sorted = [...series].sort((a, b) => (b.rival === "weft") - (a.rival === "weft"));
  const values = series.flatMap((each) => each.values.map((value) => value.y));
  return draw(box, Math.max(230, 15 * series.length + 60), `${what}. ${said}`, [names_at_ends], {
    type: "line",
    data: {
      labels,
      datasets: sorted.map((each, at) => ({
        label: each.rival, data: each.values, order: at, clip: false,
        borderColor: look(each.rival).color, backgroundColor: look(each.rival).color,
        borderWidth: look(each.rival).is_weft ? 3.5 : 1.75, pointStyle: look(each.rival).shape,
        rotation: look(each.rival).turned,
        radius: look(each.rival).is_weft ? 5 : 4, hoverRadius: 7,
      })),
    },
    options: {
      layout: { padding: { right: 104, top: 6 } },
      scales: {
        x: {
          ...(typeof labels[0] === "number" ? at_numbers(labels) : { type: "category", labels }),
          grid: { color: theme.grid, borderColor: theme.line },
          ticks: { color: theme.soft, ...(typeof labels[0] === "number" ? { callback: String } : {}) },
        },
        y: scale(theme, true, time_text, { min: Math.min(...values) * 0.7, max: Math.max(...values) * 1.2 }),
      },
      plugins: {
        legend: { display: false },
        tooltip: tooltip((item) => `${item.dataset.label}, ${item.raw.x}`, (item) => time_text(item.raw.y)),
      },
    },
  });
}
