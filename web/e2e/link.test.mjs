// The dashboard of the shared link in a real browser, while a simulated gateway reports.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";

import { end, startUsher, until } from "./usher.mjs";
import { launchBrowser, visit } from "./visitor.mjs";

const PICTURES = fileURLToPath(new URL("test-results/", import.meta.url));
const GATEWAY = process.env.USHER_TEST_GATEWAY ?? fileURLToPath(new URL("../../target/debug/usher-gateway", import.meta.url));
const SCENARIOS = fileURLToPath(new URL("../../crates/sharing/scenarios/", import.meta.url));

let folder;
let usher;
let browser;

before(async () => {
  await mkdir(PICTURES, { recursive: true });
  folder = await mkdtemp(join(tmpdir(), "usher-link-"));
  usher = await startUsher({
    USHER_LINK__ENABLED: "true",
    USHER_LINK__NAME: "Village link",
    USHER_LINK__SOCKET: join(folder, "gateway.sock"),
    USHER_LINK__NETWORKS: "10.0.0.0/24",
    USHER_LINK__DOWN: "30M",
    USHER_LINK__UP: "5M",
  });
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await usher?.stop();
  await rm(folder, { recursive: true, force: true });
});

function simulate(scenario, speed) {
  const file = join(SCENARIOS, `${scenario}.toml`);
  const socket = join(folder, "gateway.sock");
  return spawn(GATEWAY, ["simulate", file, "--seed", "7", "--speed", String(speed), "--listen", socket], { stdio: "inherit" });
}

async function portray(page, subject) {
  for (const [name, viewport] of [["desktop", { width: 1280, height: 900 }], ["phone", { width: 390, height: 844 }]]) {
    for (const colorScheme of ["light", "dark"]) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(PICTURES, `${subject}-${name}-${colorScheme}.png`), fullPage: true, animations: "disabled" });
      const { scroll, width } = await page.evaluate(() => ({ scroll: document.documentElement.scrollWidth, width: innerWidth }));
      assert.ok(scroll <= width, `${name} scrolls sideways: ${scroll} > ${width}`);
    }
  }
}

/** Why a link of namespaces cannot be had here; null when it can. */
async function withoutNamespaces() {
  const unshare = spawn("unshare", ["--user", "--map-root-user", "--net", "--mount", "nft", "--version"], { stdio: "ignore" });
  const code = await new Promise((done) => unshare.on("error", done).on("exit", done));
  return code === 0 ? null : "this system gives no user namespaces, or has no nft";
}

test("m31_the_dashboard_moves_while_a_gateway_reports", async () => {
  const gateway = simulate("three-clients", 4);
  const watcher = await visit(browser, usher.url);
  const { page } = watcher;
  await page.goto("/link");
  await page.locator('[data-part="board"]').waitFor({ state: "visible" });
  const shown = (part) => page.locator(`[data-part="${part}"]`).first().textContent();
  const seen = new Set();
  await until("the figures move", async () => {
    seen.add(await shown("when"));
    return seen.size >= 4;
  });
  assert.match(await shown("status"), /^Simulation: /);
  assert.match(await shown("capacity"), /^30\.0 Mbit\/s$/);
  assert.equal(await page.locator('[data-part="clients"] tr').count(), 3);
  assert.ok((await page.locator('[data-part="sharing"] path.area').count()) >= 3);
  await page.locator(".person").first().press("Enter");
  assert.equal(await page.locator(".person.picked").count(), 1);
  await portray(page, "link");
  assert.deepEqual(watcher.complaints, []);
  await end(gateway);
  await watcher.context.close();
});

test("m31_the_dashboard_moves_while_the_lab_runs", async (t) => {
  const reason = await withoutNamespaces();
  if (reason !== null) return t.skip(reason);
  const lab = spawn(GATEWAY, ["lab", "watch", "--listen", join(folder, "gateway.sock"), "--seconds", "120"], { stdio: "inherit" });
  t.after(() => end(lab));
  const watcher = await visit(browser, usher.url);
  const { page } = watcher;
  await page.goto("/link");
  await page.locator('[data-part="board"]').waitFor({ state: "visible" });
  const shown = (part) => page.locator(`[data-part="${part}"]`).first().textContent();
  await until("the lab is on", async () => (await shown("status")).startsWith("Lab: "));
  assert.match(await shown("capacity"), /^30\.0 Mbit\/s$/);
  const seen = { used: new Set(), fairness: new Set(), people: new Set(), fair: new Set() };
  // The greedy one has all of the link, and half of it while the guest is there; then all of it again.
  const fair = async () => {
    // In one look: rows come and go with the reports.
    const mbit = await page.locator('[data-part="clients"] tr').evaluateAll((rows) => {
      const greedy = rows.find((row) => row.textContent.includes("greedy"));
      return Number.parseFloat(greedy?.querySelector(".fair")?.textContent);
    });
    for (const part of ["used", "fairness", "people"]) seen[part].add(await shown(part));
    if (mbit > 0) seen.fair.add(mbit);
    return mbit;
  };
  await until("the greedy one has all of it", async () => (await fair()) > 25);
  await until("a guest has half of it", async () => (await fair()) < 16);
  await until("the guest has left", async () => (await fair()) > 25);
  await until("and comes again", async () => (await fair()) < 16);
  await portray(page, "link-lab");
  for (const part of ["used", "fairness", "people", "fair"]) {
    assert.ok(seen[part].size >= 2, `${part} never moved: ${[...seen[part]]}`);
  }
  assert.ok((await page.locator('[data-part="late"] path').count()) >= 1, "delay is drawn");
  assert.match(await shown("delay"), / ms$/);
  assert.deepEqual(watcher.complaints, []);
  await watcher.context.close();
});

test("m31_a_run_is_kept_and_played_again", async () => {
  const gateway = simulate("three-clients", 1000);
  await until("the run is over", async () => gateway.exitCode !== null);
  const runs = await until("the run is kept", async () => {
    const { runs } = await (await fetch(`${usher.url}/link/api/runs`)).json();
    return runs.some((run) => run.reports > 20) ? runs : null;
  });
  const whole = runs.findIndex((run) => run.reports > 20);
  const watcher = await visit(browser, usher.url);
  await watcher.page.goto("/link");
  await watcher.page.locator('[data-part="board"]').waitFor({ state: "visible" });
  await watcher.page.locator('[data-part="runs"] button').nth(whole).click();
  const status = watcher.page.locator('[data-part="status"]');
  await until("it is played", async () => (await status.textContent()).startsWith("Replay: "));
  const moments = new Set();
  const when = watcher.page.locator('[data-part="when"]');
  await until("it goes on", async () => moments.add(await when.textContent()).size >= 3);
  await watcher.page.locator('[data-part="slider"]').fill("10");
  const stopped = await when.textContent();
  assert.match(stopped, /^0:1\d$/);
  await watcher.page.locator('[data-part="now"]').click();
  await until("it is live again", async () => !(await status.textContent()).startsWith("Replay"));
  await watcher.context.close();
});
