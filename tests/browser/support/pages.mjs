// The pages of the console.

import assert from "node:assert/strict";

/** Opens each page of the console in turn: those of the menu, all requests, and the exchange of the last one. */
export async function eachPage(page, code, look) {
  const { origin } = new URL(page.url());
  const rehearsal = `${origin}/console/institutions/${code}`;
  await page.goto(rehearsal);
  const links = page.getByRole("navigation").getByRole("link");
  const menu = await links.evaluateAll((found) => found.map((link) => link.href));
  assert(menu.includes(rehearsal), menu.join());
  const exchange = page.locator("#requests td a").first();
  const exchanges = (await exchange.count()) ? [await exchange.evaluate((link) => link.href)] : [];
  for (const url of [...menu, `${rehearsal}/entries`, ...exchanges, ...exchanges.map((link) => `${link}?mask=false`)]) {
    const answer = await page.goto(url);
    assert.equal(answer.status(), 200, url);
    await page.getByRole("main").waitFor();
    await look(new URL(url).pathname);
  }
}
