// The pages and the client without packages, as `PLAIN_FETCH.md` prints them.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { PASSWORD, startUsher, verificationMail } from "../e2e/usher.mjs";
import { launchBrowser, visit } from "./browser.mjs";
import { fileOf } from "./guide.mjs";
import { leave } from "./journey.mjs";
import { startSite } from "./site.mjs";

const GUIDE = "PLAIN_FETCH.md";

let folder;
let browser;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "usher-plain-"));
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

test("m23_the_printed_form_registers_shows_errors_in_place_and_verifies", async (context) => {
  const files = { "/": "" };
  const site = await startSite({ files, host: "localhost" });
  context.after(() => site.stop());
  const usher = await startUsher({ USHER_SERVER__CORS_ORIGINS: site.url });
  context.after(() => usher.stop());
  files["/"] = (await fileOf(GUIDE, "index.html")).replace("http://127.0.0.1:8000", usher.url);
  const visitor = await visit(browser, site.url, { hosts: [new URL(usher.url).host] });
  const { page } = visitor;
  await page.goto("/");
  assert.ok(await page.getByLabel("Code").isHidden());

  await page.getByLabel("E-mail address").fill("ann@plain.example");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Password again").fill("something else");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByText("The passwords are not the same.").waitFor();

  await page.getByLabel("Password again").fill(PASSWORD);
  await page.getByRole("button", { name: "Send" }).click();
  const { code } = await verificationMail(`${usher.url}/mailbox/email`, "ann@plain.example");
  await page.getByLabel("Code").fill(code);
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByText("Email verified successfully. Registration completed.").waitFor();
  await leave(visitor);
});

test("m24_the_printed_client_registers_signs_in_lists_sessions_and_signs_out", async (context) => {
  const { createClient } = await printedClient();
  const server = await startUsher();
  context.after(() => server.stop());
  const email = "bob@plain.example";
  const usher = createClient(server.url);
  const { registration } = await usher.register({ email, password: PASSWORD });
  const { code } = await verificationMail(`${server.url}/mailbox/email`, email);
  await usher.verify(email, code, registration.handle);
  assert.equal((await usher.login(email, PASSWORD)).email, email);

  const { sessions } = await usher.call("GET", "/sessions");
  assert.equal(sessions.length, 1);
  await usher.logout();
  await assert.rejects(usher.call("GET", "/auth/me"), { code: "not_authenticated" });
});

test("m24_the_printed_client_renews_a_token_once_for_all_calls", async (context) => {
  const { createClient } = await printedClient();
  const asked = [];
  let current = 1;
  context.mock.method(globalThis, "fetch", async (url, { headers }) => {
    const { pathname } = new URL(url);
    asked.push(pathname);
    if (pathname === "/auth/refresh") current += 1;
    const tokens = { access_token: `${current}`, refresh_token: "r", user: {} };
    if (pathname !== "/auth/me") return Response.json(tokens);
    const fresh = current > 1 && headers.authorization === `Bearer ${current}`;
    return fresh
      ? Response.json({ email: "a" })
      : Response.json({ code: "not_authenticated" }, { status: 401 });
  });
  const usher = createClient("http://usher.test");
  await usher.login("a", "b");
  const people = await Promise.all([1, 2, 3].map(() => usher.call("GET", "/auth/me")));
  assert.deepEqual(people, Array(3).fill({ email: "a" }));
  assert.equal(asked.filter((path) => path === "/auth/refresh").length, 1);
});

async function printedClient() {
  const file = join(folder, "usher.mjs");
  await writeFile(file, await fileOf(GUIDE, "usher.js"));
  return import(pathToFileURL(file));
}
