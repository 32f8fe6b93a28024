// The rehearsal by keyboard alone; a naive client; a browser that has not trusted the CA and proceeds past the warning.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { launch, openPage } from "../support/browser.mjs";
import { ReceiptComputer } from "../support/calls.mjs";
import { keyboard, mouse } from "../support/hands.mjs";
import { prepare } from "../support/place.mjs";
import { toTheReport } from "../support/rehearsal.mjs";
import { goOn, overall, record, signIn, start, terminal, verdict } from "../support/walk.mjs";

const place = prepare();

test("by keyboard alone, a good client gets 合格", async () => {
  const { page, settled } = await place.open();
  await toTheReport(page, keyboard, place.server);
  await settled();
});

test("a client that hammers and takes the error for no qualification gets 不合格", async () => {
  const { page, settled } = await place.open();
  await signIn(page, place.server);
  const code = await start(page, mouse);
  const client = new ReceiptComputer(place.server, code);
  await client.login();
  const shown = await client.hammer();
  await goOn(page, mouse, code);
  await record(page, mouse, "資格なし・無効と表示", shown);
  await mouse.press(terminal(page).getByRole("button", { name: "再起動", exact: true }));
  await overall(page, "不合格").waitFor();
  for (const rule of ["短時間に繰り返さなかった", "資格なし"]) {
    await verdict(page).getByRole("listitem").filter({ hasText: rule }).filter({ hasText: "不合格" }).first().waitFor();
  }
  await settled();
});

test("a tester who proceeds past the certificate's warning is signed in as well", async () => {
  const home = join(place.server.dir, "untrusting");
  await mkdir(home);
  const untrusting = await launch(home);
  const { page, settled } = await openPage(untrusting, { forgiven: [/ERR_CERT_AUTHORITY_INVALID/] });
  await assert.rejects(page.goto(await place.server.link()), /ERR_CERT_AUTHORITY_INVALID/);
  // Chromium's own page, in the language of the machine.
  await page.locator("#details-button").click();
  await page.locator("#proceed-link").click();
  await page.waitForURL(/\/console\/start$/);
  await settled();
  await untrusting.close();
});

test("a tester whose link was used before signs in with the control token", async () => {
  const link = await place.server.link();
  const first = await place.open();
  await first.page.goto(link);
  await first.page.waitForURL(/\/console\/start$/);
  await first.settled();
  const { page, settled } = await place.open({ forgiven: [/status of 401/] });
  await page.goto(link);
  await page.getByRole("alert").waitFor();
  assert(!page.url().includes("#"), "the code is not left in the address");
  await keyboard.fill(page.getByLabel("管理トークン"), place.server.token);
  await keyboard.press(page.getByRole("button", { name: "サインイン" }));
  await page.waitForURL(/\/console\/start$/);
  await settled();
});
