// What happens in the middle of a rehearsal: the page is loaded again, the server is restarted, another tester joins.

import assert from "node:assert/strict";
import { test } from "node:test";
import { mouse } from "../support/hands.mjs";
import { prepare } from "../support/place.mjs";
import { toTheError } from "../support/rehearsal.mjs";
import { overall, record, request, signIn, terminal } from "../support/walk.mjs";

const place = prepare();

const restart = (page) => terminal(page).getByRole("button", { name: "再起動", exact: true });

/** Restarts the terminal, and has the client repeat what was refused: these patients and the first one. */
async function toTheEnd(page, client, ...others) {
  await mouse.press(restart(page));
  await terminal(page).getByText("再起動待ち").first().waitFor({ state: "detached" });
  for (const patient of others) await client.ask(patient);
  assert.equal(await client.check(), "有効");
  await overall(page, "合格").waitFor();
}

test("after a reload everything stands where it stood", async () => {
  const { page, settled } = await place.open();
  const { client, shown } = await toTheError(page, mouse, place.server);
  await page.reload();
  await terminal(page).getByText("再起動待ち").first().waitFor();
  await record(page, mouse, "再起動の案内", shown);
  await page.reload();
  await toTheEnd(page, client);
  await settled();
});

test("after a restart of the server the page reconnects by itself and goes on", async () => {
  // The stream breaks and cannot be opened until the server is back.
  const { page, settled } = await place.open({ forgiven: [/net::ERR_/] });
  const { client, shown } = await toTheError(page, mouse, place.server);
  await record(page, mouse, "再起動の案内", shown);
  await place.server.end();
  await place.server.startAgain();
  // No reload: what the client does now has to come over the new stream.
  const other = { number: "1003", birthdate: "19750228" };
  await client.ask(other);
  await request(page, "失効　次郎").waitFor();
  await toTheEnd(page, client, other);
  await settled();
});

test("two testers see each other's steps", async () => {
  const first = await place.open();
  const { code } = await toTheError(first.page, mouse, place.server);
  const second = await place.open();
  await signIn(second.page, place.server);
  await second.page.goto(`${new URL(second.page.url()).origin}/console/institutions/${code}`);
  await mouse.press(restart(second.page));
  await terminal(first.page).getByText("再起動待ち").first().waitFor({ state: "detached" });
  await first.settled();
  await second.settled();
});
