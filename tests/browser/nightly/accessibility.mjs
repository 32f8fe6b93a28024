// axe-core finds no violation on any page: light and dark, Japanese and English, before a check, with an error, with a verdict.

import assert from "node:assert/strict";
import { test } from "node:test";
import { tools } from "../support/browser.mjs";
import { mouse } from "../support/hands.mjs";
import { eachPage } from "../support/pages.mjs";
import { prepare } from "../support/place.mjs";
import { toTheError } from "../support/rehearsal.mjs";
import { overall, record, signIn, start, terminal } from "../support/walk.mjs";

const place = prepare();

/** Violations, each with the elements that have it. */
async function violations(page) {
  const result = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`).join("\n")}`);
}

async function accessible(page, what) {
  assert.deepEqual(await violations(page), [], what);
}

for (const colorScheme of ["light", "dark"]) {
  const open = (forgiven) => place.open({ colorScheme, forgiven, script: tools("axe-core").source });

  test(`${colorScheme}: the sign-in page, and a link that is not valid`, async () => {
    const { page, settled } = await open([/status of 401/]);
    await page.goto(`${place.server.console}/signin`);
    await accessible(page, "the sign-in page");
    await page.goto(`${place.server.console}/signin#00000000000000000000000000000000`);
    await page.getByRole("alert").waitFor();
    await accessible(page, "a link that is not valid");
    await settled();
  });

  test(`${colorScheme}: before the first check`, async () => {
    const { page, settled } = await open();
    await signIn(page, place.server);
    const code = await start(page, mouse);
    await eachPage(page, code, (path) => accessible(page, path));
    await settled();
  });

  test(`${colorScheme}: with an error, and with a verdict`, async () => {
    const { page, settled } = await open();
    const { client, code, shown } = await toTheError(page, mouse, place.server);
    await accessible(page, "the question about the screen");
    await eachPage(page, code, (path) => accessible(page, `${path} with an error`));
    await page.goto(new URL(`/console/institutions/${code}`, page.url()).href);
    await record(page, mouse, "再起動の案内", shown);
    await mouse.press(terminal(page).getByRole("button", { name: "再起動", exact: true }));
    await terminal(page).getByText("再起動待ち").first().waitFor({ state: "detached" });
    await client.check();
    await overall(page, "合格").waitFor();
    await eachPage(page, code, (path) => accessible(page, `${path} with a verdict`));
    await settled();
  });
}
