import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { UsherError, createUsher, isUsherError, localPath, tokensIn } from "../src/core.js";
import { createApi, data } from "../src/index.js";
import { ANN, BASE, fakeServer, json, problem, signedIn } from "./server.js";

const PERSON = { email: "ann@example.org", password: "seven quiet otters" };

const REGISTERED = {
  id: ANN.id,
  email: PERSON.email,
  message: "Registration successful. Verification email sent.",
  registration: {
    id: ANN.id,
    handle: "the-handle",
    tag: "k7pm",
    resend_after: "2026-11-20T10:00:30Z",
    expires_at: "2999-11-21T10:00:00Z",
  },
};

beforeEach(() => vi.stubGlobal("sessionStorage", memoryStorage()));
afterEach(() => vi.unstubAllGlobals());

describe("registration", () => {
  const routes = {
    "POST /auth/register": () => json(REGISTERED, 201),
    "POST /auth/verify": () => json({ message: "Email verified successfully. Registration completed." }),
    "POST /auth/activate": () => json({ message: "Email verified successfully. Registration completed." }),
    "POST /auth/resend": () => json({ message: "" }, 202),
    "POST /auth/login": () => json(signedIn(1)),
  };

  test("the_right_code_signs_in_as_well", async () => {
    const server = fakeServer(routes);
    const usher = createUsher({ baseUrl: BASE, fetch: server.fetch, user: null });
    await usher.register(PERSON);
    expect(usher.getState().pending?.tag).toBe("k7pm");
    expect((await usher.verify({ code: "0427" }))?.email).toBe(ANN.email);
    expect(usher.getState()).toMatchObject({ status: "signed-in", pending: null });
    expect(await server.requests[1]?.json()).toEqual({ email: PERSON.email, verification_code: "0427" });
  });

  test("a_reload_remembers_the_address_but_neither_password_nor_handle", async () => {
    const server = fakeServer(routes);
    await createUsher({ baseUrl: BASE, mode: "token", fetch: server.fetch, user: null }).register(PERSON);
    const stored = JSON.stringify(sessionStorage);
    expect(stored).not.toContain(PERSON.password);
    expect(stored).not.toContain("the-handle");
    const reloaded = createUsher({ baseUrl: BASE, fetch: server.fetch, user: null });
    reloaded.start()();
    expect(reloaded.getState().pending?.email).toBe(PERSON.email);
  });

  test("token_mode_proves_the_registrant_by_the_handle_and_cookie_mode_does_not_keep_it", async () => {
    for (const mode of ["token", "cookie"] as const) {
      const server = fakeServer(routes);
      const usher = createUsher({ baseUrl: BASE, mode, fetch: server.fetch, user: null });
      await usher.register(PERSON);
      await usher.resend();
      const handle = server.requests[1]?.headers.get("registration-handle");
      expect(handle).toBe(mode === "token" ? "the-handle" : null);
    }
  });

  test("a_password_activates_by_basic_whatever_letters_it_has", async () => {
    const server = fakeServer(routes);
    const usher = createUsher({ baseUrl: BASE, fetch: server.fetch, user: null });
    await usher.verify({ code: "0427", email: "ann@example.org", password: "pä:ss wörd" });
    const header = server.requests[0]?.headers.get("authorization") ?? "";
    expect(Buffer.from(header.replace("Basic ", ""), "base64").toString()).toBe("ann@example.org:pä:ss wörd");
  });

  test("an_address_is_proven_even_if_the_sign_in_afterwards_is_refused", async () => {
    const server = fakeServer({ ...routes, "POST /auth/login": () => problem(429, "too_many_requests") });
    const usher = createUsher({ baseUrl: BASE, fetch: server.fetch, user: null });
    await usher.register(PERSON);
    expect(await usher.verify({ code: "0427" })).toBeNull();
    expect(usher.getState().pending).toBeNull();
  });

  test("a_registration_that_is_over_is_forgotten_and_the_link_may_have_signed_in", async () => {
    const server = fakeServer({ ...routes, "GET /auth/me": () => json(ANN) });
    const usher = createUsher({ baseUrl: BASE, fetch: server.fetch, user: null });
    await usher.register(PERSON);
    await expect(usher.registrationStatus()).rejects.toMatchObject({ code: "not_found" });
    expect(usher.getState()).toMatchObject({ status: "signed-in", pending: null });
  });
});

describe("who is signed in", () => {
  test("a_first_look_that_fails_says_so_and_the_next_one_mends_it", async () => {
    let down = true;
    const server = fakeServer({ "GET /auth/me": () => (down ? problem(503, "busy") : json(ANN)) });
    const usher = createUsher({ baseUrl: BASE, fetch: server.fetch });
    await usher.reload();
    expect(usher.getState()).toMatchObject({ status: "failed", error: { code: "busy" } });
    down = false;
    await usher.reload();
    expect(usher.getState()).toMatchObject({ status: "signed-in", error: null });
  });

  test("an_answer_from_before_the_sign_out_does_not_sign_in_again", async () => {
    let late: (response: Response) => void = () => {};
    const server = fakeServer({
      "GET /auth/me": () => new Promise((resolve) => (late = resolve)),
      "POST /auth/logout": () => json({ message: "Signed out." }),
    });
    const usher = createUsher({ baseUrl: BASE, fetch: server.fetch, user: ANN });
    const looking = usher.reload();
    await usher.logout();
    late(json(ANN));
    await looking;
    expect(usher.getState().status).toBe("signed-out");
  });

  test("a_sign_out_of_a_session_that_is_over_is_a_sign_out", async () => {
    const server = fakeServer({ "POST /auth/logout": () => problem(401, "session_ended") });
    const usher = createUsher({ baseUrl: BASE, fetch: server.fetch, user: ANN });
    await usher.logout();
    expect(usher.getState().status).toBe("signed-out");
  });

  test("other_tabs_hear_of_a_sign_out", async () => {
    let signedInThere = true;
    const server = fakeServer({
      "GET /auth/me": () => (signedInThere ? json(ANN) : problem(401, "session_ended")),
      "POST /auth/logout": () => {
        signedInThere = false;
        return json({ message: "Signed out." });
      },
    });
    const tabs = [1, 2].map(() => createUsher({ baseUrl: BASE, fetch: server.fetch, user: ANN }));
    const [here, there] = tabs as [(typeof tabs)[0], (typeof tabs)[0]];
    const stops = tabs.map((tab) => tab.start());
    const heard = new Promise<void>((resolve) => there.subscribe(resolve));
    await here.logout();
    await heard;
    expect(there.getState().status).toBe("signed-out");
    for (const stop of stops) stop();
  });
});

describe("errors", () => {
  test("carry_the_code_the_fields_and_when_to_try_again", async () => {
    const errors = [{ field: "email", code: "malformed", detail: "This is not an e-mail address." }];
    const server = fakeServer({
      "POST /auth/register": () => problem(422, "invalid_input", { errors }, { "retry-after": "7" }),
    });
    const error: unknown = await createUsher({ baseUrl: BASE, fetch: server.fetch })
      .register(PERSON)
      .catch((refusal: unknown) => refusal);
    if (!isUsherError(error)) throw error;
    expect(error).toBeInstanceOf(UsherError);
    expect(error).toMatchObject({ code: "invalid_input", status: 422, retryAfter: 7, requestId: "5f0c" });
    expect(error.field("email")).toBe("This is not an e-mail address.");
    expect(error.field("password")).toBeUndefined();
  });

  test("say_unreachable_when_nothing_or_something_else_answers", async () => {
    const silent = createUsher({ baseUrl: BASE, fetch: () => Promise.reject(new TypeError("offline")) });
    await expect(silent.me()).rejects.toMatchObject({ code: "unreachable", status: 0 });
    const proxy = createUsher({
      baseUrl: BASE,
      fetch: async () => new Response("<h1>Bad gateway</h1>", { status: 502 }),
    });
    await expect(proxy.me()).rejects.toMatchObject({ code: "unreachable", status: 502 });
  });
});

test("the_typed_paths_answer_data_and_throw_refusals", async () => {
  const server = fakeServer({ [`GET /profile/${ANN.id}`]: () => json(ANN) });
  const api = createApi(createUsher({ baseUrl: BASE, fetch: server.fetch }));
  const profile = await data(api.GET("/profile/{id}", { params: { path: { id: ANN.id } } }));
  expect(profile.email).toBe(ANN.email);
  await expect(api.GET("/users")).rejects.toMatchObject({ code: "not_found" });
});

test("countdowns_follow_the_clock_of_the_server", async () => {
  const anHourAhead = new Date(Date.now() + 3_600_000).toUTCString();
  const server = fakeServer({ "GET /auth/me": () => json(ANN, 200, { date: anHourAhead }) });
  const usher = createUsher({ baseUrl: BASE, fetch: server.fetch });
  await usher.me();
  expect(Math.abs(usher.now() - Date.now() - 3_600_000)).toBeLessThan(2000);
});

test("tokens_in_storage_survive_a_reload_and_go_with_the_sign_out", () => {
  const storage = memoryStorage();
  tokensIn(storage).write({ access: "a", refresh: "r" });
  expect(tokensIn(storage).read()).toEqual({ access: "a", refresh: "r" });
  tokensIn(storage).write(null);
  expect(tokensIn(storage).read()).toBeNull();
});

test("the_way_back_after_a_sign_in_stays_on_the_site", () => {
  expect(localPath("/account?tab=1#end")).toBe("/account?tab=1#end");
  const elsewhere = [
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "/.//evil.example",
  ];
  for (const value of [...elsewhere, "javascript:alert(1)", "account", "", null]) {
    expect(localPath(value, "/home"), String(value)).toBe("/home");
  }
});

function memoryStorage(): Storage {
  const kept: Record<string, string> = {};
  return Object.assign(kept as unknown as Storage, {
    getItem: (key: string) => kept[key] ?? null,
    setItem: (key: string, value: string) => {
      kept[key] = value;
    },
    removeItem: (key: string) => {
      delete kept[key];
    },
  });
}
