// A page read from disk may not read other files, so search shows titles without excerpts.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// What an excerpt of a page says for a formula: signs for TeX's words, as good as a line allows.
const SIGNS = {
  alpha: "α", beta: "β", delta: "δ", Delta: "Δ", ell: "ℓ", kappa: "κ", lambda: "λ", mu: "μ",
  nu: "ν", phi: "φ", pi: "π", sigma: "σ", theta: "θ", cdot: "·", dots: "…", cdots: "…", in: "∈",
  infty: "∞", langle: "⟨", rangle: "⟩", le: "≤", ge: "≥", ne: "≠", neq: "≠", mid: "|", mapsto: "↦",
  oplus: "⊕", otimes: "⊗", partial: "∂", pm: "±", propto: "∝", square: "□", sum: "∑", int: "∫",
  prod: "∏", times: "×", to: "→", approx: "≈", nabla: "∇",
};
const WORDS = /^(arg|cosh|det|diag|dim|exp|inf|lim|ln|log|max|min|sinh|sup|tanh)$/;
const plain = (tex) =>
  tex
    .replace(/\\(?:begin|end)\{\w+\*?\}/g, "")
    .replace(/\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}/g, "($1)/($2)")
    .replace(/\\[dt]?frac ?(\w) ?(\w)/g, "$1/$2")
    .replace(/([_^])\{([^{}]{2,})\}/g, "$1($2)")
    .replace(/\\([A-Za-z]+) ?/g, (_, word) => SIGNS[word] ?? (WORDS.test(word) ? `${word} ` : ""))
    .replace(/\\[^]|[{}$]|&amp;/g, "");

// Paper is light.
addEventListener("beforeprint", () => {
  const { dataset } = document.documentElement;
  const { theme } = dataset;
  dataset.theme = "light";
  addEventListener("afterprint", () => { dataset.theme = theme; }, { once: true });
});

// MathJax makes each formula a stop of the Tab key; only one that scrolls has use for it.
addEventListener("load", () => {
  window.MathJax?.startup?.promise.then(() => {
    for (const formula of document.querySelectorAll("mjx-container:not([display])")) formula.tabIndex = -1;
  });
});

// The theme takes the focus from a button that was pressed by key.
addEventListener("click", ({ detail, target }) => {
  const button = target.closest?.(".theme-switch-button, .sidebar-toggle");
  if (!button || detail) return;
  setTimeout(() => { if (document.activeElement === document.body) button.focus(); });
}, true);

document.addEventListener("DOMContentLoaded", () => {
  if (typeof Search === "undefined") return;

  // Excerpts come from the article alone, not from the buttons and contents around it.
  const htmlToText = Search.htmlToText;
  Search.htmlToText = (page, anchor) => {
    const [article] = page.match(/<article[^]*<\/article>/) ?? [""];
    const read = article.replace(/<\/(?:d[dt]|h\d|li|p|t[dh])>/g, " $&").replace(/\\\[([^]*?)\\\]|\\\(([^]*?)\\\)/g, (_, shown, said) => plain(shown ?? said));
    return htmlToText(`<div role="main">${read}</div>`, anchor);
  };

  // Sphinx takes a page that loads its search for the search page, where it marks no words.
  if (!document.getElementById("search-results")) SphinxHighlight.highlightSearchWords();
});
