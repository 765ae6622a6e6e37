// Programs that the tests start: bounded in time, quiet unless they fail.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { until } from "../e2e/usher.mjs";

export const WEB = fileURLToPath(new URL("..", import.meta.url));

const SAID_AT_MOST = 20_000;

/** Settings for every program: nothing reports home, nothing asks. */
export const QUIET_ENVIRONMENT = {
  ...process.env,
  NEXT_TELEMETRY_DISABLED: "1",
  NO_UPDATE_NOTIFIER: "1",
  CI: "1",
  BROWSER: "none",
};

/** What runs now. None of it outlives this process, however it ends. */
const running = new Set();
process.on("exit", () => running.forEach(endGroup));
process.once("SIGTERM", () => process.exit(143));

/** Runs a shell line to its end; an error shows what it said. */
export async function run(line, { cwd = WEB, env = {}, seconds = 180 } = {}) {
  const program = start(line, { cwd, env });
  const late = pause(seconds * 1000, "late", { ref: false });
  const outcome = await Promise.race([program.gone, late]);
  if (outcome === "late") await program.stop();
  if (outcome === 0) return program.said();
  const why = outcome === "late" ? `took longer than ${seconds} s` : `ended with ${outcome}`;
  throw new Error(`${line}: ${why}\n${program.said()}`);
}

/** Starts a program of its own process group, so that all of it ends with it. */
export function start(line, { cwd = WEB, env = {} } = {}) {
  let text = "";
  const child = spawn(line, {
    cwd,
    shell: true,
    detached: true,
    env: { ...QUIET_ENVIRONMENT, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const listen = (chunk) => {
    text = (text + chunk).slice(-SAID_AT_MOST);
  };
  child.stdout.on("data", listen);
  child.stderr.on("data", listen);
  running.add(child);
  const gone = once(child, "exit").then(([code, signal]) => {
    running.delete(child);
    return code ?? signal;
  });
  return {
    gone,
    said: () => text,
    async stop() {
      if (running.has(child)) endGroup(child);
      await gone;
    },
  };
}

function endGroup(child) {
  try {
    process.kill(-child.pid);
  } catch {
    // It went by itself in this moment.
  }
}

/** Starts a web server and waits until it answers at `url`. */
export async function serve(line, url, options = {}) {
  const server = start(line, options);
  try {
    await until(
      `an answer at ${url}`,
      async () => {
        const ended = await Promise.race([server.gone.then((code) => ({ code })), null]);
        if (ended) throw new Error(`${line}: ended with ${ended.code}`);
        return (await fetch(url).catch(() => null))?.ok;
      },
      90,
    );
  } catch (error) {
    await server.stop();
    error.message += `\n${server.said()}`;
    throw error;
  }
  return server;
}
