// One `Usher` for all components below.

import {
  type ReactNode,
  createContext,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from "react";

import { type Usher, type UsherOptions, type UsherState, createUsher } from "../../client/src/core.js";
import { ENGLISH, type Texts } from "./texts.js";

interface Provided {
  usher: Usher;
  /** What the server rendered; the browser's first picture must be the same. */
  first: UsherState;
  texts: Texts;
}

const Context = createContext<Provided | null>(null);

/** Settings of the provider. They count when it appears; later changes do not. */
export interface UsherProviderProps extends UsherOptions {
  /** One that exists already, instead of the settings. */
  usher?: Usher;
  /** Other words for the components. */
  texts?: Partial<Texts>;
  children?: ReactNode;
}

/** Finds out who is signed in and tells everything below it. */
export function UsherProvider({ usher: given, texts, children, ...options }: UsherProviderProps): ReactNode {
  const [usher] = useState(() => given ?? createUsher(options));
  const [first] = useState(usher.getState);
  useEffect(() => usher.start(), [usher]);
  const provided = useMemo(() => ({ usher, first, texts: { ...ENGLISH, ...texts } }), [usher, first, texts]);
  return <Context.Provider value={provided}>{children}</Context.Provider>;
}

/** The provider's `Usher`, for calls that have no hook. */
export function useUsher(): Usher {
  return useProvided().usher;
}

export function useTexts(): Texts {
  return useProvided().texts;
}

export function useUsherState(): UsherState {
  const { usher, first } = useProvided();
  return useSyncExternalStore(usher.subscribe, usher.getState, () => first);
}

function useProvided(): Provided {
  const provided = useContext(Context);
  if (!provided) throw new Error("Put an <UsherProvider> around the components that use Usher.");
  return provided;
}
