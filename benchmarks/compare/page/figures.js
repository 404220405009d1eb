// Numbers: what is compared, and how it is written. Touches neither the page nor a plot.

const three_digits = (value) => value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);

function time_text(seconds) {
  for (const [unit, size] of [["s", 1], ["ms", 1e-3], ["µs", 1e-6]]) {
    if (seconds >= size) return three_digits(seconds / size) + " " + unit;
  }
  return three_digits(seconds * 1e9) + " ns";
}

const bytes_text = (bytes) =>
  bytes >= 2 ** 30 ? three_digits(bytes / 2 ** 30) + " GiB" : three_digits(bytes / 2 ** 20) + " MiB";

const ratio_text = (ratio) => (ratio >= 10 ? ratio.toFixed(ratio >= 100 ? 0 : 1) : ratio.toFixed(2)) + "×";

const unique = (values) => [...new Set(values)];

const group_by = (rows, key) => {
  const groups = new Map();
  for (const row of rows) {
    if (!groups.has(row[key])) groups.set(row[key], []);
    groups.get(row[key]).push(row);
  }
  return groups;
};

const geometric_mean = (values) => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

// What a row costs, in seconds: for one item where all rows of the problem count their items (rivals may then do
// different numbers of them) and some count more than one, for one run otherwise. Returns the function, and what one
// item is called.
function cost_of(rows) {
  if (!rows.every((row) => row.items > 0) || rows.every((row) => row.items === 1)) return { cost: (row, key = "median_seconds") => row[key], unit: "run" };
  return {
    cost: (row, key = "median_seconds") => row[key] / row.items,
    unit: rows.find((row) => row.unit)?.unit ?? "item",
  };
}

// The rows that the choices let through. A rival that was measured with one number of threads only (a serial program),
// or built by one compiler only (another language), has nothing to choose from, and stays.
function chosen(rows, choice) {
  const only = (key) => {
    const ones = new Set();
    for (const [rival, its] of group_by(rows, "rival")) if (unique(its.map((row) => row[key])).length === 1) ones.add(rival);
    return ones;
  };
  const one_count = only("threads");
  const one_compiler = only("compiler");
  return rows.filter((row) =>
    (choice.threads === "all" || row.threads === choice.threads || one_count.has(row.rival)) &&
    (choice.compiler === "all" || row.compiler === choice.compiler || one_compiler.has(row.rival)) &&
    !choice.hidden.has(row.rival));
}

// How a row is told from others of its problem: its rival, and then only what differs for that rival.
function row_labels(rows) {
  const threads = unique(rows.map((row) => row.threads)).length > 1;
  const by_rival = group_by(rows, "rival");
  return rows.map((row) => {
    const own = by_rival.get(row.rival);
    const compilers = unique(own.map((each) => each.compiler)).length > 1;
    const parts = [row.rival];
    if (threads) parts.push(row.threads + "T");
    if (compilers) parts.push(row.compiler);
    return parts.join(" · ");
  });
}

// What `row` is compared with: the reference's row of the same problem and compiler, and of the threads that are
// chosen (a row of a program with one thread stands beside them), as far as it has one.
function reference_row(rows, row, { reference, threads }) {
  const wanted = threads === "all" ? row.threads : threads;
  const own = rows.filter((each) => each.rival === reference && each.problem === row.problem);
  const far = (each) => (each.compiler === row.compiler ? 0 : 1);
  // One that was measured with several numbers of threads, but not with this one, is no measure.
  const several = unique(own.map((each) => each.threads)).length > 1;
  return own.filter((each) => !several || each.threads === wanted).sort((a, b) => far(a) - far(b))[0];
}
