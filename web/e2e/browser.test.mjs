// The web pages in a real browser: the whole way of a person, with and without JavaScript.

import assert from "node:assert/strict";
import { mkdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";

import { PASSWORD, startUsher, verificationMail } from "./usher.mjs";
import { launchBrowser, press, submit, visit } from "./visitor.mjs";

const PICTURES = fileURLToPath(new URL("test-results/", import.meta.url));
const SCHEMES = ["light", "dark"];
const DEVICES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };

let usher;
let browser;

before(async () => {
  await rm(PICTURES, { recursive: true, force: true });
  await mkdir(PICTURES, { recursive: true });
  usher = await startUsher();
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await usher?.stop();
});

test("m15_m23_a_person_registers_signs_in_twice_and_ends_the_first_device", async () => {
  const address = "ann@browser.example";
  const first = await visit(browser, usher.url);
  await register(first.page, address);
  await enterCode(first.page, address);
  await assertSignedIn(first.page, address);

  const second = await visit(browser, usher.url);
  await second.page.goto("/login");
  await submit(second.page, "/login", { email: address, password: PASSWORD });
  await assertSignedIn(second.page, address);

  const { sessions } = await (await second.context.request.get("/sessions")).json();
  const others = sessions.filter((session) => !session.current);
  assert.equal(others.length, 1, "the first device is the only other one");
  const end = second.page.locator('form[action="/account/sessions/end"]');
  await press(second.page, end.filter({ has: second.page.locator(`[value="${others[0].session_id}"]`) }));
  await assertSignedIn(second.page, address);

  assert.equal((await first.context.request.get("/auth/me")).status(), 401, "out on its next request");
  await first.page.goto("/account");
  await first.page.locator('form[action="/login"]').waitFor();
  await leave(first, second);
});

test("m23_a_person_without_javascript_registers_and_verifies", async () => {
  const address = "bob@browser.example";
  const visitor = await visit(browser, usher.url, { javaScriptEnabled: false });
  await register(visitor.page, address);
  await enterCode(visitor.page, address);
  await assertSignedIn(visitor.page, address);
  await leave(visitor);
});

test("m23_a_refused_form_says_so_in_place_and_keeps_what_was_typed", async () => {
  const visitor = await visit(browser, usher.url);
  await visitor.page.goto("/register");
  const fields = { email: "cy@browser.example", password: PASSWORD, verify_password: "something else" };
  await submit(visitor.page, "/register", fields);
  const repeated = visitor.page.locator('form[action="/register"] [name="verify_password"]');
  assert.equal(await repeated.getAttribute("aria-invalid"), "true");
  assert.equal(await visitor.page.locator('[name="email"]').inputValue(), fields.email);
  await leave(visitor);
});

test("m06_the_link_asks_for_the_code_and_changes_nothing_by_itself", async () => {
  const address = "di@browser.example";
  const own = await visit(browser, usher.url);
  await register(own.page, address);
  const { code, link } = await verificationMail(`${usher.url}/mailbox/email`, address);
  const path = new URL(link).pathname;
  await own.page.goto(path);
  await own.page.goto(path);
  await submit(own.page, null, { code });
  await assertSignedIn(own.page, address);
  await leave(own);
});

test("m23_every_page_looks_right_on_phone_and_desktop_light_and_dark", async () => {
  const pages = await pagesToSee();
  for (const colorScheme of SCHEMES) {
    for (const [device, viewport] of Object.entries(DEVICES)) {
      for (const [name, storageState, path] of pages) {
        const visitor = await visit(browser, usher.url, { colorScheme, viewport, storageState });
        await look(visitor.page, path, `${name}-${colorScheme}-${device}`);
        await leave(visitor);
      }
    }
  }
});

/** Every page: its name, the cookies of who looks at it, its path. */
async function pagesToSee() {
  const member = await visit(browser, usher.url);
  await register(member.page, "eve@browser.example");
  await enterCode(member.page, "eve@browser.example");
  const newcomer = await visit(browser, usher.url);
  await register(newcomer.page, "fay@browser.example");
  const { link } = await verificationMail(`${usher.url}/mailbox/email`, "fay@browser.example");
  const [mail] = await (await fetch(`${usher.url}/mailbox/email`)).json();
  const known = await member.context.storageState();
  const waiting = await newcomer.context.storageState();
  await leave(member, newcomer);
  return [
    ["home", undefined, "/"],
    ["home-signed-in", known, "/"],
    ["register", undefined, "/register"],
    ["verify", waiting, "/verify"],
    ["verify-stranger", undefined, "/verify"],
    ["verify-link", undefined, new URL(link).pathname],
    ["login", undefined, "/login"],
    ["account", known, "/account"],
    ["mailbox", undefined, "/mailbox"],
    ["mail", undefined, `/mailbox/message/${mail.id}`],
    ["docs", undefined, "/docs"],
    ["redoc", undefined, "/redoc"],
    ["not-found", undefined, "/no-such-page"],
  ];
}

async function look(page, path, name) {
  await page.goto(path, { waitUntil: "load" });
  await page.screenshot({ path: `${PICTURES}${name}.png`, fullPage: true });
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(beyond <= 0, `${name} scrolls sideways by ${beyond} px`);
}

async function register(page, address) {
  await page.goto("/register");
  await submit(page, "/register", { email: address, password: PASSWORD, verify_password: PASSWORD });
  await page.locator('form[action="/verify"] [name="verification_code"]').waitFor();
}

async function enterCode(page, address) {
  const { code } = await verificationMail(`${usher.url}/mailbox/email`, address);
  await submit(page, "/verify", { verification_code: code });
}

async function assertSignedIn(page, address) {
  await page.goto("/account");
  assert.equal(new URL(page.url()).pathname, "/account");
  assert.ok((await page.locator("body").innerText()).includes(address), "the account shows its address");
}

/** Closes the visitors' browsers after asking what they noticed. */
async function leave(...visitors) {
  for (const { context, complaints } of visitors) {
    await context.close();
    assert.deepEqual(complaints, []);
  }
}
