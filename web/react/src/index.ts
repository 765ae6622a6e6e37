// Hooks and components for Usher.

export * from "../../client/src/core.js";
export { UsherProvider, type UsherProviderProps, useUsher } from "./provider.js";
export type { Texts } from "./texts.js";
export type { ActionState } from "./hooks/use-action.js";
export { type UserState, useUser } from "./hooks/use-user.js";
export {
  type LoginState,
  type LogoutState,
  type RegisterState,
  useLogin,
  useLogout,
  useRegister,
} from "./hooks/use-sign-in.js";
export { type VerifyState, useVerify } from "./hooks/use-verify.js";
export { type SessionsState, useSessions } from "./hooks/use-sessions.js";
export { RegisterForm, type RegisterFormProps } from "./components/register-form.js";
export { VerifyForm, type VerifyFormProps } from "./components/verify-form.js";
export { LoginForm, type LoginFormProps } from "./components/login-form.js";
export { SessionManager, type SessionManagerProps } from "./components/session-manager.js";
