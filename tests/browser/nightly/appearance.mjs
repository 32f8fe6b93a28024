// English, dark, 200 % zoom and print.

import assert from "node:assert/strict";
import { test } from "node:test";
import { mouse } from "../support/hands.mjs";
import { eachPage } from "../support/pages.mjs";
import { pagesOfPdf } from "../support/pdf.mjs";
import { prepare } from "../support/place.mjs";
import { toTheError } from "../support/rehearsal.mjs";

const place = prepare();

test("English: no heading, label, button or link is left in Japanese", async () => {
  const { page, settled } = await place.open();
  const { code } = await toTheError(page, mouse, place.server, { product: "Our receipt computer", tester: "QA" });
  await page.getByRole("button", { name: "English" }).click();
  await page.locator("html[lang=en]").waitFor();
  await eachPage(page, code, async (path) => {
    assert.equal(await page.locator("html").getAttribute("lang"), "en", path);
    assert.deepEqual(await page.evaluate(japanese), [], path);
  });
  await page.getByRole("button", { name: "日本語" }).click();
  await page.locator("html[lang=ja]").waitFor();
  await settled();
});

/** The page's own words in Japanese letters, without names of patients and what is marked as Japanese: runs in the page. */
function japanese() {
  const words = "h1, h2, h3, label, legend, button, a, th:not([scope=row]), dt, summary, figcaption, small";
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { data, parentElement } = texts.currentNode;
    if (!/[\u3041-\u30ff\u4e00-\u9fff]/.test(data) || !parentElement.checkVisibility()) continue;
    if (parentElement.closest(words) && !parentElement.closest("option, bdi, [lang=ja]")) found.push(data.trim());
  }
  return found;
}

test("dark: light text on a dark ground", async () => {
  const { page, settled } = await place.open({ colorScheme: "dark" });
  const { code } = await toTheError(page, mouse, place.server);
  await eachPage(page, code, async (path) => {
    const [ground, text] = await page.evaluate(() => {
      const luminance = (colour) => {
        const [red, green, blue] = colour.match(/[\d.]+/g).map(Number);
        return (red * 2 + green * 5 + blue) / (8 * 255);
      };
      const { backgroundColor, color } = getComputedStyle(document.body);
      return [luminance(backgroundColor), luminance(color)];
    });
    assert(ground < 0.25 && text > 0.7, `${path}: ground ${ground}, text ${text}`);
  });
  await settled();
});

test("200 % zoom: nothing is cut off, and nothing needs sideways scrolling", async () => {
  const { page, settled } = await place.open({ viewport: { width: 720, height: 450 }, deviceScaleFactor: 2 });
  const { code } = await toTheError(page, mouse, place.server);
  await eachPage(page, code, async (path) => {
    assert.deepEqual(await page.evaluate(lost), [], path);
  });
  await settled();
});

/** What a window cuts off: runs in the page. */
function lost() {
  const found = [];
  if (document.documentElement.scrollWidth > innerWidth) found.push(`the page is ${document.documentElement.scrollWidth} wide`);
  for (const element of document.querySelectorAll("main *, header *, nav *")) {
    const { overflowX, overflowY, display } = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const named = `${element.tagName} ${element.textContent.trim().slice(0, 30)}`;
    if (display === "none" || box.width === 0 || !element.innerText?.trim()) continue;
    if (["hidden", "clip"].includes(overflowX) && element.scrollWidth > element.clientWidth + 1 && box.width > 1) found.push(`cut at the side: ${named}`);
    if (["hidden", "clip"].includes(overflowY) && element.scrollHeight > element.clientHeight + 1 && box.height > 1) found.push(`cut below: ${named}`);
  }
  return found;
}

test("print: the report is A4 and says what the page says", async () => {
  const { page, settled } = await place.open();
  const { code } = await toTheError(page, mouse, place.server);
  await page.goto(`${new URL(page.url()).origin}/console/institutions/${code}/report`);
  const pdf = await page.pdf({ preferCSSPageSize: true });
  const pages = pagesOfPdf(pdf);
  assert(pages.length >= 1);
  for (const { width, height, glyphs } of pages) {
    assert(Math.abs(width - 595) <= 1 && Math.abs(height - 842) <= 1, `A4, and not ${width} × ${height}`);
    assert(glyphs > 0, "no page is empty");
  }
  await page.emulateMedia({ media: "print" });
  assert(await page.getByRole("main").getByText("ご自社レセコン").first().isVisible());
  assert(!(await page.getByRole("navigation").first().isVisible()), "the menu is not printed");
  await settled();
});
