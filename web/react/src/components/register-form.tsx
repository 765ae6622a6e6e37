import type { ReactNode } from "react";

import type { PendingRegistration } from "../../../client/src/core.js";
import { useRegister } from "../hooks/use-sign-in.js";
import { useTexts } from "../provider.js";
import { Field, Form } from "./form.js";

export interface RegisterFormProps {
  /** Asks for a username as well. */
  username?: boolean;
  /** Asks for the password once only. */
  once?: boolean;
  /** A mail with a code leaves now: time for the `VerifyForm`. */
  onRegistered?: (pending: PendingRegistration) => void;
  className?: string;
}

/** Address and password of somebody new. */
export function RegisterForm({ username, once, onRegistered, className }: RegisterFormProps): ReactNode {
  const { register, busy, error } = useRegister();
  const texts = useTexts();
  const fields = ["email", "username", "password", "verify_password"];
  return (
    <Form
      error={error}
      fields={fields}
      className={className}
      onSubmit={async (value) => {
        const pending = await register({
          email: value("email"),
          password: value("password"),
          ...(value("username") && { username: value("username") }),
          ...(!once && { verify_password: value("verify_password") }),
        });
        if (pending) onRegistered?.(pending);
      }}
    >
      <Field name="email" type="email" label={texts.email} autoComplete="email" error={error} />
      {username && <Field name="username" label={texts.username} autoComplete="nickname" error={error} />}
      <Field
        name="password"
        type="password"
        label={texts.newPassword}
        hint={texts.passwordRule}
        autoComplete="new-password"
        error={error}
      />
      {!once && (
        <Field
          name="verify_password"
          type="password"
          label={texts.repeatPassword}
          autoComplete="new-password"
          error={error}
        />
      )}
      <button className="usher-primary" disabled={busy}>
        {texts.register}
      </button>
    </Form>
  );
}
