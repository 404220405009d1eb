// The page: reads the results, keeps what is chosen, draws all plots anew when that changes, and sorts the table.

const $ = (id) => document.getElementById(id);
const results = JSON.parse($("results").textContent);
const problems = unique(results.map((row) => row.problem));
const rivals = in_order(unique(results.map((row) => row.rival)));
const look_of = looks_of(rivals);
const thread_counts = unique(results.map((row) => row.threads)).sort((a, b) => a - b);

// The compiler that built the most rivals: with it most can be compared.
const compilers = unique(results.map((row) => row.compiler));
const built_by = (compiler) => unique(results.filter((row) => row.compiler === compiler).map((row) => row.rival)).length;
const shared_compilers = compilers.filter((compiler) => built_by(compiler) > 1);

const choice = {
  reference: rivals.includes("onetbb") ? "onetbb" : rivals[rivals.length - 1],
  threads: thread_counts[thread_counts.length - 1],
  compiler: [...compilers].sort((a, b) => built_by(b) - built_by(a))[0],
  hidden: new Set(),
};
let charts = [];

function current_theme() {
  const style = getComputedStyle(document.documentElement);
  const theme = {};
  for (const name of ["paper", "card", "ink", "soft", "line", "grid", "weft"]) theme[name] = style.getPropertyValue("--" + name).trim();
  theme.dark = style.colorScheme.includes("dark");
  return theme;
}

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const name_of_choice = () =>
  (choice.threads === "all" ? "all numbers of threads" : `${choice.threads} thread${choice.threads === 1 ? "" : "s"}`) +
  (compilers.length > 1 ? (choice.compiler === "all" ? ", all compilers" : `, ${choice.compiler}`) : "");

function card(grid, title, note) {
  const box = element("div", {});
  const caption = element("figcaption", {}, element("b", {}, title), element("span", {}, note ?? ""));
  grid.append(element("figure", { class: "card" }, caption, box));
  return { box, note: caption.lastChild };
}

// With several rows of a rival (all compilers or threads are chosen) the fastest one stands for it.
function best_of_each(rows, cost) {
  const best = new Map();
  for (const row of rows) if (!best.has(row.rival) || cost(row) < cost(best.get(row.rival))) best.set(row.rival, row);
  return [...best.values()];
}

function draw_relative(rows, look, theme) {
  for (const name of document.querySelectorAll("[data-reference]")) name.textContent = choice.reference;
  const points = [];
  for (const problem of problems) {
    const { cost } = cost_of(results.filter((row) => row.problem === problem));
    for (const row of best_of_each(rows.filter((each) => each.problem === problem), cost)) {
      const measure = reference_row(results, row, choice);
      if (!measure || row.rival === choice.reference) continue;
      const value = cost(row) / cost(measure);
      points.push({ problem, rival: row.rival, value, said: `${ratio_text(value)} (${time_text(cost(row))} to ${time_text(cost(measure))})` });
    }
  }
  const box = document.querySelector("#relative .plot");
  box.replaceChildren(element("div", {}));
  $("means").replaceChildren();
  if (!points.length) return;
  charts.push(marks(box.firstChild, `Time relative to ${choice.reference}, ${name_of_choice()}`, points, look, theme, ratio_text, true));

  const means = [...group_by(points, "rival")].map(([rival, own]) =>
    ({ rival, mean: geometric_mean(own.map((point) => point.value)), count: own.length })).sort((a, b) => a.mean - b.mean);
  const body = element("tbody", {}, ...means.map((each) => element("tr", { "data-rival": each.rival },
    element("td", {}, each.rival), element("td", { class: "number" }, ratio_text(each.mean)),
    element("td", { class: "number" }, `${each.count}`))));
  const head = element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "rival"),
    element("th", { scope: "col", class: "number" }, "mean"), element("th", { scope: "col", class: "number" }, "problems")));
  $("means").append(element("table", {}, element("caption", {}, element("b", {}, "In one number"),
    `geometric mean over the problems that it and ${choice.reference} both solve; ${name_of_choice()}`), head, body));

  const weft = means.find((each) => each.rival === "weft");
  if (weft) {
    $("lead").replaceChildren(element("b", {}, `weft takes ${ratio_text(weft.mean)} the time of ${choice.reference}`),
      ` over ${weft.count} problem${weft.count === 1 ? "" : "s"} (geometric mean; ${name_of_choice()}), each solved with each library in its best form.`);
  }
}

function draw_problems(rows, look, theme) {
  const grid = document.querySelector("#problems .grid");
  grid.replaceChildren();
  for (const problem of problems) {
    const own = rows.filter((row) => row.problem === problem);
    if (!own.length) continue;
    const { box, note } = card(grid, problem);
    const { chart, logarithmic, unit } = bars(box, problem, own, look, theme);
    box.parentNode.dataset.problem = problem;
    note.textContent = `time per ${unit}${logarithmic ? ", logarithmic" : ""}`;
    charts.push(chart);
  }
}

function draw_scaling(look, theme) {
  const grid = document.querySelector("#scaling .grid");
  grid.replaceChildren();
  // All threads here, whatever is chosen; of several compilers the fastest.
  const rows = chosen(results, { ...choice, threads: "all" });
  for (const problem of problems) {
    const own = rows.filter((row) => row.problem === problem);
    const { cost, unit } = cost_of(results.filter((row) => row.problem === problem));
    const series = [];
    for (const [rival, its] of group_by(own, "rival")) {
      const values = [...group_by(its, "threads")].sort((a, b) => a[0] - b[0])
        .map(([threads, at]) => ({ x: threads, y: Math.min(...at.map((row) => cost(row))) }));
      if (values.length > 1) series.push({ rival, values });
    }
    if (!series.length) continue;
    const labels = thread_counts.filter((count) => series.some((each) => each.values.some((value) => value.x === count)));
    const { box } = card(grid, problem, `time per ${unit}, over threads`);
    charts.push(lines(box, `${problem}: time per ${unit} over threads`, labels, series, look, theme));
  }
  grid.parentNode.hidden = !grid.childNodes.length;
}

function draw_latency(rows, look, theme) {
  const keys = [["p50_ns", "p50"], ["p90_ns", "p90"], ["p99_ns", "p99"], ["p999_ns", "p99.9"], ["max_ns", "worst"]];
  const grid = document.querySelector("#latency .grid");
  grid.replaceChildren();
  for (const problem of problems) {
    const own = rows.filter((row) => row.problem === problem && keys.some(([key]) => row[key] > 0));
    const series = best_of_each(own, (row) => row.p50_ns ?? row.median_seconds).map((row) =>
      ({ rival: row.rival, values: keys.filter(([key]) => row[key] > 0).map(([key, x]) => ({ x, y: row[key] / 1e9 })) }));
    if (!series.length) continue;
    const { box } = card(grid, problem, name_of_choice());
    const labels = keys.map(([, x]) => x).filter((x) => series.some((each) => each.values.some((value) => value.x === x)));
    charts.push(lines(box, `${problem}: latency`, labels, series, look, theme));
  }
  grid.parentNode.hidden = !grid.childNodes.length;
}

// What the axis counts, for ticks that are round numbers of it.
const MIB = 2 ** 20;

function draw_memory(rows, look, theme) {
  const points = [];
  for (const problem of problems) {
    const own = rows.filter((row) => row.problem === problem && row.peak_rss_bytes > 0);
    for (const row of best_of_each(own, (each) => each.peak_rss_bytes)) {
      points.push({ problem, rival: row.rival, value: row.peak_rss_bytes / MIB, said: bytes_text(row.peak_rss_bytes) });
    }
  }
  const box = document.querySelector("#memory .plot");
  box.replaceChildren(element("div", {}));
  $("memory").hidden = !points.length;
  if (points.length) charts.push(marks(box.firstChild, `Peak memory, ${name_of_choice()}`, points, look, theme, (mib) => bytes_text(mib * MIB), false));
}

function draw_all() {
  charts.forEach((chart) => chart.destroy());
  charts = [];
  const theme = current_theme();
  const look = (rival) => look_of(rival, theme.dark);
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.font.size = 12;
  Chart.defaults.color = theme.soft;
  const rows = chosen(results, choice);
  draw_relative(rows, look, theme);
  draw_problems(rows, look, theme);
  draw_scaling(look, theme);
  draw_latency(rows, look, theme);
  draw_memory(rows, look, theme);
  draw_legend(look);
}

// --- what can be chosen --------------------------------------------------------------------------------------------

function draw_legend(look) {
  for (const button of $("legend").children) {
    const canvas = button.querySelector("canvas");
    const ctx = canvas.getContext("2d");
    const { color, shape, turned, is_weft } = look(button.dataset.rival);
    ctx.clearRect(0, 0, canvas.width, canvas.height);
    ctx.fillStyle = ctx.strokeStyle = color;
    ctx.lineWidth = 4;
    Chart.helpers.drawPoint(ctx, { pointStyle: shape, rotation: turned, radius: is_weft ? 13 : 11, borderWidth: 4 }, 16, 16);
  }
}

function choose(id, values, texts, selected, set) {
  const select = $(id);
  values.forEach((value, at) => select.append(element("option", { value: String(at), ...(value === selected ? { selected: "" } : {}) }, texts[at])));
  select.parentNode.hidden = values.length < 2;
  select.addEventListener("change", () => {
    set(values[Number(select.value)]);
    draw_all();
  });
}

function set_up_choices() {
  const references = ["onetbb", "serial"].filter((rival) => rivals.includes(rival));
  const others = rivals.filter((rival) => !references.includes(rival));
  choose("reference", [...references, ...others], [...references, ...others], choice.reference, (value) => (choice.reference = value));
  choose("threads", [...thread_counts, "all"].slice(0, thread_counts.length > 1 ? undefined : 1), [...thread_counts.map(String), "all"],
    choice.threads, (value) => (choice.threads = value));
  const offered = shared_compilers.length ? shared_compilers : compilers.slice(0, 1);
  choose("compiler", offered.length > 1 ? [...offered, "all"] : offered, [...offered, "all"], choice.compiler, (value) => (choice.compiler = value));

  for (const rival of rivals) {
    const button = element("button", { type: "button", "aria-pressed": "true", "data-rival": rival, ...(rival === "weft" ? { class: "weft" } : {}) },
      element("canvas", { width: 32, height: 32, "aria-hidden": "true" }), rival);
    button.addEventListener("click", () => {
      const is_hidden = !choice.hidden.delete(rival);
      if (is_hidden) choice.hidden.add(rival);
      button.setAttribute("aria-pressed", String(!is_hidden));
      draw_all();
    });
    $("legend").append(button);
  }
  $("toolbar").hidden = false;
}

// --- the table -------------------------------------------------------------------------------------------------------

function set_up_table() {
  const body = $("table").tBodies[0];
  const all = [...body.rows];
  const headings = [...$("table").tHead.rows[0].cells];
  headings.forEach((heading, at) => {
    heading.firstChild.addEventListener("click", () => {
      const up = heading.getAttribute("aria-sort") !== "ascending";
      headings.forEach((each) => each.setAttribute("aria-sort", each === heading ? (up ? "ascending" : "descending") : "none"));
      const value = (row) => row.cells[at].dataset.value;
      const is_number = heading.classList.contains("number");
      // Rows without a value stay last, either way.
      const order = (a, b) => (value(a) === "") - (value(b) === "") ||
        (up ? 1 : -1) * (is_number ? value(a) - value(b) : value(a).localeCompare(value(b)));
      body.append(...[...all].sort(order));
    });
  });
  $("search").parentNode.hidden = false;
  $("search").addEventListener("input", () => {
    const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of all) row.hidden = !words.every((word) => [...row.cells].slice(0, 4).some((cell) => cell.textContent.toLowerCase().includes(word)));
  });
}

set_up_choices();
set_up_table();
draw_all();

// Paper is white whatever the screen is.
addEventListener("beforeprint", () => {
  document.documentElement.dataset.paper = "";
  draw_all();
});
addEventListener("afterprint", () => {
  delete document.documentElement.dataset.paper;
  draw_all();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw_all);
