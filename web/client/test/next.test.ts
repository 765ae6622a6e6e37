import { NextRequest } from "next/server.js";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { createNextUsher } from "../src/next.js";
import { type Issuer, startIssuer } from "./issuer.js";

const SITE = "https://shop.example.org";

let issuer: Issuer;
let fresh: string;
/** What the server says to a renewal. */
let renewal: { status: number; cookies?: string[] };
let renewals: { body: string; headers: Record<string, unknown> }[];

beforeAll(async () => {
  issuer = await startIssuer(SITE, (request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      renewals.push({ body, headers: request.headers });
      response.writeHead(renewal.status, { "set-cookie": renewal.cookies ?? [] }).end("{}");
    });
  });
  fresh = await issuer.token();
});

afterAll(() => issuer.stop());

beforeEach(() => {
  renewals = [];
  renewal = { status: 401 };
});

function guard(cookie: string, serverUrl = issuer.url): Promise<Response> {
  const headers = { cookie, "user-agent": "Firefox", "x-forwarded-for": "192.0.2.7" };
  return createNextUsher({ publicUrl: SITE, serverUrl }).guard(
    new NextRequest(`${SITE}/account?tab=2`, { headers }),
  );
}

const passes = (response: Response): boolean => response.headers.get("x-middleware-next") === "1";

test("a_good_token_passes_without_a_request", async () => {
  expect(passes(await guard(`__Host-usher_session=${fresh}`))).toBe(true);
  expect(renewals).toEqual([]);
});

test("nobody_is_sent_to_sign_in_with_the_way_back", async () => {
  const response = await guard("");
  expect(response.status).toBe(307);
  expect(response.headers.get("location")).toBe(`${SITE}/login?next=%2Faccount%3Ftab%3D2`);
});

test("t57_cookies_without_the_prefix_count_for_nothing_on_https", async () => {
  expect((await guard(`usher_session=${fresh}; usher_refresh=planted`)).status).toBe(307);
  expect(renewals).toEqual([]);
});

test("a_token_that_is_over_is_renewed_for_the_browser_and_for_the_page", async () => {
  const line = `__Host-usher_session=${fresh}; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=1800`;
  renewal = { status: 200, cookies: [line] };
  const old = await issuer.token({ expires: "-1m" });
  const response = await guard(`__Host-usher_session=${old}; __Host-usher_refresh=opaque`);
  expect(passes(response)).toBe(true);
  expect(response.headers.getSetCookie()).toContain(line);
  expect(response.headers.get("x-middleware-request-cookie")).toContain(fresh);
  expect(renewals[0]?.body).toBe('{"refresh_token":"opaque"}');
  expect(renewals[0]?.headers).toMatchObject({ "user-agent": "Firefox", "x-forwarded-for": "192.0.2.7" });
});

test("a_session_that_is_over_is_sent_to_sign_in", async () => {
  expect((await guard("__Host-usher_refresh=opaque")).status).toBe(307);
});

test("trouble_at_the_server_signs_nobody_out", async () => {
  renewal = { status: 503 };
  expect((await guard("__Host-usher_refresh=opaque")).status).toBe(503);
  expect((await guard(`__Host-usher_session=${fresh}`, "http://127.0.0.1:1")).status).toBe(503);
});
