import { useEffect, useReducer } from "react";

import { useUsher } from "../provider.js";

/** Whole seconds until a moment of the server's time, counted down; 0 when it is over or there is none. */
export function useSecondsUntil(moment: number | null): number {
  const usher = useUsher();
  const [tick, next] = useReducer((count: number) => count + 1, 0);
  const left = moment === null ? 0 : Math.max(0, moment - usher.now());
  useEffect(() => {
    if (left === 0) return;
    const timer = setTimeout(next, left % 1000 || 1000);
    return () => clearTimeout(timer);
  }, [moment, tick, left]);
  return Math.ceil(left / 1000);
}
