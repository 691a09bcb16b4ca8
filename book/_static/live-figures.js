// Draw every live figure of the page. The chart itself computes; no kernel, no other host.
document.querySelectorAll(".live-figure").forEach(async (box) => {
  const source = box.querySelector("script");
  const spec = JSON.parse(source.textContent);
  const chart = document.createElement("div");
  source.replaceWith(chart);
  const { view } = await vegaEmbed(chart, spec, { actions: false, renderer: "svg" });
  box.vegaView = view;
  // A screen reader meets the figure's description first, then the sliders with their values.
  box.setAttribute("role", "figure");
  box.setAttribute("aria-label", spec.description || "Live figure");
  box.dataset.ready = "true";
});
