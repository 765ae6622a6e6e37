// Next.js: who is signed in, for server components, and a guard for `proxy.ts` (`middleware.ts` before 16).

import { cookies } from "next/headers.js";
import { type NextRequest, NextResponse } from "next/server.js";

import { type TokenClaims, createTokenVerifier } from "./token.js";
import type { Profile } from "./types.js";

/** Where the server is, for browsers and for Next.js. */
export interface NextUsherOptions {
  /** The site as browsers see it: the server's `public_url`. */
  publicUrl: string;
  /** Where Next.js reaches the server. */
  serverUrl: string;
  /** The page to sign in on; it gets the way back as `?next=`. */
  loginPath?: string;
}

/** What a Next.js application asks. */
export interface NextUsher {
  /** For `proxy.ts`: lets people pass who are signed in, renews their token, sends others to sign in. */
  guard(request: NextRequest): Promise<NextResponse>;
  /** What the token says. Quick, and up to half an hour late when a session was ended. */
  session(): Promise<TokenClaims | null>;
  /** Asks the server: a session that has ended is seen at once. */
  user(): Promise<Profile | null>;
}

/** Request headers that let the server see the person behind Next.js. */
const PASSED_ON = ["user-agent", "x-forwarded-for"];

/** Makes the server side. One per process: it keeps the keys. */
export function createNextUsher({ publicUrl, serverUrl, loginPath = "/login" }: NextUsherOptions): NextUsher {
  const verify = createTokenVerifier({ issuer: publicUrl, serverUrl });
  // Only on a loopback address, where there is no TLS, the names go without the prefix.
  const prefix = publicUrl.startsWith("https:") ? "__Host-" : "";
  const names = { access: `${prefix}usher_session`, refresh: `${prefix}usher_refresh` };

  async function accessToken(): Promise<string | undefined> {
    return (await cookies()).get(names.access)?.value;
  }

  async function renew(request: NextRequest): Promise<Response | null> {
    const refresh_token = request.cookies.get(names.refresh)?.value;
    if (!refresh_token) return null;
    const headers = new Headers({ "content-type": "application/json" });
    for (const name of PASSED_ON) {
      const value = request.headers.get(name);
      if (value) headers.set(name, value);
    }
    const body = JSON.stringify({ refresh_token });
    return fetch(new URL("/auth/refresh", serverUrl), { method: "POST", headers, body, cache: "no-store" });
  }

  return {
    async guard(request) {
      try {
        if (await verify(request.cookies.get(names.access)?.value)) return NextResponse.next();
        const renewed = await renew(request);
        if (renewed?.ok) return passOn(request, renewed);
        if (renewed && renewed.status !== 401) return unavailable();
      } catch {
        return unavailable();
      }
      const login = new URL(loginPath, request.url);
      login.searchParams.set("next", request.nextUrl.pathname + request.nextUrl.search);
      return NextResponse.redirect(login);
    },
    async session() {
      return verify(await accessToken());
    },
    async user() {
      const token = await accessToken();
      if (!token) return null;
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetch(new URL("/auth/me", serverUrl), { headers, cache: "no-store" });
      if (response.status === 401) return null;
      if (!response.ok) throw new Error(`the accounts service answered ${response.status}`);
      return (await response.json()) as Profile;
    },
  };
}

/** The new cookies, for the browser and for the page that is about to be rendered. */
function passOn(request: NextRequest, renewed: Response): NextResponse {
  const lines = renewed.headers.getSetCookie();
  for (const line of lines) {
    const [name, value] = nameAndValue(line);
    request.cookies.set(name, value);
  }
  const response = NextResponse.next({ request: { headers: request.headers } });
  for (const line of lines) response.headers.append("set-cookie", line);
  return response;
}

function nameAndValue(line: string): [string, string] {
  const pair = line.split(";", 1)[0] ?? "";
  const at = pair.indexOf("=");
  return [pair.slice(0, at), pair.slice(at + 1)];
}

/** Trouble is not the same as being nobody. */
function unavailable(): NextResponse {
  return new NextResponse("Please try again in a moment.", { status: 503, headers: { "retry-after": "2" } });
}
