import type { NewPerson, PendingRegistration, Profile } from "../../../client/src/core.js";
import { useUsher, useUsherState } from "../provider.js";
import { type ActionState, useAction } from "./use-action.js";

/** Registers somebody. */
export interface RegisterState extends ActionState {
  /** The registration of this browser that waits for its code; it survives a reload. */
  pending: PendingRegistration | null;
  /** `undefined` when it was refused. */
  register: (person: NewPerson) => Promise<PendingRegistration | undefined>;
}

export function useRegister(): RegisterState {
  const { run: register, ...state } = useAction(useUsher().register);
  return { register, pending: useUsherState().pending, ...state };
}

/** Signs somebody in. */
export interface LoginState extends ActionState {
  /** `undefined` when it was refused. */
  login: (email: string, password: string) => Promise<Profile | undefined>;
}

export function useLogin(): LoginState {
  const { run: login, ...state } = useAction(useUsher().login);
  return { login, ...state };
}

/** Signs out. */
export interface LogoutState extends ActionState {
  logout: () => Promise<void>;
}

export function useLogout(): LogoutState {
  const { run: logout, ...state } = useAction(useUsher().logout);
  return { logout, ...state };
}
