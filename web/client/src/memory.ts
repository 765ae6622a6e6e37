// What this browser remembers of its registration between the form and the code.

import type { PendingRegistration } from "./types.js";

const KEY = "usher.pending";

/** The secrets of a registration. They stay in memory: a reload forgets them. */
export interface RegistrationSecrets {
  /** Proof of being the registrant. In cookie mode the browser holds it where scripts cannot. */
  handle?: string | undefined;
  /** To sign in as soon as the address is proven. */
  password?: string | undefined;
}

/** Remembers across reloads of this tab what is no secret. */
export function recall(now: number): PendingRegistration | null {
  const text = storage()?.getItem(KEY);
  const pending = text ? (JSON.parse(text) as PendingRegistration) : null;
  return pending && Date.parse(pending.expires_at) > now ? pending : null;
}

/** Keeps it, or forgets it. */
export function remember(pending: PendingRegistration | null): void {
  if (pending) storage()?.setItem(KEY, JSON.stringify(pending));
  else storage()?.removeItem(KEY);
}

function storage(): Storage | undefined {
  try {
    return typeof sessionStorage === "undefined" ? undefined : sessionStorage;
  } catch {
    return undefined; // The person has forbidden it.
  }
}
