// What comes from a client is text: markup, scripts, right-to-left marks and texts of 1 MB harm no page.

import assert from "node:assert/strict";
import { test } from "node:test";
import { control, TARO } from "../support/calls.mjs";
import { mouse } from "../support/hands.mjs";
import { eachPage } from "../support/pages.mjs";
import { prepare } from "../support/place.mjs";
import { toTheError } from "../support/rehearsal.mjs";
import { record, request } from "../support/walk.mjs";

const SCRIPT = `<script>document.title="harmed"</script>`;
const IMAGE = `"'><img src=x onerror='document.title="harmed"'>`;
const ATTRIBUTE = `" onfocus="document.title='harmed'" autofocus x="`;
const RIGHT_TO_LEFT = ["\u202eしぎやさ", "\u202eしぎやさ\u2066\u200f"];
const LINK = "javascript:document.title='harmed'";
const TEXTS = [SCRIPT, IMAGE, ATTRIBUTE, ...RIGHT_TO_LEFT, LINK, "{{7*7}}${7*7}", "]]>--><!--"];

const place = prepare();

/** Nothing of what was sent became an element or ran; nothing makes the page wider than the window, or turns round what stands beside it. */
async function harmless(page) {
  assert.equal(await page.locator("img[src=x], [onfocus], [onerror], a[href^='javascript:']").count(), 0);
  assert.doesNotMatch(await page.title(), /harmed/);
  assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${page.url()} is wider than the window`);
  assert.deepEqual(await page.evaluate(reversed), [], page.url());
}

/** Times whose last digit is to the left of the first: runs in the page. */
function reversed() {
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    for (const time of texts.currentNode.data.matchAll(/\d\d:\d\d:\d\d/g)) {
      const [first, last] = [time.index, time.index + 7].map((at) => {
        const range = new Range();
        range.setStart(texts.currentNode, at);
        range.setEnd(texts.currentNode, at + 1);
        return range.getBoundingClientRect();
      });
      if (first.top === last.top && first.left > last.left) found.push(texts.currentNode.parentElement.innerText);
    }
  }
  return found;
}

test("entries, observations and names with markup are shown as text", async () => {
  const { page, settled } = await place.open();
  const { client, code } = await toTheError(page, mouse, place.server, { product: IMAGE, version: SCRIPT, tester: ATTRIBUTE });
  await control(place.server, "PUT", `/v1/institutions/${code}/persons`, { persons: TEXTS.map(person) });
  for (const [at, text] of TEXTS.entries()) {
    await client.login({ password: text, [text]: text });
    await client.ask({ number: `90${at}0`, birthdate: "19800517" });
    await client.ask({ number: text, birthdate: text, InsuredCardSymbol: text, ArbitraryIdentifier: text });
    await control(place.server, "POST", `/v1/institutions/${code}/observations`, { kind: "message_shown", text, by: text });
  }
  await record(page, mouse, "画面のメッセージ", SCRIPT + IMAGE);
  for (const text of [SCRIPT, IMAGE, ATTRIBUTE, LINK]) await request(page, text).waitFor();
  await harmless(page);
  await eachPage(page, code, () => harmless(page));
  await page.goto(`${place.server.console}/console/institutions/${code}/report`);
  for (const text of [SCRIPT, IMAGE, ATTRIBUTE, LINK]) await page.getByRole("main").getByText(text).first().waitFor();
  await settled();
});

test("texts of 1 MB are harmless", async () => {
  const { page, settled } = await place.open();
  const { client, code } = await toTheError(page, mouse, place.server);
  const long = [{ InsuredCardSymbol: "長".repeat(340_000) }, { ArbitraryIdentifier: "x".repeat(1_000_000) }, { InsurerNumber: "<b>".repeat(300_000) }];
  for (const element of long) {
    const { header } = await client.ask({ ...TARO, ...element });
    assert(header, "it was answered");
    await eachPage(page, code, async (path) => {
      await harmless(page);
      assert((await page.content()).length < 500_000, `${path} carries the whole text`);
    });
  }
  await settled();
});

/** A person whose name is this text. */
function person(name, at) {
  const insurer = { card: "01", insurer_number: "01990019", insurer_name: "模擬健康保険協会" };
  const qualification = { ...insurer, symbol: "11010203", number: `90${at}0`, branch: "01", personal_family: "personal", from: "2020-04-01" };
  return { id: `hostile-${at}`, name, name_kana: "ﾓｷﾞ", sex: "male", birthdate: "1980-05-17", qualifications: [qualification] };
}
