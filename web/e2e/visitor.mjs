// A browser with somebody in front of it who notices everything that must not happen.

import { chromium } from "playwright-core";

const QUIET = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

export function launchBrowser() {
  const executablePath = process.env.USHER_TEST_CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: QUIET });
}

/** A fresh profile of the browser. `complaints` lists what went wrong on any of its pages. */
export async function visit(browser, url, options = {}) {
  const complaints = [];
  const context = await browser.newContext({ baseURL: url, ...options });
  const ours = new URL(url).host;
  context.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    const inside = protocol === "data:" || protocol === "blob:" || host === ours;
    if (!inside) complaints.push(`asked ${request.url()}`);
  });
  context.on("response", (response) => {
    // A refused form is a page that says so; a missing asset or a failed call of a script is not.
    const limit = response.request().resourceType() === "document" ? 500 : 400;
    if (response.status() >= limit) complaints.push(`${response.status()} ${response.url()}`);
  });
  // Chromium reports what the content security policy stopped as an error on the console.
  context.on("console", (message) => {
    const status = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !status) complaints.push(`console: ${message.text()}`);
  });
  context.on("weberror", (error) => complaints.push(`script: ${error.error()}`));
  context.on("page", (page) => page.on("dialog", (dialog) => dialog.accept()));
  const page = await context.newPage();
  return { context, page, complaints };
}

/** Fills the fields of the form that posts to `action` and sends it. Without `action`: to its own page. */
export async function submit(page, action, fields) {
  const form = page.locator(action ? `form[action="${action}"]` : "form:not([action])").first();
  for (const [name, value] of Object.entries(fields)) await form.locator(`[name="${name}"]`).fill(value);
  await press(page, form);
}

/** Sends a form by its own button and waits for the page that answers. */
export async function press(page, form) {
  const loaded = page.waitForEvent("load");
  await form.locator("button:not([type=button]):not([formaction])").first().click();
  await loaded;
}
