// The server's clock as far as its answers tell: countdowns must not depend on a wrong clock here.

/** Differences below this are rounding: `Date` has whole seconds. */
const ROUNDING = 2000;

/** Knows what time it is at the server. */
export interface ServerClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Learns from an answer. */
  hear(response: Response): void;
}

/** A clock that trusts this machine until an answer says otherwise. */
export function createServerClock(): ServerClock {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    hear(response) {
      const theirs = Date.parse(response.headers.get("date") ?? "");
      const difference = theirs - Date.now();
      if (Number.isFinite(difference)) ahead = Math.abs(difference) < ROUNDING ? 0 : difference;
    },
  };
}
