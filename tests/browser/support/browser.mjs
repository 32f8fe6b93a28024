// Chromium with a profile that trusts the server's CA, and pages that notice what must never happen: a dialog, an error of a script, a
// violation of the Content-Security-Policy, a request to another origin.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";

export const tools = createRequire(`${process.env.TOOLS}/`);
const { chromium } = tools("playwright-core");

/** A browser whose user trusts the server's CA, as after `onshi-mock certs trust`. */
export async function openBrowser(server) {
  const home = join(server.dir, "home");
  const database = join(home, ".pki/nssdb");
  const certutil = (...options) => promisify(execFile)("certutil", ["-d", `sql:${database}`, ...options]);
  await mkdir(database, { recursive: true });
  await certutil("-N", "--empty-password");
  await certutil("-A", "-t", "C,,", "-n", "onshi-mock", "-i", join(server.dir, "certs/ca.pem"));
  return launch(home);
}

/** A browser of a user who has not trusted anything. */
export function launch(home) {
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath: process.env.CHROMIUM, args, env: { ...process.env, HOME: home } });
}

/** A page in a context of its own. `settled` ends it and tells what must not have happened. */
export async function openPage(browser, options = {}) {
  const { forgiven = [], script, ...context } = options;
  const opened = await browser.newContext({ locale: "ja-JP", timezoneId: "Asia/Tokyo", viewport: { width: 1440, height: 900 }, ...context });
  if (script) await opened.addInitScript({ content: script });
  const page = await opened.newPage();
  const troubles = [];
  const trouble = (text) => forgiven.some((pattern) => pattern.test(text)) || troubles.push(text);
  page.on("pageerror", (error) => trouble(`a script failed: ${error}`));
  page.on("console", (message) => message.type() === "error" && trouble(`on the console: ${message.text()} (${message.location().url})`));
  page.on("dialog", (dialog) => {
    trouble(`a dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (hostname !== "localhost" && protocol.startsWith("http")) trouble(`a request to ${request.url()}`);
  });
  const settled = async () => {
    await opened.close();
    assert.deepEqual(troubles, []);
  };
  return { page, settled, troubles };
}
