// Everything but the typed paths: what the React kit carries with it.

export { localPath } from "./path.js";
export type { Status, UsherState } from "./state.js";
export type { TokenStore, Tokens } from "./tokens.js";
export { tokensIn, tokensInMemory } from "./tokens.js";
export type { ErrorCode, ProblemCode } from "./problem.js";
export { UsherError, isUsherError } from "./problem.js";
export type {
  CodeEntry,
  FieldError,
  NewPerson,
  PendingRegistration,
  Profile,
  RegistrationStatus,
  Session,
} from "./types.js";
export type { Usher, UsherOptions } from "./usher.js";
export { createUsher } from "./usher.js";
