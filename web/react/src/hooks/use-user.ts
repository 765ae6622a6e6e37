import type { Profile, Status, UsherError } from "../../../client/src/core.js";
import { useUsher, useUsherState } from "../provider.js";

/** Who is signed in. */
export interface UserState {
  status: Status;
  user: Profile | null;
  /** Why it is not known, where the server did not answer. */
  error: UsherError | null;
  /** Asks again. */
  reload: () => Promise<void>;
}

/** Who is signed in; the same in all components and all tabs. */
export function useUser(): UserState {
  const { status, user, error } = useUsherState();
  return { status, user, error, reload: useUsher().reload };
}
