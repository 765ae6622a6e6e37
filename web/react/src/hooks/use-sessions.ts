import { useCallback, useEffect, useState } from "react";

import type { Session } from "../../../client/src/core.js";
import { useUsher, useUsherState } from "../provider.js";
import { type ActionState, useAction } from "./use-action.js";

/** The devices of who is signed in. */
export interface SessionsState extends ActionState {
  /** The newest first; null before they are known. */
  sessions: Session[] | null;
  reload: () => Promise<void>;
  /** Ends one. True when it has ended. */
  end: (id: string) => Promise<boolean>;
  /** Ends all but this one. */
  endOthers: () => Promise<boolean>;
  /** Ends all; nobody is signed in afterwards. */
  endAll: () => Promise<boolean>;
}

export function useSessions(): SessionsState {
  const usher = useUsher();
  const id = useUsherState().user?.id;
  const [sessions, setSessions] = useState<Session[] | null>(null);
  const loading = useAction(async () => setSessions(await usher.sessions()));
  const ending = useAction(async (end: () => Promise<unknown>) => {
    await end();
    if (usher.getState().user) setSessions(await usher.sessions());
    return true;
  });
  const { run: reload } = loading;
  useEffect(() => {
    if (id) void reload();
    else setSessions(null);
  }, [id, reload]);

  const done = useCallback(
    async (end: () => Promise<unknown>) => (await ending.run(end)) === true,
    [ending.run],
  );
  return {
    sessions,
    reload,
    end: useCallback((session) => done(() => usher.endSession(session)), [done, usher]),
    endOthers: useCallback(() => done(usher.endOtherSessions), [done, usher]),
    endAll: useCallback(() => done(usher.endAllSessions), [done, usher]),
    busy: loading.busy || ending.busy,
    error: ending.error ?? loading.error,
  };
}
