// The example application, built, in a real browser, against a fresh server.

import assert from "node:assert/strict";
import { mkdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { freePort, startUsher, verificationMail } from "../e2e/usher.mjs";
import { launchBrowser, visit } from "./browser.mjs";
import { PASSWORD, endTheOther, enterCode, fillRegistration, leave, signIn } from "./journey.mjs";
import { WEB, run, serve } from "./programs.mjs";

const PICTURES = fileURLToPath(new URL("test-results/", import.meta.url));
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const SCHEMES = ["light", "dark"];
const DEVICES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };

let site;
let usher;
let app;
let browser;
let axe;

before(async () => {
  await rm(PICTURES, { recursive: true, force: true });
  await mkdir(PICTURES, { recursive: true });
  axe = await readFile(AXE, "utf8");
  const port = await freePort();
  site = `http://localhost:${port}`;
  usher = await startUsher({ USHER_SERVER__PUBLIC_URL: site });
  const cwd = join(WEB, "example");
  const env = { USHER_SERVER_URL: usher.url, PUBLIC_URL: site };
  await run("npx next build", { cwd, env });
  app = await serve(`npx next start -p ${port}`, site, { cwd, env });
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await app?.stop();
  await usher?.stop();
});

/** Somebody new, up to the protected page. */
async function newMember(address) {
  const visitor = await visit(browser, site);
  await visitor.page.goto("/register");
  await fillRegistration(visitor.page, address);
  await visitor.page.waitForURL("**/verify");
  await enterCode(visitor.page, usher, address);
  await visitor.page.waitForURL("**/account");
  await visitor.page.getByText(`You are ${address}`).waitFor();
  return visitor;
}

test("m24_a_person_registers_verifies_and_ends_the_first_device_from_a_second_browser", async () => {
  const address = "ann@kit.example";
  const first = await newMember(address);

  const second = await visit(browser, site);
  await second.page.goto("/account");
  await second.page.waitForURL("**/login?next=%2Faccount");
  await signIn(second.page, address);
  await second.page.waitForURL("**/account");
  await endTheOther(second.page);

  await first.page.getByRole("button", { name: "Sign out everywhere" }).click();
  await first.page.getByRole("button", { name: "Yes, end" }).click();
  await first.page.waitForURL("**/login?next=/account");
  await second.page.reload();
  await second.page.getByText(`You are ${address}`).waitFor();
  await leave(first, second);
});

test("m24_a_token_that_is_over_is_renewed_before_a_protected_page_is_rendered", async () => {
  const member = await newMember("bob@kit.example");
  await member.context.clearCookies({ name: "usher_session" });
  await member.page.goto("/account");
  await member.page.getByText("You are bob@kit.example").waitFor();
  const names = (await member.context.cookies()).map(({ name }) => name);
  assert.ok(names.includes("usher_session"), "the browser has the new token");
  await leave(member);
});

test("m24_no_token_is_where_scripts_can_read_it", async () => {
  const member = await newMember("cy@kit.example");
  const readable = await member.page.evaluate(() => ({
    cookies: document.cookie,
    local: JSON.stringify(localStorage),
    session: JSON.stringify(sessionStorage),
  }));
  assert.deepEqual(readable, { cookies: "", local: "{}", session: "{}" });
  await leave(member);
});

test("m24_all_tabs_know_at_once_who_has_signed_out", async () => {
  const member = await newMember("di@kit.example");
  const other = await member.context.newPage();
  await other.goto("/");
  await other.getByText("di@kit.example").waitFor();
  await member.page.getByRole("button", { name: "Sign out", exact: true }).click();
  await other.getByRole("link", { name: "Sign in" }).waitFor();
  await leave(member);
});

test("m24_the_link_in_the_mail_leads_to_the_protected_page_too", async () => {
  const address = "eve@kit.example";
  const visitor = await visit(browser, site);
  await visitor.page.goto("/register");
  await fillRegistration(visitor.page, address);
  const { code, link } = await verificationMail(`${usher.url}/mailbox/email`, address);
  assert.ok(link.startsWith(`${site}/auth/verify/`));
  const other = await visitor.context.newPage();
  await other.goto(link);
  await other.locator('[name="code"], [name="verification_code"]').first().fill(code);
  await other.locator("form button").first().click();
  await other.waitForURL("**/account**");
  await other.getByText(`You are ${address}`).waitFor();
  await leave(visitor);
});

test("m24_a_code_that_is_wrong_is_said_at_the_code", async () => {
  const address = "fay@kit.example";
  const visitor = await visit(browser, site);
  await visitor.page.goto("/register");
  await fillRegistration(visitor.page, address);
  const { code } = await verificationMail(`${usher.url}/mailbox/email`, address);
  await visitor.page.getByLabel("Code").fill(code === "1111" ? "2222" : "1111");
  await visitor.page.getByRole("button", { name: "Verify", exact: true }).click();
  await visitor.page.getByText("This code is not right.").waitFor();
  assert.equal(await visitor.page.getByLabel("Code").getAttribute("aria-invalid"), "true");
  await leave(visitor);
});

test("m24_the_way_back_leads_to_no_other_site", async () => {
  const address = "gus@kit.example";
  const member = await newMember(address);
  const stranger = await visit(browser, site);
  await stranger.page.goto("/login?next=//evil.example/account");
  await signIn(stranger.page, address);
  await stranger.page.waitForURL(`${site}/account`);
  await leave(member, stranger);
});

test("m24_every_page_is_accessible_and_fits_phone_and_desktop_light_and_dark", async () => {
  const member = await newMember("hal@kit.example");
  await signInElsewhere("hal@kit.example");
  const newcomer = await visit(browser, site);
  await newcomer.page.goto("/register");
  await fillRegistration(newcomer.page, "ida@kit.example");
  const waiting = await newcomer.page.evaluate(() => sessionStorage.getItem("usher.pending"));
  const known = await member.context.storageState();
  const mailed = await newcomer.context.storageState();
  const pages = [
    ["home", undefined, "/"],
    ["register", undefined, "/register", refuseRegistration],
    ["verify", mailed, "/verify", recall(waiting)],
    ["login", undefined, "/login"],
    ["account", known, "/account", askBeforeEnding],
  ];
  const looks = SCHEMES.flatMap((scheme) => Object.keys(DEVICES).map((device) => [scheme, device]));
  await Promise.all(
    looks.map(async ([colorScheme, device]) => {
      for (const [name, storageState, path, prepare] of pages) {
        const visitor = await visit(browser, site, { colorScheme, viewport: DEVICES[device], storageState });
        await visitor.page.goto(path, { waitUntil: "networkidle" });
        await prepare?.(visitor.page);
        await look(visitor.page, `${name}-${colorScheme}-${device}`);
        await leave(visitor);
      }
    }),
  );
  await leave(member, newcomer);
});

/** A second device, so that there is one to end. */
async function signInElsewhere(email) {
  const headers = { "content-type": "application/json", "user-agent": "Mozilla/5.0 (iPhone) Safari/605.1" };
  const body = JSON.stringify({ email, password: PASSWORD });
  const answer = await fetch(`${usher.url}/auth/login`, { method: "POST", headers, body });
  assert.equal(answer.status, 200);
}

/** Both passwords differ, so the form shows an error. */
async function refuseRegistration(page) {
  await page.getByLabel("E-mail address").fill("jo@kit.example");
  await page.getByLabel("Password", { exact: true }).fill("seven quiet otters");
  await page.getByLabel("Password again").fill("six quiet otters");
  await page.getByRole("button", { name: "Register", exact: true }).click();
  await page.locator('[aria-invalid="true"]').waitFor();
}

function recall(waiting) {
  return async (page) => {
    await page.evaluate((text) => sessionStorage.setItem("usher.pending", text), waiting);
    await page.reload({ waitUntil: "networkidle" });
    await page.getByText("ida@kit.example").waitFor();
  };
}

async function askBeforeEnding(page) {
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await page.getByRole("group").waitFor();
}

async function look(page, name) {
  await page.screenshot({ path: `${PICTURES}${name}.png`, fullPage: true });
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(beyond <= 0, `${name} scrolls sideways by ${beyond} px`);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  assert.deepEqual(
    serious.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]),
    [],
    name,
  );
}
