// installed-not-restarted by clicks alone, from the sign-in link to the report.

import { test } from "node:test";
import { mouse } from "./support/hands.mjs";
import { prepare } from "./support/place.mjs";
import { toTheReport } from "./support/rehearsal.mjs";

const place = prepare();

test("by clicks alone, a good client gets 合格", async () => {
  const { page, settled } = await place.open();
  await toTheReport(page, mouse, place.server);
  await settled();
});
