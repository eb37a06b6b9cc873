import { useEffect, useRef } from "preact/hooks";
import { formatBytes, formatCount, formatDuration } from "../geo";
import { statusName } from "../rpc/dynamic";
import { narrow } from "../ui/sheet";
import { isOpen, type Page, sendsStream } from "./desk";
import { FrameList } from "./framelist";
import { JsonText } from "./json";
import type { End, ReadableDetail, Session } from "./session";
import { fieldViolations } from "./violations";

/** What came of the call: how it ended, and everything that went over the wire. */
export function AnswerPanel({ page }: { page: Page }) {
  const box = useRef<HTMLElement>(null);
  const session = page.session.value;
  // On a phone the answer lies under the form: it comes into view when nothing is left to be written.
  const news = sendsStream(page.method) ? (session?.end.value ?? null) : session;
  const seen = useRef(news);
  useEffect(() => {
    if (narrow.value && news && news !== seen.current) box.current?.scrollIntoView();
    seen.current = news;
  }, [news]);
  return (
    <section ref={box} class="console-answer" aria-label="Answer" aria-busy={isOpen(page)}>
      {session ? (
        <Answer key={session.began} session={session} />
      ) : (
        <div class="empty">
          <p>Nothing sent yet. What goes over the wire is listed here, message by message.</p>
        </div>
      )}
    </section>
  );
}

function Answer({ session }: { session: Session }) {
  const end = session.end.value;
  session.grown.value;
  const { sent, received, bytes } = session.log.counts;
  return (
    <>
      <div class="console-status">
        <span role="status">
          <StatusPill end={end} />
        </span>
        <span class="dim">
          {end && `${formatDuration(end.ms)} · `}
          {formatCount(sent)} sent · {formatCount(received)} received · {formatBytes(bytes)}
        </span>
      </div>
      {end && <Ending end={end} />}
      <FrameList session={session} />
    </>
  );
}

function StatusPill({ end }: { end: End | null }) {
  if (!end) return <b class="pill open">open</b>;
  const kind = end.code === 0 ? "ok" : end.code === 1 ? "cancelled" : "failed";
  return (
    <b class={`pill ${kind}`}>
      {statusName(end.code)} <small>{end.code}</small>
    </b>
  );
}

function Ending({ end }: { end: End }) {
  if (!end.message && end.details.length === 0 && end.trailer.length === 0) return null;
  return (
    <div class="console-ending">
      {end.message && <p>{end.message}</p>}
      {end.details.map((detail, i) => (
        <Detail key={i} detail={detail} />
      ))}
      {end.trailer.length > 0 && (
        <details>
          <summary>
            {end.trailer.length} {end.trailer.length === 1 ? "trailer" : "trailers"}
          </summary>
          <Fields fields={end.trailer} />
        </details>
      )}
    </div>
  );
}

function Detail({ detail }: { detail: ReadableDetail }) {
  const violations = fieldViolations(detail);
  return (
    <div class="console-detail">
      <h3>{detail.type}</h3>
      {violations.length > 0 ? (
        <dl>
          {violations.map(({ field, description }) => (
            <div key={field + description}>
              <dt class="mono">{field}</dt>
              <dd>{description}</dd>
            </div>
          ))}
        </dl>
      ) : detail.json === null ? (
        <p class="dim">{formatBytes(detail.size)} of a type that the server does not describe</p>
      ) : (
        <JsonText text={JSON.stringify(detail.json, null, 2)} />
      )}
    </div>
  );
}

export function Fields({ fields }: { fields: readonly (readonly [string, string])[] }) {
  return (
    <dl class="console-fields">
      {fields.map(([name, value]) => (
        <div key={name}>
          <dt class="mono">{name}</dt>
          <dd class="mono">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
