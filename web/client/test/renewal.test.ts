import { afterEach, describe, expect, test, vi } from "vitest";

import { type TokenStore, type Usher, createUsher, tokensInMemory } from "../src/core.js";
import { ANN, BASE, fakeServer, json, problem, signedIn } from "./server.js";

afterEach(() => vi.unstubAllGlobals());

/** A server that takes only the newest access token. */
function rotatingServer() {
  let current = 1;
  const server = fakeServer({
    "GET /auth/me": (request) =>
      request.headers.get("authorization") === `Bearer access-${current}` && current > 1
        ? json(ANN)
        : problem(401, "not_authenticated"),
    "POST /auth/refresh": async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      current += 1;
      return json(signedIn(current));
    },
  });
  return server;
}

function signedInBefore(server: { fetch: (request: Request) => Promise<Response> }, tokens = kept()): Usher {
  return createUsher({ baseUrl: BASE, mode: "token", tokens, fetch: server.fetch });
}

function kept(): TokenStore {
  const tokens = tokensInMemory();
  tokens.write({ access: "access-1", refresh: "refresh-1" });
  return tokens;
}

describe("an access token that is too old", () => {
  test("is_renewed_once_for_requests_at_the_same_time", async () => {
    const server = rotatingServer();
    const usher = signedInBefore(server);
    const people = await Promise.all([usher.me(), usher.me(), usher.me(), usher.me()]);
    expect(people.map((person) => person?.email)).toEqual(Array(4).fill(ANN.email));
    expect(server.count("POST /auth/refresh")).toBe(1);
  });

  test("is_not_renewed_again_for_an_answer_that_comes_late", async () => {
    let late: (response: Response) => void = () => {};
    let first = true;
    const server = rotatingServer();
    const fetch = (request: Request): Promise<Response> => {
      if (first && request.url.endsWith("/auth/me")) {
        first = false;
        return new Promise((resolve) => (late = resolve));
      }
      return server.fetch(request);
    };
    const usher = signedInBefore({ fetch });
    const slow = usher.me();
    await usher.me();
    late(problem(401, "not_authenticated"));
    expect((await slow)?.email).toBe(ANN.email);
    expect(server.count("POST /auth/refresh")).toBe(1);
  });

  test("is_not_renewed_again_by_cookie_for_an_answer_that_comes_late", async () => {
    const late: ((response: Response) => void)[] = [];
    let renewed = false;
    const server = fakeServer({
      "GET /auth/me": () => (renewed ? json(ANN) : problem(401, "not_authenticated")),
      "GET /sessions": () =>
        late.length > 0 ? json({ sessions: [] }) : new Promise((resolve) => late.push(resolve)),
      "POST /auth/refresh": () => {
        renewed = true;
        return json(signedIn(2));
      },
    });
    const usher = createUsher({ baseUrl: BASE, fetch: server.fetch });
    const slow = usher.sessions();
    await usher.me();
    late[0]?.(problem(401, "not_authenticated"));
    expect(await slow).toEqual([]);
    expect(server.count("POST /auth/refresh")).toBe(1);
  });

  test("is_renewed_by_one_tab_only_where_tabs_share_locks_and_tokens", async () => {
    vi.stubGlobal("navigator", { locks: fakeLocks() });
    const server = rotatingServer();
    const tokens = kept();
    const [one, two] = [signedInBefore(server, tokens), signedInBefore(server, tokens)];
    await Promise.all([one.me(), two.me(), one.me(), two.me()]);
    expect(server.count("POST /auth/refresh")).toBe(1);
  });

  test("is_renewed_by_the_second_tab_when_the_first_one_could_not", async () => {
    vi.stubGlobal("navigator", { locks: fakeLocks() });
    const server = rotatingServer();
    const tokens = kept();
    const broken = signedInBefore(
      {
        fetch: (request) =>
          request.url.endsWith("refresh") ? Promise.reject(new TypeError("offline")) : server.fetch(request),
      },
      tokens,
    );
    const sound = signedInBefore(server, tokens);
    const [failure, person] = await Promise.all([broken.me().catch((error: unknown) => error), sound.me()]);
    expect(failure).toMatchObject({ code: "unreachable" });
    expect(person?.email).toBe(ANN.email);
  });

  test("signs_nobody_out_while_the_server_is_busy", async () => {
    const server = fakeServer({
      "GET /auth/me": () => problem(401, "not_authenticated"),
      "POST /auth/refresh": () => problem(503, "busy", {}, { "retry-after": "2" }),
    });
    const tokens = kept();
    const usher = createUsher({ baseUrl: BASE, mode: "token", tokens, fetch: server.fetch, user: ANN });
    await expect(usher.me()).rejects.toMatchObject({ code: "busy", retryAfter: 2 });
    expect(usher.getState().status).toBe("signed-in");
    expect(tokens.read()).not.toBeNull();
  });

  test("ends_in_being_signed_out_when_the_session_is_over", async () => {
    const server = fakeServer({
      "GET /auth/me": () => problem(401, "not_authenticated"),
      "POST /auth/refresh": () => problem(401, "session_ended"),
    });
    const tokens = kept();
    const usher = createUsher({ baseUrl: BASE, mode: "token", tokens, fetch: server.fetch, user: ANN });
    expect(await usher.me()).toBeNull();
    expect(usher.getState().status).toBe("signed-out");
    expect(tokens.read()).toBeNull();
  });

  test("is_not_asked_for_again_when_the_session_has_ended", async () => {
    const server = fakeServer({ "GET /sessions": () => problem(401, "session_ended") });
    const usher = createUsher({ baseUrl: BASE, fetch: server.fetch, user: ANN });
    await expect(usher.sessions()).rejects.toMatchObject({ code: "session_ended" });
    expect(usher.getState().status).toBe("signed-out");
    expect(server.asked).toEqual(["GET /sessions"]);
  });
});

test("a_request_with_a_body_is_sent_again_with_its_body", async () => {
  const bodies: string[] = [];
  let renewed = false;
  const server = fakeServer({
    "POST /sessions/terminate": async (request) => {
      bodies.push(await request.text());
      return renewed ? json({ message: "", success: true }) : problem(401, "not_authenticated");
    },
    "POST /auth/refresh": () => {
      renewed = true;
      return json(signedIn(2));
    },
  });
  await createUsher({ baseUrl: BASE, fetch: server.fetch }).endSession("x");
  expect(bodies).toEqual(['{"session_id":"x"}', '{"session_id":"x"}']);
});

test("cookie_mode_sends_cookies_and_keeps_no_token", async () => {
  const server = fakeServer({
    "POST /auth/login": () => json(signedIn(1)),
    "GET /sessions": () => json({ sessions: [] }),
  });
  const usher = createUsher({ baseUrl: BASE, fetch: server.fetch });
  await usher.login("ann@example.org", "seven quiet otters");
  await usher.sessions();
  for (const request of server.requests) {
    expect(request.credentials).toBe("include");
    expect(request.headers.has("authorization")).toBe(false);
  }
});

test("token_mode_sends_the_token_and_no_cookies", async () => {
  const server = fakeServer({
    "POST /auth/login": () => json(signedIn(1)),
    "GET /sessions": () => json({ sessions: [] }),
  });
  const usher = createUsher({ baseUrl: BASE, mode: "token", fetch: server.fetch });
  await usher.login("ann@example.org", "seven quiet otters");
  await usher.sessions();
  expect(server.requests.map((request) => request.credentials)).toEqual(["omit", "omit"]);
  expect(server.requests[1]?.headers.get("authorization")).toBe("Bearer access-1");
});

/** Web Locks as far as they are used, for pages that share one object. */
function fakeLocks() {
  let held: Promise<unknown> | null = null;
  return {
    async request<T>(
      _: string,
      options: { ifAvailable?: boolean },
      work: (lock: object | null) => Promise<T> | T,
    ): Promise<T> {
      if (!options.ifAvailable) {
        await held?.catch(() => {});
        return work({});
      }
      if (held) return work(null);
      const running = Promise.resolve(work({}));
      const free = (): void => {
        held = null;
      };
      held = running;
      void running.then(free, free);
      return running;
    },
  };
}
