// Usher as libraries from npm see it: openid-client signs in, jose verifies by remote keys, fetch does the rest.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import * as oauth from "openid-client";

const URL_OF_USHER = process.env.USHER_URL ?? "http://127.0.0.1:8000";
const PASSWORD = "seven quiet otters";

const keys = createRemoteJWKSet(new URL("/.well-known/jwks.json", URL_OF_USHER));
const expected = { issuer: URL_OF_USHER, audience: "usher", algorithms: ["EdDSA"], typ: "at+jwt" };

test("m10_the_password_grant_of_a_strict_client_signs_in", async () => {
  const person = await verifiedPerson();
  const server = { issuer: URL_OF_USHER, token_endpoint: `${URL_OF_USHER}/auth/access-token` };
  const client = new oauth.Configuration(server, "some-client", undefined, oauth.None());
  oauth.allowInsecureRequests(client);
  const tokens = await oauth.genericGrantRequest(client, "password", {
    username: person.email,
    password: PASSWORD,
  });
  assert.equal(tokens.expiresIn() > 1_700, true);
  const me = new URL("/auth/me", URL_OF_USHER);
  const answer = await oauth.fetchProtectedResource(client, tokens.access_token, me, "GET");
  assert.equal((await answer.json()).email, person.email);
});

test("m10_tokens_are_verified_by_remote_keys", async () => {
  const person = await verifiedPerson();
  const { access_token, session_id } = await login(person.email);
  const { payload, protectedHeader } = await jwtVerify(access_token, keys, expected);
  assert.equal(protectedHeader.alg, "EdDSA");
  assert.deepEqual([payload.sub, payload.sid, payload.verified], [person.id, session_id, true]);
});

test("m10_what_was_changed_or_meant_for_others_is_refused", async () => {
  const { access_token } = await login((await verifiedPerson()).email);
  const [head, body, signature] = access_token.split(".");
  const claims = JSON.parse(Buffer.from(body, "base64url"));
  const other = Buffer.from(JSON.stringify({ ...claims, sub: randomUUID() })).toString("base64url");
  await assert.rejects(
    jwtVerify([head, other, signature].join("."), keys, expected),
    errors.JWSSignatureVerificationFailed,
  );
  await assert.rejects(
    jwtVerify(access_token, keys, { ...expected, audience: "another" }),
    errors.JWTClaimValidationFailed,
  );
  const later = { ...expected, currentDate: new Date((claims.exp + 1) * 1_000) };
  await assert.rejects(jwtVerify(access_token, keys, later), errors.JWTExpired);
  const answer = await get("/auth/me", [head, other, signature].join("."));
  assert.equal(answer.status, 401);
});

test("m15_a_session_that_ends_is_refused_at_once_while_its_token_still_verifies", async () => {
  const { access_token } = await login((await verifiedPerson()).email);
  assert.equal((await post("/auth/logout", {}, access_token)).status, 200);
  assert.equal((await get("/auth/me", access_token)).status, 401);
  await jwtVerify(access_token, keys, expected);
});

async function verifiedPerson() {
  const email = `${randomUUID()}@node.example`;
  const registered = await post("/auth/register", { email, password: PASSWORD });
  assert.equal(registered.status, 201);
  const { id } = await registered.json();
  const verified = await post("/auth/verify", { email, verification_code: await mailedCode(email) });
  assert.equal(verified.status, 200);
  return { email, id };
}

async function mailedCode(email) {
  for (let tries = 0; tries < 400; tries += 1) {
    const mails = await (await fetch(`${URL_OF_USHER}/mailbox/email`)).json();
    const own = mails.find((mail) => mail.to.some(({ address }) => address === email));
    const code = own?.subject.match(/code: (\d+)/);
    if (code) return code[1];
    await pause(25);
  }
  throw new Error(`no code came for ${email}`);
}

async function login(email) {
  const answer = await post("/auth/login", { email, password: PASSWORD });
  assert.equal(answer.status, 200);
  return answer.json();
}

function post(path, body, token) {
  const headers = { "content-type": "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
  return fetch(URL_OF_USHER + path, { method: "POST", headers, body: JSON.stringify(body) });
}

function get(path, token) {
  return fetch(URL_OF_USHER + path, { headers: { authorization: `Bearer ${token}` } });
}
