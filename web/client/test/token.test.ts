import { afterAll, beforeAll, expect, test } from "vitest";

import { type TokenVerifier, createTokenVerifier } from "../src/token.js";
import { CLAIMS, type Issuer, startIssuer } from "./issuer.js";

const ISSUER = "https://accounts.example.org";

let issuer: Issuer;
let verify: TokenVerifier;

beforeAll(async () => {
  issuer = await startIssuer(ISSUER);
  verify = createTokenVerifier({ issuer: ISSUER, serverUrl: issuer.url });
});

afterAll(() => issuer.stop());

test("a_good_token_says_who_and_which_session", async () => {
  expect(await verify(await issuer.token())).toMatchObject({
    id: CLAIMS.sub,
    sessionId: CLAIMS.sid,
    verified: true,
  });
});

test("t11_any_other_token_says_nothing", async () => {
  const [header, payload] = (await issuer.token()).split(".") as [string, string];
  const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString("base64url");
  const bad: Record<string, string | undefined> = {
    missing: undefined,
    garbage: "x.y.z",
    unsigned: `${none}.${payload}.`,
    "cut off": `${header}.${payload}.`,
    "of another key": await issuer.token({ foreign: true }),
    "of another kind": await issuer.token({ typ: "JWT" }),
    "of another issuer": await issuer.token({ issuer: "https://evil.example" }),
    "for another audience": await issuer.token({ audience: "other" }),
    "too old": await issuer.token({ expires: "-1m" }),
    "without session": await issuer.token({ claims: { sub: CLAIMS.sub } }),
  };
  for (const [what, text] of Object.entries(bad)) expect(await verify(text), what).toBeNull();
});

test("keys_that_cannot_be_fetched_are_trouble_and_not_a_bad_token", async () => {
  const down = createTokenVerifier({ issuer: ISSUER, serverUrl: "http://127.0.0.1:1" });
  await expect(down(await issuer.token())).rejects.toThrow();
});
