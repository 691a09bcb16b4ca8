// A page read from disk may not read other files, so search shows titles without excerpts.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

document.addEventListener("DOMContentLoaded", () => {
  if (typeof Search === "undefined") return;

  // Excerpts come from the article alone, not from the buttons and contents around it.
  const htmlToText = Search.htmlToText;
  Search.htmlToText = (page, anchor) => {
    const [article] = page.match(/<article[^]*<\/article>/) ?? [""];
    return htmlToText(`<div role="main">${article}</div>`, anchor);
  };

  // Sphinx takes a page that loads its search for the search page, where it marks no words.
  if (!document.getElementById("search-results")) SphinxHighlight.highlightSearchWords();
});
