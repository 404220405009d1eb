// One fixed colour and shape for each rival, the same on every page. Colours are told apart with the usual forms of
// colour blindness (after Okabe and Ito, and Paul Tol), and none is told by colour alone: bars and lines carry names,
// marks have shapes: a triangle stands on its side or on its head, too. [light, dark, shape, turned by degrees]
const LOOKS = {
  weft: ["#c2410c", "#ff8a4c", "circle"],
  onetbb: ["#0063a6", "#4aa8f0", "rectRot"],
  onetbb_shared: ["#5b93c9", "#a9cdf0", "rect"],
  serial: ["#6f6c66", "#98958e", "line"],
  taskflow: ["#00805c", "#2fc79b", "triangle", 90],
  libfork: ["#a8478a", "#e08cc6", "rect"],
  openmp: ["#857800", "#d0c14a", "rectRounded"],
  go: ["#0e8fb5", "#56cdee", "star"],
  rayon: ["#7d1f49", "#d4709e", "triangle"],
  tokio: ["#4a3fa8", "#a79cf5", "cross"],
  std_async: ["#8a5a2b", "#cf9a66", "crossRot"],
  fiber: ["#8d3fb0", "#cd8cec", "triangle", 270],
  asio: ["#2f6f6f", "#72bcbc", "triangle", 180],
};
// For a rival that is not named above, in the order of their names.
const MORE_LOOKS = [
  ["#486b54", "#93c2a3", "rect"],
  ["#a33b3b", "#f08d8d", "triangle"],
  ["#345fb8", "#8fb0f7", "star"],
  ["#5b7d1f", "#a5cf5f", "rectRot"],
  ["#2f6f6f", "#72bcbc", "cross"],
];

function looks_of(rivals) {
  const unnamed = rivals.filter((rival) => !(rival in LOOKS)).sort();
  return (rival, dark) => {
    const look = LOOKS[rival] ?? MORE_LOOKS[unnamed.indexOf(rival) % MORE_LOOKS.length];
    return { color: look[dark ? 1 : 0], shape: look[2], turned: look[3] ?? 0, is_weft: rival === "weft" };
  };
}

// weft first, then what it is mostly compared with, then by name.
function in_order(rivals) {
  const rank = (rival) => ["weft", "onetbb", "serial"].indexOf(rival) + 1 || 9;
  return [...rivals].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}
