// What comes from a client is text: markup, scripts, right-to-left marks and texts of 1 MB harm no page.

import assert from "node:assert/strict";
import { test } from "node:test";
import { control, TARO } from "../support/calls.mjs";
import { mouse } from "../support/hands.mjs";
import { prepare } from "../support/place.mjs";
import { toTheError } from "../support/rehearsal.mjs";
import { record, request } from "../support/walk.mjs";

const SCRIPT = `<script>document.title="harmed"</script>`;
const IMAGE = `"'><img src=x onerror='document.title="harmed"'>`;
const ATTRIBUTE = `" onfocus="document.title='harmed'" autofocus x="`;
const RIGHT_TO_LEFT = "\u202eしぎやさ\u2066\u200f";
const LINK = "javascript:document.title='harmed'";
const TEXTS = [SCRIPT, IMAGE, ATTRIBUTE, RIGHT_TO_LEFT, LINK, "{{7*7}}${7*7}", "]]>--><!--"];

const place = prepare();

/** Nothing of what was sent became an element or ran, and nothing makes the page wider than the window. */
async function harmless(page) {
  assert.equal(await page.locator("img[src=x], [onfocus], [onerror], a[href^='javascript:']").count(), 0);
  assert.doesNotMatch(await page.title(), /harmed/);
  assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${page.url()} is wider than the window`);
}

test("entries, observations and names with markup are shown as text", async () => {
  const { page, settled } = await place.open();
  const { client, code } = await toTheError(page, mouse, place.server, { product: IMAGE, version: SCRIPT, tester: ATTRIBUTE });
  const persons = TEXTS.map((text, at) => ({ ...person(at), name: text }));
  await control(place.server, "PUT", `/v1/institutions/${code}/persons`, persons);
  for (const [at, text] of TEXTS.entries()) {
    await client.login({ password: text, [text]: text });
    await client.ask({ ...TARO, number: `90${at}0`, InsuredCardSymbol: text, ArbitraryIdentifier: text });
    await control(place.server, "POST", `/v1/institutions/${code}/observations`, { kind: "message_shown", text, by: text });
  }
  await record(page, mouse, "画面のメッセージ", SCRIPT + IMAGE);
  await page.reload();
  await request(page, "<script>").waitFor();
  await harmless(page);
  for (const path of ["report", "journal"]) {
    await page.goto(`${new URL(page.url()).origin}/console/institutions/${code}/${path}`);
    await harmless(page);
  }
  await settled();
});

test("texts of 1 MB are harmless", async () => {
  const { page, settled } = await place.open();
  const { client } = await toTheError(page, mouse, place.server);
  await client.ask({ ...TARO, InsuredCardSymbol: "長".repeat(350_000) });
  await client.ask({ ...TARO, ArbitraryIdentifier: "x".repeat(1_000_000) });
  await client.ask(TARO);
  await page.reload();
  await request(page, TARO.name).waitFor();
  assert((await page.content()).length < 1_000_000, "the page does not carry the whole text");
  await harmless(page);
  await settled();
});

function person(at) {
  const qualification = { card: "01", insurer_number: "01990019", insurer_name: "模擬健康保険協会", symbol: "11010203", number: `90${at}0`, branch: "01" };
  return { id: `hostile-${at}`, name_kana: "ﾓｷﾞ", sex: "male", birthdate: "1980-05-17", qualifications: [{ ...qualification, personal_family: "personal", from: "2020-04-01" }] };
}
