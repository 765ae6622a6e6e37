// Two new applications outside the repository, made by following the guide to the letter. Only the ports and the place
// of the repository are put in.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";

import { freePort, startUsher } from "../e2e/usher.mjs";
import { launchBrowser, visit } from "./browser.mjs";
import { readGuide } from "./guide.mjs";
import { endTheOther, enterCode, fillRegistration, leave, signIn } from "./journey.mjs";
import { WEB, run, serve } from "./programs.mjs";

const GUIDE = "INTEGRATION_GUIDE.md";
const STARTS_USHER = /^((?:USHER_\w+=\S+ )+)usher$/;

let folder;
let browser;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "usher-fresh-"));
  const [{ text }] = await readGuide(GUIDE, "The packages");
  for (const line of text.trim().split("\n")) {
    // What is installed already is not installed again.
    if (line !== "npm ci" && !line.startsWith("cd ")) await run(line);
  }
  await installGenerators();
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

/** npx asks before it fetches a program, and there is nobody to answer: the programs are there already. */
async function installGenerators() {
  const lines = (await readGuide(GUIDE)).flatMap(({ language, text }) =>
    language === "sh" ? text.split("\n") : [],
  );
  const named = lines.map((line) => line.match(/^(?:npm (create )|npx )(\S+@\d\S*)/)).filter(Boolean);
  const packages = named.map(([, create, name]) => (create ? `create-${name}` : name));
  assert.equal(packages.length, 2);
  await writeFile(join(folder, "package.json"), '{ "private": true }');
  await run(`npm install --no-save --no-package-lock ${packages.join(" ")}`, { cwd: folder });
}

/** Does what a section says, up to an application that answers at `site`. */
async function follow(section, { port, landing = "/" }) {
  const own = await freePort();
  const site = `http://localhost:${own}`;
  const place = { cwd: await mkdtemp(join(folder, "new-")) };
  const blocks = await readGuide(GUIDE, section);
  let usher;
  let app;
  const put = (text) =>
    text
      .replaceAll(String(port), String(own))
      .replaceAll("127.0.0.1:8000", new URL(usher?.url ?? "http://127.0.0.1:8000").host)
      .replaceAll("/path/to/usher/web", WEB.replace(/\/$/, ""));

  const stop = async () => {
    await app?.stop();
    await usher?.stop();
  };
  try {
    for (const { language, file, text } of blocks) {
      if (file) {
        const path = join(place.cwd, file);
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, put(text));
        continue;
      }
      if (language !== "sh") continue;
      for (const line of put(text).trim().split("\n")) {
        const started = line.match(STARTS_USHER);
        if (started)
          usher = await startUsher(
            Object.fromEntries(
              started[1]
                .trim()
                .split(" ")
                .map((one) => one.split("=")),
            ),
          );
        else if (line.startsWith("cd ")) place.cwd = join(place.cwd, line.slice(3));
        else if (line.startsWith("npm run dev")) app = await serve(line, site + landing, place);
        else await run(line, { ...place, seconds: 150 });
      }
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { site, usher, place, stop };
}

test("m24_a_new_vite_application_works_by_following_the_guide", { timeout: 240_000 }, async () => {
  const { site, usher, place, stop } = await follow("React with Vite", { port: 5173 });
  try {
    const address = "ann@vite.example";
    const first = await visit(browser, site);
    await first.page.goto("/");
    await fillRegistration(first.page, address);
    await first.page.reload();
    await first.page.getByText(address).waitFor();
    await enterCode(first.page, usher, address);
    await first.page.getByRole("heading", { name: "Sign in" }).waitFor();
    await signIn(first.page, address);
    await first.page.getByText(`You are ${address}`).waitFor();

    const second = await visit(browser, site);
    await second.page.goto("/");
    await second.page.getByRole("button", { name: "I have an account" }).click();
    await signIn(second.page, address);
    await endTheOther(second.page);
    await first.page.getByRole("button", { name: "Sign out", exact: true }).click();
    await first.page.getByRole("heading", { name: "Register" }).waitFor();
    await leave(first, second);
    await run("npm run build", place);
  } finally {
    await stop();
  }
});

test("m24_a_new_next_application_works_by_following_the_guide", { timeout: 240_000 }, async () => {
  const { site, usher, stop } = await follow("Next.js", { port: 3000, landing: "/register" });
  try {
    const address = "bob@next.example";
    const first = await visit(browser, site);
    await first.page.goto("/register");
    await fillRegistration(first.page, address);
    await enterCode(first.page, usher, address);
    await first.page.waitForURL("**/account");
    await first.page.getByText(`You are ${address}`).waitFor();

    const second = await visit(browser, site);
    await second.page.goto("/account");
    await second.page.waitForURL("**/login?next=%2Faccount");
    await signIn(second.page, address);
    await second.page.waitForURL("**/account");
    await endTheOther(second.page);
    await first.page.reload();
    await first.page.waitForURL("**/login?next=/account");
    assert.ok(await first.page.getByRole("heading", { name: "Sign in" }).isVisible());
    await leave(first, second);
  } finally {
    await stop();
  }
});
