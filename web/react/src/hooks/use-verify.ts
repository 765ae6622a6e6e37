import { useState } from "react";

import {
  type CodeEntry,
  type Profile,
  type RegistrationStatus,
  isUsherError,
} from "../../../client/src/core.js";
import { useUsher, useUsherState } from "../provider.js";
import { type ActionState, useAction } from "./use-action.js";
import { useDelivery } from "./use-delivery.js";
import { useSecondsUntil } from "./use-seconds-until.js";

/** Proves an address. */
export interface VerifyState extends ActionState {
  /** The address that waits for its code, where this browser knows it. */
  email: string | null;
  /** The word that the mail shows too. */
  tag: string | null;
  /** `user` is null where the browser cannot sign in by itself; `undefined` when it was refused. */
  verify: (entry: CodeEntry) => Promise<{ user: Profile | null } | undefined>;
  /** Asks for another mail; the address is needed only where `email` is null. */
  resend: (email?: string) => Promise<void>;
  /** Forgets the registration, to begin another one. */
  startOver: () => void;
  /** Seconds until another mail may be asked for. */
  resendIn: number;
  /** Whether another mail was asked for since the last try. */
  resent: boolean;
  /** How the mail fares. */
  mail: RegistrationStatus["mail"] | null;
  /** Seconds the code is still good for; null before it is known. */
  codeExpiresIn: number | null;
}

export function useVerify(): VerifyState {
  const usher = useUsher();
  const { pending, user } = useUsherState();
  const email = pending?.email ?? user?.pending_email ?? (user && !user.is_verified ? user.email : null);
  const [status, lookAgain] = useDelivery(email);
  const [resent, setResent] = useState(false);
  const [blockedUntil, setBlockedUntil] = useState(0);

  const verifying = useAction(async (entry: CodeEntry) => {
    setResent(false);
    return { user: await usher.verify(entry) };
  });
  const resending = useAction(async (address?: string) => {
    try {
      await usher.resend(address);
    } catch (error) {
      if (isUsherError(error) && error.retryAfter) setBlockedUntil(usher.now() + error.retryAfter * 1000);
      throw error;
    }
    setResent(true);
    lookAgain();
  });

  const resendAfter = moment(status?.resend_after ?? pending?.resend_after) ?? 0;
  const codeExpiresAt = moment(status?.code_expires_at);
  const codeSeconds = useSecondsUntil(codeExpiresAt);

  return {
    email,
    tag: pending?.tag ?? null,
    verify: verifying.run,
    resend: resending.run,
    startOver: usher.startOver,
    busy: verifying.busy || resending.busy,
    error: verifying.error ?? resending.error,
    resendIn: useSecondsUntil(Math.max(resendAfter, blockedUntil)),
    resent,
    mail: status?.mail ?? null,
    codeExpiresIn: codeExpiresAt === null ? null : codeSeconds,
  };
}

function moment(time: string | null | undefined): number | null {
  return time ? Date.parse(time) : null;
}
