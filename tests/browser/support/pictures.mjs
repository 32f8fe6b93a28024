// The pictures of docs/console: written with UPDATE_SCREENSHOTS=1 only.

import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { promisify } from "node:util";

export const updating = Boolean(process.env.UPDATE_SCREENSHOTS);

/** Takes a picture of what the window shows, as a PNG with a palette. */
export async function picture(page, name) {
  if (!updating) return;
  await mkdir("docs/console", { recursive: true });
  const path = `docs/console/${name}.png`;
  await page.screenshot({ path, animations: "disabled", caret: "hide" });
  await promisify(execFile)("pngquant", ["--force", "--ext", ".png", "--strip", "--speed", "1", "64", path]);
}
