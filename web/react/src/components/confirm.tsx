import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";

import { useTexts } from "../provider.js";

interface ConfirmProps {
  children: ReactNode;
  /** What a screen reader calls the button, where the text alone says too little. */
  label?: string;
  question: string;
  busy: boolean;
  onConfirm: () => void;
}

/** A button that asks once more, in its place. */
export function Confirm({ children, label, question, busy, onConfirm }: ConfirmProps): ReactNode {
  const texts = useTexts();
  const [asking, setAsking] = useState<boolean | null>(null);
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    // Not when it first appears: only where somebody has pressed something.
    if (asking !== null) first.current?.focus();
  }, [asking]);

  if (!asking) {
    return (
      <button type="button" ref={first} aria-label={label} disabled={busy} onClick={() => setAsking(true)}>
        {children}
      </button>
    );
  }
  const escape = (event: KeyboardEvent): void => {
    if (event.key === "Escape") setAsking(false);
  };
  return (
    <span role="group" aria-label={question} className="usher-confirm" onKeyDown={escape}>
      <span>{question}</span>
      <button
        type="button"
        className="usher-danger"
        onClick={() => {
          setAsking(false);
          onConfirm();
        }}
      >
        {texts.yes}
      </button>
      <button type="button" ref={first} onClick={() => setAsking(false)}>
        {texts.no}
      </button>
    </span>
  );
}
