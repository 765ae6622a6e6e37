// Every word the components show, replaceable one by one. Words in braces are filled in.

/** The words of the components. */
export interface Texts {
  email: string;
  username: string;
  password: string;
  newPassword: string;
  passwordRule: string;
  repeatPassword: string;
  code: string;
  register: string;
  signIn: string;
  verify: string;
  /** `{email}` */
  codeSentTo: string;
  codeExplained: string;
  /** `{tag}` */
  tag: string;
  mailQueued: string;
  mailDeferred: string;
  mailFailed: string;
  /** `{seconds}` */
  codeExpiresIn: string;
  codeExpired: string;
  passwordNeeded: string;
  resend: string;
  /** `{seconds}` */
  resendIn: string;
  resent: string;
  startOver: string;
  sessions: string;
  thisDevice: string;
  /** `{time}` */
  lastSeen: string;
  end: string;
  endOthers: string;
  endAll: string;
  /** `{device}` */
  confirmEnd: string;
  confirmEndOthers: string;
  confirmEndAll: string;
  yes: string;
  no: string;
  ended: string;
  loading: string;
  retry: string;
  /** Sentences of your own by `code`, of an error or of a field's error. */
  errors: Readonly<Record<string, string>>;
}

export const ENGLISH: Texts = {
  email: "E-mail address",
  username: "Username",
  password: "Password",
  newPassword: "Password",
  passwordRule: "At least 8 characters.",
  repeatPassword: "Password again",
  code: "Code",
  register: "Register",
  signIn: "Sign in",
  verify: "Verify",
  codeSentTo: "We are mailing a code to {email}.",
  codeExplained: "Enter the code from the mail.",
  tag: "The mail shows the word {tag}.",
  mailQueued: "The mail is on its way.",
  mailDeferred: "The mail server does not take the mail yet. We keep trying.",
  mailFailed: "The mail could not be delivered. Is the address right?",
  codeExpiresIn: "The code is good for {seconds} s.",
  codeExpired: "The code has expired.",
  passwordNeeded: "This browser did not register. Enter the password as well.",
  resend: "Send another mail",
  resendIn: "Send another mail in {seconds} s",
  resent: "Another mail is on its way.",
  startOver: "Use another address",
  sessions: "Where you are signed in",
  thisDevice: "This device",
  lastSeen: "Last seen {time}",
  end: "End",
  endOthers: "End all others",
  endAll: "Sign out everywhere",
  confirmEnd: "End the session on {device}?",
  confirmEndOthers: "End all other sessions?",
  confirmEndAll: "End all sessions, this one too?",
  yes: "Yes, end",
  no: "Cancel",
  ended: "Done. It is signed out.",
  loading: "Loading …",
  retry: "Try again",
  errors: {},
};

/** Puts values into a text. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (braces, name: string) => String(values[name] ?? braces));
}
