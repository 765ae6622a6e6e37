// A running `usher` with a folder of its own, and the small things every test needs.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { openSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";

const BUILT = fileURLToPath(new URL("../../target/debug/usher", import.meta.url));

export const PASSWORD = "seven quiet otters";

/** Starts the server on a free loopback port; `settings` are environment names and values. */
export async function startUsher(settings = {}) {
  const folder = await mkdtemp(join(tmpdir(), "usher-e2e-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const log = openSync(join(folder, "usher.log"), "w");
  const program = process.env.USHER_TEST_PROGRAM ?? BUILT;
  const server = spawn(
    program,
    ["serve", "--listen", `127.0.0.1:${port}`, "--data-dir", join(folder, "data")],
    { cwd: folder, env: { ...foreignEnvironment(), ...settings }, stdio: ["ignore", log, log] },
  );
  const stop = async () => {
    await end(server);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await until("the server is healthy", async () => {
      if (server.exitCode !== null) throw new Error("the server ended while it was starting");
      return (await fetch(`${url}/health`).catch(() => null))?.ok;
    });
  } catch (error) {
    error.message += `\n${await readFile(join(folder, "usher.log"), "utf8")}`;
    await stop();
    throw error;
  }
  return { url, stop };
}

/** Ends a child process and waits until it is gone. */
export async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill();
  await gone;
}

/** Asks again and again until the answer is something, and returns it. */
export async function until(what, ask, seconds = 30) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
    await pause(50);
  }
}

/** The newest verification code and link among mails in MailDev's form, once there is one. */
export async function verificationMail(mailbox, address, known = 0) {
  return until(`a code for ${address}`, async () => {
    const answer = await fetch(mailbox).catch(() => null);
    if (!answer?.ok) return null;
    const own = (await answer.json()).filter((mail) => mail.to.some((to) => to.address === address));
    const codes = own.map(readCode).filter(Boolean);
    return codes.length > known ? codes.at(-1) : null;
  });
}

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

function readCode(mail) {
  const code = mail.subject.match(/^Your verification code: (\d{4,8})$/)?.[1];
  const link = mail.text.match(/https?:\/\/\S+\/auth\/verify\/\S+/)?.[0];
  return code && { code, link, time: new Date(mail.date ?? mail.time) };
}

/** Settings of whoever runs the tests must not reach the server. */
function foreignEnvironment() {
  const own = /^(USHER_.*|DATABASE_URL|SECRET_KEY|ACCESS_TOKEN_EXPIRE_MINUTES|SESSION_\w+_HOURS)$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
}
