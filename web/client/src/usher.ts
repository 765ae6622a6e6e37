// The stories of a person, each one call: register, verify, sign in, look at the sessions, sign out.

import { createServerClock } from "./clock.js";
import { type RegistrationSecrets, recall, remember } from "./memory.js";
import { type UsherError, isUsherError, readProblem } from "./problem.js";
import { createRenewal } from "./renewal.js";
import { type UsherState, createStore, known } from "./state.js";
import { createTabs } from "./tabs.js";
import { type TokenStore, tokensInMemory } from "./tokens.js";
import type {
  CodeEntry,
  NewPerson,
  PendingRegistration,
  Profile,
  RegistrationStatus,
  Session,
  SignedIn,
} from "./types.js";
import { createWire } from "./wire.js";

/** Where the server is and how the browser proves who asks. */
export interface UsherOptions {
  /** Scheme, host and port of the server; without it, those of the page. */
  baseUrl?: string;
  /**
   * `cookie` (default): HttpOnly cookies, for pages on the server's own site or behind the same proxy.
   * `token`: the `Authorization` header, for pages on other sites.
   */
  mode?: "cookie" | "token";
  /** Where token mode keeps its tokens; in memory by default. */
  tokens?: TokenStore;
  /** Who is signed in, where that is known already; `null` for nobody. */
  user?: Profile | null | undefined;
  /** Instead of the platform's own. */
  fetch?: (request: Request) => Promise<Response>;
}

/** A browser's side of the accounts service. */
export interface Usher {
  readonly baseUrl: string;
  /** The present snapshot, for `useSyncExternalStore` and its like. */
  getState(): UsherState;
  subscribe(listener: () => void): () => void;
  /** Finds out who is signed in and listens to the other tabs; the answer stops listening. */
  start(): () => void;
  /** Finds out again who is signed in. Errors become the state's. */
  reload(): Promise<void>;
  /** Like `fetch`, but signed in, and anything that is not a success is an `UsherError`. */
  fetch(input: Request | string | URL, init?: RequestInit): Promise<Response>;
  /** The server's time in milliseconds, for countdowns. */
  now(): number;

  register(person: NewPerson): Promise<PendingRegistration>;
  /** Proves the address. Signs in as well when the password is known; otherwise the answer is `null`. */
  verify(entry: CodeEntry): Promise<Profile | null>;
  /** Asks for another mail. The address is needed only where the browser knows of no registration. */
  resend(email?: string): Promise<void>;
  /** How the mail fares, for the registrant only. */
  registrationStatus(): Promise<RegistrationStatus>;
  /** Forgets the registration of this browser, to begin another one. */
  startOver(): void;
  login(email: string, password: string): Promise<Profile>;
  logout(): Promise<void>;
  /** Who is signed in, or `null`. */
  me(): Promise<Profile | null>;
  sessions(): Promise<Session[]>;
  endSession(id: string): Promise<void>;
  /** Ends all sessions but this one; says how many. */
  endOtherSessions(): Promise<number>;
  /** Ends all sessions, this one too; says how many. */
  endAllSessions(): Promise<number>;
}

/** Makes the browser's side. One per page is enough. */
export function createUsher(options: UsherOptions = {}): Usher {
  const baseUrl = (options.baseUrl ?? "").replace(/\/$/, "");
  const tokens = options.mode === "token" ? (options.tokens ?? tokensInMemory()) : null;
  const clock = createServerClock();
  const tabs = createTabs(`usher ${baseUrl}`);
  const store = createStore(options.user);
  let secrets: RegistrationSecrets = {};
  // Counts sign-ins and sign-outs: an answer from before one of them must not undo it.
  let era = 0;

  const renewal = createRenewal(exchange, `usher ${baseUrl}`);
  const wire = createWire({
    platformFetch: options.fetch ?? ((request) => fetch(request)),
    tokens,
    clock,
    renewal,
    onGone: () => arrive(null),
  });

  async function exchange(): Promise<boolean> {
    const refresh_token = tokens?.read()?.refresh;
    if (tokens && !refresh_token) return false;
    const response = await wire.once(request("POST", "/auth/refresh", { refresh_token }));
    if (!response.ok) {
      const refusal = await readProblem(response);
      if (refusal.status === 401) return false;
      throw refusal;
    }
    keep((await response.json()) as SignedIn);
    tabs.tell("renewed");
    return true;
  }

  function keep({ access_token, refresh_token }: SignedIn): void {
    tokens?.write({ access: access_token, refresh: refresh_token });
  }

  /** Somebody is signed in now, or nobody. */
  function arrive(user: Profile | null): void {
    const before = store.get();
    era += 1;
    if (!user) tokens?.write(null);
    store.set(known(user));
    if (before.user?.id !== user?.id) tabs.tell("changed");
  }

  function wait(pending: PendingRegistration): void {
    remember(pending);
    store.set({ pending });
  }

  function forget(): void {
    secrets = {};
    remember(null);
    store.set({ pending: null });
  }

  function request(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Request {
    if (!body) return new Request(baseUrl + path, { method, headers });
    const typed = { "content-type": "application/json", ...headers };
    return new Request(baseUrl + path, { method, headers: typed, body: JSON.stringify(body) });
  }

  async function call<T>(
    method: string,
    path: string,
    body?: object,
    headers?: Record<string, string>,
  ): Promise<T> {
    const response = await wire.fetch(request(method, path, body, headers));
    return (await response.json()) as T;
  }

  async function me(): Promise<Profile | null> {
    try {
      return await call<Profile>("GET", "/auth/me");
    } catch (error) {
      if (isUsherError(error) && error.status === 401) return null;
      throw error;
    }
  }

  async function reload(): Promise<void> {
    const asked = era;
    try {
      const user = await me();
      if (asked === era) store.set(known(user));
    } catch (error) {
      if (asked !== era) return;
      if (!isUsherError(error)) throw error;
      failed(error);
    }
  }

  function failed(error: UsherError): void {
    const { status } = store.get();
    store.set(status === "loading" ? { status: "failed", error } : { error });
  }

  /** These routes take anybody, so they do not say when the token is too old. Asking does. */
  async function beFresh(): Promise<void> {
    if (store.get().user) await reload();
  }

  async function login(email: string, password: string): Promise<Profile> {
    const signedIn = await call<SignedIn>("POST", "/auth/login", { email, password });
    keep(signedIn);
    arrive(signedIn.user);
    return signedIn.user;
  }

  function registrationHeaders(): Record<string, string> {
    return secrets.handle ? { "registration-handle": secrets.handle } : {};
  }

  return {
    baseUrl,
    getState: store.get,
    subscribe: store.subscribe,
    now: clock.now,
    fetch: wire.fetch,
    me,
    reload,
    login,
    startOver: forget,
    start() {
      const pending = recall(clock.now());
      if (pending) store.set({ pending });
      if (store.get().status === "loading") void reload();
      return tabs.listen((message) => {
        renewal.noticed();
        if (message === "changed") void reload();
      });
    },
    async register(person) {
      const { registration, email } = await call<Registered>("POST", "/auth/register", person);
      const { handle, ...shown } = registration;
      secrets = { password: person.password, handle: tokens ? handle : undefined };
      wait({ ...shown, email });
      return { ...shown, email };
    },
    async verify({ code, email, password }) {
      await beFresh();
      const { pending, user } = store.get();
      const address = email ?? pending?.email ?? user?.pending_email ?? user?.email ?? "";
      if (password) await call("POST", "/auth/activate", { code }, basic(address, password));
      else
        await call(
          "POST",
          "/auth/verify",
          { email: address, verification_code: code },
          registrationHeaders(),
        );
      const secret = password ?? (pending?.email === address ? secrets.password : undefined);
      // The address is proven, whatever becomes of the sign-in.
      if (secret) await login(address, secret).catch(() => null);
      else await reload();
      // Last, so that no page goes back to its beginning in between.
      forget();
      return store.get().user;
    },
    async resend(email) {
      await beFresh();
      await call("POST", "/auth/resend", email ? { email } : {}, registrationHeaders());
    },
    async registrationStatus() {
      try {
        return await call<RegistrationStatus>("GET", "/auth/registration", undefined, registrationHeaders());
      } catch (error) {
        // It is over: lapsed, or proven by the link in the mail, which signs in by cookie.
        if (isUsherError(error) && error.code === "not_found") {
          forget();
          await reload();
        }
        throw error;
      }
    },
    async logout() {
      await call("POST", "/auth/logout", {}).catch((error: unknown) => {
        if (!isUsherError(error) || error.status !== 401) throw error;
      });
      arrive(null);
    },
    async sessions() {
      return (await call<{ sessions: Session[] }>("GET", "/sessions")).sessions;
    },
    async endSession(session_id) {
      await call("POST", "/sessions/terminate", { session_id });
    },
    async endOtherSessions() {
      return (await call<{ terminated: number }>("POST", "/sessions/terminate-others", {})).terminated;
    },
    async endAllSessions() {
      const { terminated } = await call<{ terminated: number }>("POST", "/sessions/terminate-all", {});
      arrive(null);
      return terminated;
    },
  };
}

interface Registered {
  email: string;
  registration: Omit<PendingRegistration, "email"> & { handle: string };
}

/** HTTP Basic, in UTF-8. */
function basic(name: string, password: string): Record<string, string> {
  const bytes = new TextEncoder().encode(`${name}:${password}`);
  return { authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` };
}
