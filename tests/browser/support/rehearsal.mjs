// A rehearsal of installed-not-restarted from the link to the saved report, with a receipt computer beside it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { ReceiptComputer, TARO } from "./calls.mjs";
import { picture } from "./pictures.mjs";
import { goOn, overall, record, request, saveReport, signIn, start, step, terminal, verdict } from "./walk.mjs";

/** From the link to 再起動待ち on リハーサル, with the client's first check refused. */
export async function toTheError(page, hand, server, words) {
  await signIn(page, server);
  await picture(page, "start");
  const code = await start(page, hand, words);
  for (const shown of [server.backend, code]) await page.getByText(shown).first().waitFor();
  const client = new ReceiptComputer(server, code);
  await client.login();
  const shown = await client.check();
  await step(page, "資格確認", "済み").first().waitFor();
  await picture(page, "connect");
  await goOn(page, hand, code);
  await terminal(page).getByText("再起動待ち").first().waitFor();
  await request(page, TARO.name).waitFor();
  await overall(page, "まだ").waitFor();
  return { client, code, shown };
}

/** The whole way of a good client, to a green report. */
export async function toTheReport(page, hand, server) {
  const { client, shown } = await toTheError(page, hand, server);
  await picture(page, "rehearsal");
  await record(page, hand, "再起動の案内", shown);
  await verdict(page).getByRole("listitem").filter({ hasText: "合格" }).first().waitFor();
  await hand.press(terminal(page).getByRole("button", { name: "再起動", exact: true }));
  await terminal(page).getByText("再起動待ち").first().waitFor({ state: "detached" });
  assert.equal(await client.check(), "有効");
  await overall(page, "合格").waitFor();
  await verdict(page).evaluate((element) => element.scrollIntoView());
  await picture(page, "verdict");
  const report = await readFile(await saveReport(page, hand), "utf8");
  assert.match(report, /<strong>合格<\/strong> <span lang="en">PASS<\/span>/);
  assert.match(report, /ご自社レセコン/);
  await picture(page, "report");
}
