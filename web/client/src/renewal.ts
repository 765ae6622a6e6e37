// One renewal of the access token for all requests and all tabs that find it too old at once.

/** Renews the access token, at most once for everybody who asks at the same time. */
export interface Renewal {
  /** Counts renewals. Remember it before a request; hand it to `renew` when the token was too old. */
  readonly generation: number;
  /** Whether it is worth asking again: true when there is, or may be, a fresh token. */
  renew(seen: number): Promise<boolean>;
  /** Another tab has renewed it. */
  noticed(): void;
}

/**
 * `exchange` gets a new token and says whether it could; an error means that nobody knows.
 * `lock` names what the tabs take turns by.
 */
export function createRenewal(exchange: () => Promise<boolean>, lock: string): Renewal {
  let generation = 0;
  let running: Promise<boolean> | undefined;

  async function own(): Promise<boolean> {
    const renewed = await exchange();
    if (renewed) generation += 1;
    return renewed;
  }

  async function inTurn(): Promise<boolean> {
    // Only pages on https and on the own machine have locks. Elsewhere the server's ten seconds of grace
    // for a token that is used twice must do.
    const locks = typeof navigator === "undefined" ? undefined : navigator.locks;
    if (!locks) return own();
    const done = await locks.request(lock, { ifAvailable: true }, (mine) => (mine ? own() : null));
    if (done !== null) return done;
    // Another tab is at it. What it brings is for all; if it brings nothing, the next round is ours.
    return locks.request(lock, { mode: "shared" }, () => true);
  }

  return {
    get generation() {
      return generation;
    },
    async renew(seen) {
      if (seen !== generation) return true;
      running ??= inTurn().finally(() => {
        running = undefined;
      });
      return running;
    },
    noticed() {
      generation += 1;
    },
  };
}
