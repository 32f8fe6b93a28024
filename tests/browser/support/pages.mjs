// The pages of the console.

import assert from "node:assert/strict";

const paths = (code) => [
  "/console/start",
  `/console/connect/${code}`,
  `/console/institutions/${code}`,
  `/console/institutions/${code}/report`,
  "/console/institutions",
  "/console/results",
  "/console/data",
];

/** Opens each page of the console in turn, with what an institution has by now. */
export async function eachPage(page, code, look) {
  const { origin } = new URL(page.url());
  for (const path of paths(code)) {
    const answer = await page.goto(origin + path);
    assert.equal(answer.status(), 200, path);
    await page.getByRole("main").waitFor();
    await look(path);
  }
}
