// What applications see of the packages. Only compiled: a type that gets lost is an error here.

import { type Api, createApi, data } from "usher-client";
import { createNextUsher } from "usher-client/next";
import { createTokenVerifier } from "usher-client/token";
import {
  LoginForm,
  type Profile,
  RegisterForm,
  type Session,
  SessionManager,
  type Usher,
  UsherError,
  UsherProvider,
  VerifyForm,
  createUsher,
  useLogin,
  useLogout,
  useRegister,
  useSessions,
  useUser,
  useUsher,
  useVerify,
} from "usher-react";

type IsAny<T> = 0 extends 1 & T ? true : false;

/** The names of those parts of `T`, arguments and answers too, that are `any`. */
type Loose<T> = {
  [Name in keyof T]-?: T[Name] extends (...given: infer Given) => infer Answer
    ? true extends IsAny<Answer> | IsAny<Awaited<Answer>> | IsAny<Given[number]>
      ? Name
      : never
    : IsAny<T[Name]> extends true
      ? Name
      : never;
}[keyof T];

type Hooks = {
  user: ReturnType<typeof useUser>;
  register: ReturnType<typeof useRegister>;
  verify: ReturnType<typeof useVerify>;
  login: ReturnType<typeof useLogin>;
  logout: ReturnType<typeof useLogout>;
  sessions: ReturnType<typeof useSessions>;
};

/** Compiles for `never` only. */
function none<T extends never>(): T | void {}

none<Loose<Usher>>();
none<Loose<Profile> | Loose<Session> | Loose<UsherError>>();
none<Loose<Hooks>>();
none<Loose<Hooks["user"]> | Loose<Hooks["register"]> | Loose<Hooks["verify"]>>();
none<Loose<Hooks["login"]> | Loose<Hooks["logout"]> | Loose<Hooks["sessions"]>>();
none<Loose<{ UsherProvider: typeof UsherProvider; useUsher: typeof useUsher }>>();
none<Loose<{ RegisterForm: typeof RegisterForm; VerifyForm: typeof VerifyForm }>>();
none<Loose<{ LoginForm: typeof LoginForm; SessionManager: typeof SessionManager }>>();
none<Loose<ReturnType<typeof createNextUsher>> | Loose<ReturnType<typeof createTokenVerifier>>>();

// @ts-expect-error: the guard of this file works.
none<Loose<{ broken: (given: any) => string }>>();

/** Both packages describe the same thing. */
export const api: Api = createApi(createUsher());

export async function typedPaths(id: string): Promise<string> {
  const profile = await data(api.GET("/profile/{id}", { params: { path: { id } } }));
  none<IsAny<typeof profile> extends true ? "any" : never>();
  // @ts-expect-error: there is no such path.
  await api.GET("/no/such/path");
  // @ts-expect-error: the path needs an id.
  await api.GET("/profile/{id}", {});
  return profile.email;
}

export function exhaustive(error: UsherError): string {
  switch (error.code) {
    case "code_expired":
      return "again";
    default:
      return error.message;
  }
}
