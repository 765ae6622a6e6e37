// The client in a real browser: several tabs, and pages on another site than the server.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { PASSWORD, startUsher, verificationMail } from "../e2e/usher.mjs";
import { launchBrowser, visit } from "./browser.mjs";
import { leave } from "./journey.mjs";
import { WEB } from "./programs.mjs";
import { startSite } from "./site.mjs";

const PAGE = `<!doctype html><html lang="en"><title>Client</title><script type="module">
  import * as kit from "/client/core.js";
  window.kit = kit;
</script></html>`;

/** Long enough for every tab to find its token too old while the first one renews it. */
const SLOW_RENEWAL = 1000;

let browser;
let files;

before(async () => {
  const dist = join(WEB, "client/dist");
  files = { "/": PAGE };
  for (const name of await readdir(dist)) {
    if (name.endsWith(".js")) files[`/client/${name}`] = await readFile(join(dist, name), "utf8");
  }
  browser = await launchBrowser();
});

after(() => browser?.close());

/** Makes `window.usher` in a page and waits until it knows who is signed in. */
function begin(page, options = {}) {
  return page.evaluate(async (given) => {
    window.usher = window.kit.createUsher(given);
    window.usher.start();
    while (window.usher.getState().status === "loading")
      await new Promise((resolve) => setTimeout(resolve, 10));
    return window.usher.getState().status;
  }, options);
}

async function registerAndVerify(page, usher, email) {
  await page.evaluate((person) => window.usher.register(person), { email, password: PASSWORD });
  const { code } = await verificationMail(`${usher.url}/mailbox/email`, email);
  const user = await page.evaluate((entry) => window.usher.verify(entry), { code });
  assert.equal(user.email, email, "the right code signs in");
}

test("m24_parallel_requests_of_several_tabs_renew_the_token_once", async (context) => {
  const usher = await startUsher();
  context.after(() => usher.stop());
  const slow = (path) => (path === "/auth/refresh" ? SLOW_RENEWAL : 0);
  const site = await startSite({ files, usher: usher.url, delay: slow });
  context.after(() => site.stop());
  const visitor = await visit(browser, site.url);
  const tabs = [visitor.page, await visitor.context.newPage(), await visitor.context.newPage()];
  for (const tab of tabs) {
    await tab.goto("/");
    await begin(tab);
  }
  await registerAndVerify(tabs[0], usher, "ann@tabs.example");

  for (let round = 0; round < 3; round += 1) {
    await visitor.context.clearCookies({ name: "usher_session" });
    site.asked.length = 0;
    const answers = await Promise.all(
      tabs.map((tab) =>
        tab.evaluate(async () => {
          const { usher: own } = window;
          const [me, sessions, again] = await Promise.all([own.me(), own.sessions(), own.me()]);
          return [me?.email, sessions.length, again?.email];
        }),
      ),
    );
    assert.deepEqual(answers, Array(3).fill(["ann@tabs.example", 1, "ann@tabs.example"]));
    assert.equal(site.asked.filter((what) => what === "POST /auth/refresh").length, 1, `round ${round}`);
  }
  await leave(visitor);
});

test("m24_token_mode_works_from_another_site_and_keeps_tokens_only_where_told", async (context) => {
  const site = await startSite({ files, host: "localhost" });
  context.after(() => site.stop());
  const usher = await startUsher({ USHER_SERVER__CORS_ORIGINS: site.url });
  context.after(() => usher.stop());
  const visitor = await visit(browser, site.url, { hosts: [new URL(usher.url).host] });
  await visitor.page.goto("/");
  await begin(visitor.page, { baseUrl: usher.url, mode: "token" });
  await registerAndVerify(visitor.page, usher, "bob@tabs.example");
  assert.equal((await visitor.page.evaluate(() => window.usher.sessions())).length, 1);
  assert.deepEqual(await visitor.context.cookies(usher.url), [], "no cookies were taken");
  assert.equal(
    await visitor.page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage })),
    "{}",
  );

  await visitor.page.reload();
  assert.equal(
    await begin(visitor.page, { baseUrl: usher.url, mode: "token" }),
    "signed-out",
    "memory is short",
  );
  const status = await visitor.page.evaluate(
    async (given) => {
      const { createUsher, tokensIn } = window.kit;
      const make = () => createUsher({ ...given.options, tokens: tokensIn(localStorage) });
      await make().login(given.email, given.password);
      const again = make();
      await again.reload();
      const before = again.getState().status;
      await again.logout();
      return [before, again.getState().status, localStorage.length];
    },
    { options: { baseUrl: usher.url, mode: "token" }, email: "bob@tabs.example", password: PASSWORD },
  );
  assert.deepEqual(status, ["signed-in", "signed-out", 0]);
  await leave(visitor);
});

test("m24_cookie_mode_works_between_two_hosts_of_one_site", async (context) => {
  const site = await startSite({ files });
  context.after(() => site.stop());
  const usher = await startUsher({ USHER_SERVER__CORS_ORIGINS: site.url });
  context.after(() => usher.stop());
  const visitor = await visit(browser, site.url, { hosts: [new URL(usher.url).host] });
  await visitor.page.goto("/");
  await begin(visitor.page, { baseUrl: usher.url });
  await registerAndVerify(visitor.page, usher, "cy@tabs.example");
  await visitor.page.reload();
  assert.equal(await begin(visitor.page, { baseUrl: usher.url }), "signed-in");
  await leave(visitor);
});

test("t31_a_site_that_is_not_named_gets_nothing", async (context) => {
  const site = await startSite({ files, host: "localhost" });
  context.after(() => site.stop());
  const usher = await startUsher();
  context.after(() => usher.stop());
  const visitor = await visit(browser, site.url, { hosts: [new URL(usher.url).host] });
  await visitor.page.goto("/");
  await begin(visitor.page, { baseUrl: usher.url });
  const code = await visitor.page.evaluate(
    (person) => window.usher.register(person).catch((error) => error.code),
    { email: "di@tabs.example", password: PASSWORD },
  );
  assert.equal(code, "unreachable", "the browser keeps the answer from the page");
  await visitor.context.close();
});
