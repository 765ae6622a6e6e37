// What the three forms share: the error is said once, in place, and the person is led to it.

import { type FormEvent, type ReactNode, useEffect, useId, useRef } from "react";

import type { UsherError } from "../../../client/src/core.js";
import { useTexts } from "../provider.js";
import type { Texts } from "../texts.js";

/** The text of one field of a form that is sent. */
export type Values = (name: string) => string;

interface FormProps {
  error: UsherError | null;
  /** The names of the fields that say their errors themselves. */
  fields: readonly string[];
  onSubmit: (values: Values) => unknown;
  className?: string | undefined;
  children: ReactNode;
}

export function Form({ error, fields, onSubmit, className, children }: FormProps): ReactNode {
  const texts = useTexts();
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (error) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [error]);

  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    onSubmit((name) => String(data.get(name) ?? ""));
  }

  const unsaid = error && !fields.some((name) => blame(error, name, texts));
  return (
    <form ref={form} className={`usher-form ${className ?? ""}`} onSubmit={submit} noValidate>
      <div role="alert" className="usher-alert">
        {unsaid && sentence(error, texts)}
      </div>
      {children}
    </form>
  );
}

interface FieldProps {
  name: string;
  label: string;
  error: UsherError | null;
  type?: "email" | "password" | "text";
  autoComplete: string;
  hint?: string | undefined;
  defaultValue?: string | undefined;
  inputMode?: "numeric";
  maxLength?: number;
}

/** A labelled field that says its own error. */
export function Field({ name, label, error, type = "text", hint, ...input }: FieldProps): ReactNode {
  const id = useId();
  const wrong = blame(error, name, useTexts());
  const described = [hint && `${id}-hint`, wrong && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div className="usher-field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        name={name}
        type={type}
        aria-invalid={wrong ? true : undefined}
        aria-describedby={described || undefined}
        {...input}
      />
      {hint && (
        <p id={`${id}-hint`} className="usher-hint">
          {hint}
        </p>
      )}
      {wrong && (
        <p id={`${id}-error`} className="usher-error">
          {wrong}
        </p>
      )}
    </div>
  );
}

/** Codes that are about one field although the server does not name it. */
const BLAMED: Readonly<Record<string, string>> = { code_invalid: "code", code_expired: "code" };

function blame(error: UsherError | null, name: string, texts: Texts): string | undefined {
  const named = error?.fields.find((field) => field.field === name);
  if (named) return texts.errors[named.code] ?? named.detail;
  return error && BLAMED[error.code] === name ? sentence(error, texts) : undefined;
}

/** The sentence for people. */
export function sentence(error: UsherError, texts: Texts): string {
  return texts.errors[error.code] ?? error.message;
}
