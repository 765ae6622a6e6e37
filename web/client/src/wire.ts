// Requests: who asks, a fresh token when the old one is over, and one kind of error.

import type { ServerClock } from "./clock.js";
import { type UsherError, readProblem, unreachable } from "./problem.js";
import type { Renewal } from "./renewal.js";
import type { TokenStore } from "./tokens.js";

/** Sends requests to the server. */
export interface Wire {
  /** Like `fetch`, but signed in, and anything that is not a success is an `UsherError`. */
  fetch(input: Request | string | URL, init?: RequestInit): Promise<Response>;
  /** One request, as it is: without renewal. */
  once(request: Request): Promise<Response>;
}

/** What requests need. */
export interface WireParts {
  /** The platform's own, or one for tests. */
  platformFetch: (request: Request) => Promise<Response>;
  /** None in cookie mode. */
  tokens: TokenStore | null;
  clock: ServerClock;
  renewal: Renewal;
  /** The server does not know this browser any more. */
  onGone: () => void;
}

/** A renewal in another tab may fail where ours succeeds: one more round. */
const MOST_RENEWALS = 2;

export function createWire({ platformFetch, tokens, clock, renewal, onGone }: WireParts): Wire {
  async function once(request: Request): Promise<Response> {
    const headers = new Headers(request.headers);
    const access = tokens?.read()?.access;
    if (access && !headers.has("authorization")) headers.set("authorization", `Bearer ${access}`);
    const credentials = tokens ? "omit" : "include";
    try {
      // A request can be sent only once; the original stays for another try.
      const response = await platformFetch(new Request(request.clone(), { headers, credentials }));
      clock.hear(response);
      return response;
    } catch (cause) {
      if (request.signal.aborted) throw cause;
      throw unreachable(cause);
    }
  }

  async function attempt(request: Request): Promise<Response | UsherError> {
    const response = await once(request);
    return response.ok ? response : readProblem(response);
  }

  return {
    once,
    async fetch(input, init) {
      const request = new Request(input, init);
      for (let renewals = 0; ; renewals += 1) {
        const seen = renewal.generation;
        const held = tokens?.read()?.access;
        const outcome = await attempt(request);
        if (outcome instanceof Response) return outcome;
        const tooOld = outcome.code === "not_authenticated" && renewals < MOST_RENEWALS;
        const replacedMeanwhile = tokens?.read()?.access !== held;
        if (tooOld && (replacedMeanwhile || (await renewal.renew(seen)))) continue;
        // A session that ended while another tab signed in again is worth a second look.
        if (outcome.code === "session_ended" && renewals === 0 && seen !== renewal.generation) continue;
        if (outcome.code === "not_authenticated" || outcome.code === "session_ended") onGone();
        throw outcome;
      }
    },
  };
}
