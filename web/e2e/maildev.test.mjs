// The product's mail at a mail server nobody here wrote.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

import { PASSWORD, end, freePort, startUsher, until, verificationMail } from "./usher.mjs";

const MAILDEV = createRequire(import.meta.url).resolve("maildev/bin/maildev");

let usher;
let maildev;
let ports;

before(async () => {
  ports = { smtp: await freePort(), web: await freePort() };
  await startMailDev();
  usher = await startUsher({
    USHER_MAIL__TRANSPORT: "smtp",
    USHER_MAIL__SMTP__URL: `smtp://127.0.0.1:${ports.smtp}?tls=none`,
  });
});

after(async () => {
  await usher?.stop();
  await end(maildev);
});

test("m03_m19_the_code_arrives_at_maildev_and_verifies", async () => {
  const address = "ann@maildev.example";
  const { handle } = await register(address);
  const { code, link } = await verificationMail(mailbox(), address);
  assert.ok(link.startsWith(`${usher.url}/auth/verify/`), "the link leads back to the server");
  assert.equal(await verify(address, code, handle), 200);
  await until("the confirmation", async () => (await mailsFor(address)).length === 2);
});

test("t43_while_the_mail_server_is_down_people_register_and_their_minute_waits", async () => {
  const address = "bob@maildev.example";
  await end(maildev);
  const { handle, cookie } = await register(address);
  await until("the mail is deferred", async () => (await status(cookie)).mail === "deferred");
  const back = Date.now();
  await startMailDev();

  const { code } = await verificationMail(mailbox(), address);
  const sent = await until("the mail is sent", async () => {
    const now = await status(cookie);
    return now.mail === "sent" && now;
  });
  const lives = Date.parse(sent.code_expires_at) - Date.parse(sent.sent_at);
  assert.ok(Math.abs(lives - 60_000) < 1_000, `the code lives ${lives} ms`);
  assert.ok(Date.parse(sent.sent_at) >= back, "its minute began when the mail server took it");
  assert.equal(await verify(address, code, handle), 200);
});

async function startMailDev() {
  const loopback = ["--ip", "127.0.0.1", "--web-ip", "127.0.0.1", "--silent"];
  const listen = ["--smtp", ports.smtp, "--web", ports.web].map(String);
  maildev = spawn(process.execPath, [MAILDEV, ...listen, ...loopback], { stdio: "ignore" });
  await until("MailDev answers", async () => (await fetch(mailbox()).catch(() => null))?.ok);
}

async function register(email) {
  const answer = await post("/auth/register", { email, password: PASSWORD });
  assert.equal(answer.status, 201);
  const cookie = answer.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
  return { handle: (await answer.json()).registration.handle, cookie };
}

async function verify(email, verification_code, handle) {
  return (await post("/auth/verify", { email, verification_code, handle })).status;
}

async function status(cookie) {
  const answer = await fetch(`${usher.url}/auth/registration`, { headers: { cookie } });
  assert.equal(answer.status, 200);
  return answer.json();
}

async function mailsFor(address) {
  const mails = await (await fetch(mailbox())).json();
  return mails.filter((mail) => mail.to.some((to) => to.address === address));
}

function post(path, body) {
  const headers = { "content-type": "application/json" };
  return fetch(usher.url + path, { method: "POST", headers, body: JSON.stringify(body) });
}

function mailbox() {
  return `http://127.0.0.1:${ports.web}/email`;
}
