import { useEffect, useReducer, useState } from "react";

import type { RegistrationStatus } from "../../../client/src/core.js";
import { useUsher } from "../provider.js";

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 10_000;

/** How the mail to `email` fares; looks again and again until it is sent or lost. */
export function useDelivery(email: string | null): [RegistrationStatus | null, lookAgain: () => void] {
  const usher = useUsher();
  const [seen, setSeen] = useState<{ email: string; status: RegistrationStatus } | null>(null);
  const [round, startRound] = useReducer((count: number) => count + 1, 0);

  useEffect(() => {
    if (email === null) return;
    const address = email;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    let pause = FIRST_PAUSE;
    async function look(): Promise<void> {
      const now = await usher.registrationStatus().catch(() => null);
      if (over) return;
      if (now) setSeen({ email: address, status: now });
      if (now?.mail === "sent" || now?.mail === "failed") return;
      timer = setTimeout(look, pause);
      pause = Math.min(pause * 1.5, LONGEST_PAUSE);
    }
    // Whoever comes back may have opened the link of the mail in between.
    const visible = (): void => {
      if (document.visibilityState === "visible") startRound();
    };
    void look();
    document.addEventListener("visibilitychange", visible);
    return () => {
      over = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", visible);
    };
  }, [usher, email, round]);

  return [seen && seen.email === email ? seen.status : null, startRound];
}
