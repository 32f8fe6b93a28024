// The program under test: on free ports, in a directory of its own. It can be restarted on the same ports, with the same store.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const program = process.env.PROGRAM;
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("ONSHI_")));
const LINK = /^https:\/\/\S+\/signin#\S+$/;

export class Server {
  /** Starts the program; `ports` are those of backend and control, 0 for free ones. */
  static async start(ports = [0, 0]) {
    const server = new Server();
    server.dir = await mkdtemp(join(tmpdir(), "onshi-mock-browser-"));
    await server.#run(ports);
    server.ca = await readFile(join(server.dir, "certs/ca.pem"));
    server.token = (await readFile(join(server.dir, "certs/control-token"), "utf8")).trim();
    return server;
  }

  async #run([backend, control]) {
    const addresses = ["--backend-addr", `127.0.0.1:${backend}`, "--control-addr", `127.0.0.1:${control}`];
    this.process = spawn(program, ["serve", ...addresses], { cwd: this.dir, env: environment });
    this.log = [];
    const link = new Promise((found) => {
      createInterface({ input: this.process.stderr }).on("line", (line) => {
        this.log.push(line);
        if (LINK.test(line)) found(line);
      });
    });
    const ready = new Promise((found) => {
      createInterface({ input: this.process.stdout }).on("line", (line) => {
        const addresses = line.match(/^onshi-mock ready backend=(\S+) control=(\S+)$/);
        if (addresses) found(addresses);
      });
    });
    const ended = once(this.process, "exit").then(() => {
      throw new Error(`the program ended:\n${this.log.join("\n")}`);
    });
    // Who stops it later does not want this error.
    ended.catch(() => {});
    const [, backendUrl, controlUrl] = await Promise.race([ready, ended]);
    const printed = await Promise.race([link, ended]);
    Object.assign(this, { backend: backendUrl, control: controlUrl, console: new URL(printed).origin, printed });
  }

  /** A sign-in link that nobody has used: the one that the start printed, then those of `onshi-mock console-link`. */
  async link() {
    if (this.printed) {
      const link = this.printed;
      this.printed = undefined;
      return link;
    }
    const addresses = ["--control-addr", new URL(this.control).host];
    const { stdout } = await promisify(execFile)(program, ["console-link", ...addresses], { cwd: this.dir, env: environment });
    return stdout.trim().split("\n").find((line) => LINK.test(line));
  }

  /** Ends the program as an operator does. */
  async end() {
    const exit = once(this.process, "exit");
    this.process.kill("SIGTERM");
    await exit;
  }

  /** Starts it again after `end`, where it was. */
  async startAgain() {
    await this.#run([new URL(this.backend).port, new URL(this.control).port]);
  }

  /** Ends it, and removes its directory. */
  async remove() {
    if (this.process.exitCode === null) await this.end();
    await rm(this.dir, { recursive: true, force: true });
  }
}
