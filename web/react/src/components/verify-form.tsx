import { type ReactNode, useRef, useState } from "react";

import type { Profile } from "../../../client/src/core.js";
import { type VerifyState, useVerify } from "../hooks/use-verify.js";
import { useTexts } from "../provider.js";
import { type Texts, fill } from "../texts.js";
import { Field, Form } from "./form.js";

export interface VerifyFormProps {
  /** The address is proven. `user` is null when the person has to sign in. */
  onVerified?: (user: Profile | null) => void;
  /** The person wants another address: time for the `RegisterForm`. */
  onStartOver?: () => void;
  className?: string;
}

/** The code from the mail, how the mail fares, and another mail. */
export function VerifyForm({ onVerified, onStartOver, className }: VerifyFormProps): ReactNode {
  const state = useVerify();
  const { email, tag, verify, busy, error } = state;
  const texts = useTexts();
  const form = useRef<HTMLDivElement>(null);
  const [needsPassword, setNeedsPassword] = useState(false);
  if (error?.code === "registration_ambiguous" && !needsPassword) setNeedsPassword(true);

  function typedAddress(): string | undefined {
    return form.current?.querySelector<HTMLInputElement>('input[name="email"]')?.value || undefined;
  }

  return (
    <div ref={form} className="usher-verify">
      {email && (
        <p>
          {fill(texts.codeSentTo, { email })} {tag && fill(texts.tag, { tag })}
        </p>
      )}
      <Form
        error={error}
        fields={needsPassword ? ["email", "code", "password"] : ["email", "code"]}
        className={className}
        onSubmit={async (value) => {
          const address = value("email");
          const password = value("password");
          const verified = await verify({
            code: value("code").trim(),
            ...(address && { email: address }),
            ...(password && { password }),
          });
          if (verified) onVerified?.(verified.user);
        }}
      >
        {!email && <Field name="email" type="email" label={texts.email} autoComplete="email" error={error} />}
        <Field
          name="code"
          label={texts.code}
          hint={texts.codeExplained}
          autoComplete="one-time-code"
          inputMode="numeric"
          maxLength={12}
          error={error}
        />
        {needsPassword && (
          <Field
            name="password"
            type="password"
            label={texts.password}
            hint={texts.passwordNeeded}
            autoComplete="current-password"
            error={error}
          />
        )}
        <button className="usher-primary" disabled={busy}>
          {texts.verify}
        </button>
        <div className="usher-actions">
          <Resend state={state} onResend={() => void state.resend(email ? undefined : typedAddress())} />
          {tag && (
            <button
              type="button"
              onClick={() => {
                state.startOver();
                onStartOver?.();
              }}
            >
              {texts.startOver}
            </button>
          )}
        </div>
      </Form>
      <p role="status" className="usher-status">
        {delivery(state, texts)}
      </p>
      {state.codeExpiresIn !== null && (
        // Not in the live region: nobody wants every second read out.
        <p className="usher-hint">
          {state.codeExpiresIn > 0
            ? fill(texts.codeExpiresIn, { seconds: state.codeExpiresIn })
            : texts.codeExpired}
        </p>
      )}
    </div>
  );
}

function Resend({ state, onResend }: { state: VerifyState; onResend: () => void }): ReactNode {
  const { resend, resendIn } = useTexts();
  const wait = state.resendIn;
  return (
    <button type="button" onClick={onResend} disabled={wait > 0 || state.busy}>
      {wait > 0 ? fill(resendIn, { seconds: wait }) : resend}
    </button>
  );
}

function delivery({ mail, resent, error }: VerifyState, texts: Texts): string {
  if (error) return "";
  if (mail === "deferred") return texts.mailDeferred;
  if (mail === "failed") return texts.mailFailed;
  if (resent) return texts.resent;
  return mail === "queued" ? texts.mailQueued : "";
}
