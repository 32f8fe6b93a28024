// What every file of tests begins with: a server and a browser of its own, closed at the end.

import { basename, join } from "node:path";
import { after, before } from "node:test";
import { openBrowser, openPage } from "./browser.mjs";
import { updating } from "./pictures.mjs";
import { Server } from "./server.mjs";

/** Has a server and a browser started before the tests of a file. Pictures show the default ports. */
export function prepare() {
  const opened = [];
  const place = {
    async open(options) {
      opened.push(await openPage(place.browser, options));
      return opened.at(-1);
    },
  };
  before(async () => {
    place.server = await Server.start(updating ? [8443, 8444] : undefined);
    place.browser = await openBrowser(place.server);
  });
  after(async () => {
    // A test that failed left its page open: what it showed then tells why.
    for (const [at, { page, troubles }] of opened.entries()) {
      if (page.isClosed()) continue;
      const path = join(process.env.TOOLS, `failed-${basename(process.argv[1], ".mjs")}-${at}.png`);
      await page.screenshot({ path, fullPage: true }).catch(() => {});
      console.error([`${page.url()} (${path})`, ...troubles, ...place.server.log.slice(-20)].join("\n"));
    }
    await place.browser?.close();
    await place.server?.remove();
  });
  return place;
}
