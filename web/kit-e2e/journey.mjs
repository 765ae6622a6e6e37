// The way of a person through the kit's components, wherever they are built in.

import assert from "node:assert/strict";

import { PASSWORD, verificationMail } from "../e2e/usher.mjs";

export { PASSWORD };

export async function fillRegistration(page, address) {
  await page.getByLabel("E-mail address").fill(address);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Password again").fill(PASSWORD);
  await page.getByRole("button", { name: "Register", exact: true }).click();
  await page.getByLabel("Code").waitFor();
}

export async function enterCode(page, usher, address) {
  const { code } = await verificationMail(`${usher.url}/mailbox/email`, address);
  await page.getByLabel("Code").fill(code);
  await page.getByRole("button", { name: "Verify", exact: true }).click();
}

export async function signIn(page, address) {
  await page.getByLabel("E-mail address").fill(address);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** Ends the only other session in the session manager. */
export async function endTheOther(page) {
  const devices = page.getByRole("listitem");
  await page.getByText("This device").waitFor();
  assert.equal(await devices.count(), 2, "two devices are signed in");
  await page.getByRole("button", { name: /^End: / }).click();
  await page.getByRole("button", { name: "Yes, end" }).click();
  await page.getByText("Done. It is signed out.").waitFor();
  assert.equal(await devices.count(), 1);
}

/** Closes visitors' browsers after asking what they noticed. */
export async function leave(...visitors) {
  for (const { context, complaints } of visitors) {
    await context.close();
    assert.deepEqual(complaints, []);
  }
}
