#!/usr/bin/env node
// Runs the program for this platform, which is beside this file, and ends as it does.
"use strict";
const { spawn } = require("node:child_process");
const { existsSync } = require("node:fs");
const { constants } = require("node:os");
const { join } = require("node:path");

const platform = `${process.platform}-${process.arch}`;
const program = join(__dirname, platform, process.platform === "win32" ? "onshi-mock.exe" : "onshi-mock");
if (!existsSync(program)) {
  console.error(`このパッケージに ${platform} 用のプログラムは入っていません / this package has no program for ${platform}: ${program}`);
  process.exit(1);
}
const child = spawn(program, process.argv.slice(2), { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  // On Windows the console sends Ctrl-C to both, and `kill` would end the program at once.
  process.on(signal, () => process.platform === "win32" || child.kill(signal));
}
child.on("error", (error) => {
  console.error(`${program} を実行できません / cannot be run: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code));
