// What every file of tests begins with: a server and a browser of its own, closed at the end.

import { after, before } from "node:test";
import { openBrowser, openPage } from "./browser.mjs";
import { updating } from "./pictures.mjs";
import { Server } from "./server.mjs";

/** Has a server and a browser started before the tests of a file. Pictures show the default ports. */
export function prepare() {
  const place = { open: (options) => openPage(place.browser, options) };
  before(async () => {
    place.server = await Server.start(updating ? [8443, 8444] : undefined);
    place.browser = await openBrowser(place.server);
  });
  after(async () => {
    await place.browser?.close();
    await place.server?.remove();
  });
  return place;
}
