import { type ReactNode, useId, useRef, useState } from "react";

import type { Session } from "../../../client/src/core.js";
import { useSessions } from "../hooks/use-sessions.js";
import { useTexts } from "../provider.js";
import { type Texts, fill } from "../texts.js";
import { Confirm } from "./confirm.js";
import { sentence } from "./form.js";

export interface SessionManagerProps {
  /** All sessions have ended, this one too. */
  onSignedOut?: () => void;
  className?: string;
}

/** Where a person is signed in, and the buttons that end it. */
export function SessionManager({ onSignedOut, className }: SessionManagerProps): ReactNode {
  const { sessions, busy, error, end, endOthers, endAll, reload } = useSessions();
  const texts = useTexts();
  const title = useId();
  const told = useRef<HTMLParagraphElement>(null);
  const [done, setDone] = useState(false);

  async function tell(ending: Promise<boolean>): Promise<void> {
    setDone(false);
    const ended = await ending;
    setDone(ended);
    // The button that was pressed is gone; whoever uses the keyboard goes on from here.
    if (ended) told.current?.focus();
  }

  return (
    <section className={`usher-sessions ${className ?? ""}`} aria-labelledby={title} aria-busy={busy}>
      <h2 id={title}>{texts.sessions}</h2>
      <div role="alert" className="usher-alert">
        {error && sentence(error, texts)}
      </div>
      <p role="status" className="usher-status" ref={told} tabIndex={-1}>
        {sessions ? done && texts.ended : !error && texts.loading}
      </p>
      {!sessions && error && (
        <button type="button" onClick={() => void reload()}>
          {texts.retry}
        </button>
      )}
      {sessions && (
        <>
          <ul>
            {sessions.map((session) => (
              <Device
                key={session.session_id}
                session={session}
                busy={busy}
                onEnd={() => void tell(end(session.session_id))}
              />
            ))}
          </ul>
          <div className="usher-actions">
            {sessions.length > 1 && (
              <Confirm question={texts.confirmEndOthers} busy={busy} onConfirm={() => void tell(endOthers())}>
                {texts.endOthers}
              </Confirm>
            )}
            <Confirm
              question={texts.confirmEndAll}
              busy={busy}
              onConfirm={() => void endAll().then((ended) => ended && onSignedOut?.())}
            >
              {texts.endAll}
            </Confirm>
          </div>
        </>
      )}
    </section>
  );
}

function Device({ session, busy, onEnd }: { session: Session; busy: boolean; onEnd: () => void }): ReactNode {
  const texts = useTexts();
  const { device, ip, current } = session;
  return (
    <li aria-current={current || undefined}>
      <span className="usher-device">
        <strong>{device}</strong> {current && <mark>{texts.thisDevice}</mark>}
      </span>
      <span className="usher-hint">
        {lastSeen(session, texts)} · {ip}
      </span>
      {!current && (
        <Confirm
          label={`${texts.end}: ${device}`}
          question={fill(texts.confirmEnd, { device })}
          busy={busy}
          onConfirm={onEnd}
        >
          {texts.end}
        </Confirm>
      )}
    </li>
  );
}

/** The sentence with its moment as a `time` element. */
function lastSeen({ last_accessed_at }: Session, texts: Texts): ReactNode {
  const [before, after] = texts.lastSeen.split("{time}");
  const moment = new Date(last_accessed_at);
  const written = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  return (
    <>
      {before}
      <time dateTime={last_accessed_at}>{written.format(moment)}</time>
      {after}
    </>
  );
}
