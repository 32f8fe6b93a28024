// installed-not-restarted by clicks alone, from the sign-in link to the report.

import { test } from "node:test";
import { mouse } from "./support/hands.mjs";
import { prepare } from "./support/place.mjs";
import { toTheError, toTheReport } from "./support/rehearsal.mjs";
import { record, section } from "./support/walk.mjs";

const place = prepare();

test("by clicks alone, a good client gets 合格", async () => {
  const { page, settled } = await place.open();
  await toTheReport(page, mouse, place.server);
  await settled();
});

test("a picture of the screen is attached, shown and deleted", async () => {
  const { page, settled } = await place.open();
  await toTheError(page, mouse, place.server);
  const screen = { name: "screen.png", mimeType: "image/png", buffer: await page.screenshot() };
  await page.getByLabel("画面の画像").first().setInputFiles(screen);
  await record(page, mouse, "再起動の案内");
  const thumbnail = section(page, "要求").getByRole("link", { name: "画像" }).locator("img");
  await thumbnail.waitFor();
  await page.waitForFunction((image) => image.naturalWidth > 0, await thumbnail.elementHandle());
  // The deletion asks first; a dialog would count as trouble.
  await page.evaluate(() => {
    window.confirm = () => true;
  });
  await mouse.press(page.getByRole("button", { name: "画像を削除" }));
  await section(page, "要求").getByText("に削除されました").waitFor();
  await settled();
});
