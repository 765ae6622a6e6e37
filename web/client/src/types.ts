// What the server sends and takes, by the names people use for it.

import type { components } from "./schema.js";

type Schemas = components["schemas"];

/** A person. */
export type Profile = Schemas["Profile"];

/** A signed-in device. */
export type Session = Schemas["Session"];

/** A fresh sign-in. */
export type SignedIn = Schemas["SignedIn"];

/** How the mail with the code fares. */
export type RegistrationStatus = Omit<Schemas["RegistrationStatus"], "mail"> & {
  mail: "queued" | "sent" | "deferred" | "failed";
};

/** What is wrong with one field of a request. */
export type FieldError = Schemas["FieldError"];

/** Somebody who wants an account. */
export interface NewPerson {
  email: string;
  password: string;
  username?: string;
  /** The password again, where the form asks for it. */
  verify_password?: string;
}

/** A registration of this browser that waits for its code. */
export interface PendingRegistration {
  /** The id the account will have. */
  id: string;
  email: string;
  /** The mail shows the same word. */
  tag: string;
  /** When another mail may be asked for. */
  resend_after: string;
  /** When the registration lapses. */
  expires_at: string;
}

/** A code and, where the browser does not know them, the address and the password of who registered. */
export interface CodeEntry {
  code: string;
  email?: string;
  password?: string;
}
