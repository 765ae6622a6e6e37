// Every test of the kit: `node web/kit-e2e/run.mjs --usher PATH`. Installs what the lock file names, then units, packages,
// and browsers. Ends with `N passed, N failed, N skipped`.

import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { WEB, run } from "./programs.mjs";

const OLDEST_NODE = 20;

/** The one that downloads more than the lock file names. */
const FRESH = "fresh.test.mjs";

/** Name, file of this folder, seconds it may take. */
const SUITES = [
  ["packages", "packages.test.mjs", 60],
  ["client in the browser", "client.test.mjs", 60],
  ["plain fetch and HTML", "plain.test.mjs", 60],
  ["example application", "example.test.mjs", 150],
  ["new applications by the guide", FRESH, 240],
];

/** How npm says that it cannot reach the registry; anything else that npm complains of is a fault. */
const OFFLINE =
  /E(NOTFOUND|CONNREFUSED|CONNRESET|TIMEDOUT|AI_AGAIN|HOSTUNREACH|NETUNREACH|NOTCACHED)|ERR_SOCKET_TIMEOUT/;

const { values } = parseArgs({ options: { usher: { type: "string" } } });
const sum = { passed: 0, failed: 0, skipped: 0 };
const notes = await mkdtemp(join(tmpdir(), "usher-kit-"));

await everything();
await rm(notes, { recursive: true, force: true });
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exitCode = sum.failed > 0 ? 1 : 0;

async function everything() {
  if (!values.usher) return broken("which program? node web/kit-e2e/run.mjs --usher PATH");
  try {
    const missing = await prepare();
    if (missing) return skip(missing);
    await run("npm run build", { seconds: 120 });
  } catch (error) {
    return broken(error.message);
  }
  const env = { USHER_TEST_PROGRAM: resolve(values.usher) };
  await suite("units (React 18 and 19)", async () => {
    const file = join(notes, "units.json");
    await run(`npx vitest run --reporter=json --outputFile="${file}"`, { env, seconds: 120 }).catch(note);
    const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(await readFile(file, "utf8"));
    return { passed: numPassedTests, failed: Math.max(numFailedTests, numFailedTestSuites), skipped: 0 };
  });
  for (const [name, file, seconds] of SUITES) {
    if (file === FRESH && !(await isOnline())) {
      console.log("not tested: new applications by the guide (the package registry cannot be reached)");
      sum.skipped += 1;
      continue;
    }
    await suite(name, async () => {
      const tap = join(notes, `${file}.tap`);
      const reports = `--test-reporter=tap --test-reporter-destination="${tap}"`;
      await run(`node --test ${reports} ${join(WEB, "kit-e2e", file)}`, { env, seconds }).catch(note);
      return tally(await readFile(tap, "utf8"));
    });
  }
}

/** What is missing, in a few words, when the tests cannot run here. */
async function prepare() {
  const version = Number(process.versions.node.split(".")[0]);
  if (version < OLDEST_NODE) return `Node ${OLDEST_NODE} is needed`;
  const chromium = process.env.USHER_TEST_CHROMIUM ?? "/usr/bin/chromium";
  if (!existsSync(chromium)) return `there is no browser at ${chromium}`;
  if (await isInstalled()) return null;
  console.log("installing the packages of web …");
  try {
    await run("npm ci", { seconds: 180 });
    return null;
  } catch (error) {
    const offline =
      error.message.match(OFFLINE)?.[0] ?? (error.message.includes("took longer") && "too slow");
    if (!offline) throw error;
    return `the packages cannot be installed: ${offline}`;
  }
}

/** npm leaves its own copy of the lock behind as the last thing it does. */
async function isInstalled() {
  const changed = async (path) => (await stat(join(WEB, path)).catch(() => null))?.mtimeMs ?? 0;
  return (await changed("node_modules/.package-lock.json")) >= (await changed("package-lock.json"));
}

async function isOnline() {
  return run("npm view create-vite name", { seconds: 20 }).then(
    () => true,
    () => false,
  );
}

async function suite(name, work) {
  const begun = Date.now();
  console.log(`${name} …`);
  const counts = await work().catch((error) => {
    note(error);
    return { passed: 0, failed: 1, skipped: 0 };
  });
  const nothing = counts.passed + counts.failed + counts.skipped === 0;
  if (nothing) counts.failed = 1;
  for (const kind of Object.keys(sum)) sum[kind] += counts[kind];
  const took = ((Date.now() - begun) / 1000).toFixed(1);
  console.log(`${name}: ${counts.passed} passed, ${counts.failed} failed, ${took} s`);
}

function tally(tap) {
  const count = (what) => Number(tap.match(new RegExp(`^# ${what} (\\d+)$`, "m"))?.[1] ?? 0);
  const failed = count("fail") + count("cancelled");
  if (failed > 0) note(new Error(tap));
  return { passed: count("pass"), failed, skipped: count("skipped") + count("todo") };
}

/** What went wrong, indented, so that nobody counts it twice. */
function note(error) {
  console.log(error.message.replace(/^/gm, "    "));
}

function skip(reason) {
  console.log(`not tested: the kit for React and Next.js (${reason})`);
  sum.skipped = 1;
}

function broken(reason) {
  note(new Error(reason));
  sum.failed += 1;
}
