// As much of a PDF as the tests need: the size of each page and how much text it shows. It reads what Chromium writes.

import { inflateSync } from "node:zlib";

/** The pages, each with its size in points and the number of its text operators. */
export function pagesOfPdf(pdf) {
  const text = pdf.toString("latin1");
  const object = (number) => text.slice(text.search(new RegExp(`(?:^|\\n)${number} 0 obj`)));
  return [...text.matchAll(/<<\/Type \/Page\n[\s\S]*?>>\s*endobj/g)].map(([page]) => {
    const [, , width, height] = page.match(/\/MediaBox \[([\d. ]+)\]/)[1].split(" ").map(Number).slice(0, 4);
    return { width, height, glyphs: operators(object(page.match(/\/Contents (\d+) 0 R/)[1]), pdf, text) };
  });
}

function operators(content, pdf, text) {
  const start = text.length - content.length + content.indexOf("stream\n") + 7;
  const length = Number(content.match(/\/Length (\d+)/)[1]);
  return (inflateSync(pdf.subarray(start, start + length)).toString("latin1").match(/T[jJ]/g) ?? []).length;
}
