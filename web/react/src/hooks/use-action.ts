// A call that somebody waits for: whether it runs, and why it was refused.

import { useCallback, useEffect, useRef, useState } from "react";

import { type UsherError, isUsherError } from "../../../client/src/core.js";

/** The state of a call. */
export interface ActionState {
  busy: boolean;
  /** Why the last call was refused. */
  error: UsherError | null;
}

const IDLE: ActionState = { busy: false, error: null };

/** `run` answers `undefined` when the call was refused. */
export function useAction<Arguments extends unknown[], Answer>(
  work: (...given: Arguments) => Promise<Answer>,
): ActionState & { run: (...given: Arguments) => Promise<Answer | undefined> } {
  const [state, setState] = useState(IDLE);
  const latest = useRef(work);
  useEffect(() => {
    latest.current = work;
  });
  const run = useCallback(async (...given: Arguments) => {
    setState({ busy: true, error: null });
    try {
      const answer = await latest.current(...given);
      setState(IDLE);
      return answer;
    } catch (error) {
      setState({ busy: false, error: isUsherError(error) ? error : null });
      if (!isUsherError(error)) throw error;
      return undefined;
    }
  }, []);
  return { ...state, run };
}
