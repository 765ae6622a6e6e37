import type { ReactNode } from "react";

import type { Profile } from "../../../client/src/core.js";
import { useLogin } from "../hooks/use-sign-in.js";
import { useTexts } from "../provider.js";
import { Field, Form } from "./form.js";

export interface LoginFormProps {
  onSignedIn?: (user: Profile) => void;
  className?: string;
}

/** Address and password of somebody known. */
export function LoginForm({ onSignedIn, className }: LoginFormProps): ReactNode {
  const { login, busy, error } = useLogin();
  const texts = useTexts();
  return (
    <Form
      error={error}
      fields={["email", "password"]}
      className={className}
      onSubmit={async (value) => {
        const user = await login(value("email"), value("password"));
        if (user) onSignedIn?.(user);
      }}
    >
      <Field name="email" type="email" label={texts.email} autoComplete="username" error={error} />
      <Field
        name="password"
        type="password"
        label={texts.password}
        autoComplete="current-password"
        error={error}
      />
      <button className="usher-primary" disabled={busy}>
        {texts.signIn}
      </button>
    </Form>
  );
}
