// A browser with somebody in front of it, and what must not happen on any page.

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

/** A fresh profile. `complaints` lists scripts that broke, server errors and requests to other hosts. */
export async function visit(browser, url, options = {}) {
  const complaints = [];
  const asked = [];
  const context = await browser.newContext({ baseURL: url, ...options });
  const ours = new Set([new URL(url).host, ...(options.hosts ?? [])]);
  context.on("request", (request) => {
    const { protocol, host, pathname } = new URL(request.url());
    asked.push(`${request.method()} ${pathname}`);
    const inside = /^(data|blob|wss?):$/.test(protocol) || ours.has(host);
    if (!inside) complaints.push(`asked ${request.url()}`);
  });
  context.on("response", (response) => {
    if (response.status() >= 500) complaints.push(`${response.status()} ${response.url()}`);
  });
  context.on("console", (message) => {
    // A refusal that the page handles is logged by the browser all the same.
    const refusal = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !refusal) complaints.push(`console: ${message.text()}`);
  });
  context.on("weberror", (error) => complaints.push(`script: ${error.error()}`));
  const page = await context.newPage();
  return { context, page, complaints, asked };
}
