// What is known about the person in front of the page, and who wants to hear when it changes.

import type { UsherError } from "./problem.js";
import type { PendingRegistration, Profile } from "./types.js";

/** `loading`: not known yet. `failed`: the first look went wrong, `error` says why. */
export type Status = "loading" | "signed-in" | "signed-out" | "failed";

/** A snapshot; never changed, only replaced. */
export interface UsherState {
  readonly status: Status;
  /** Who is signed in. */
  readonly user: Profile | null;
  /** The registration of this browser that waits for its code. */
  readonly pending: PendingRegistration | null;
  /** Why nothing is known. */
  readonly error: UsherError | null;
}

/** Holds the snapshot. */
export interface Store {
  get(): UsherState;
  set(change: Partial<UsherState>): void;
  subscribe(listener: () => void): () => void;
}

export function createStore(user: Profile | null | undefined): Store {
  let state: UsherState = { ...known(user), pending: null };
  const listeners = new Set<() => void>();
  return {
    get: () => state,
    set(change) {
      state = { ...state, ...change };
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The part of a snapshot that says who is signed in: somebody, nobody (`null`) or not known yet. */
export function known(user: Profile | null | undefined): Pick<UsherState, "status" | "user" | "error"> {
  if (user === undefined) return { status: "loading", user: null, error: null };
  return { status: user ? "signed-in" : "signed-out", user, error: null };
}
