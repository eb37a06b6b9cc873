import { type DescMessage, type Message, toJson } from "@bufbuild/protobuf";
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { formatBytes, formatCount, formatDuration } from "../geo";
import { say } from "../state";
import { copyText } from "../ui/clipboard";
import { CopyIcon } from "../ui/icons";
import { Fields } from "./answer";
import { type Frame, rowsInSight } from "./frames";
import { JsonText } from "./json";
import type { Session } from "./session";

/** Pixels, as the style sheet has it. */
const ROW = 34;

/** What went over the wire, a row a frame. Only the rows in sight are in the document. */
export function FrameList({ session }: { session: Session }) {
  const box = useRef<HTMLElement>(null);
  const top = useSignal(0);
  const height = useSignal(600);
  /** How high what is open in a frame is, by its number; 0 until it is drawn. */
  const open = useSignal<ReadonlyMap<number, number>>(new Map());
  const active = useSignal<number | null>(null);
  const follows = useRef(true);
  const { log } = session;
  session.grown.value;

  // An answer that is the only one opens by itself.
  const answer = session.end.value && log.counts.received === 1 ? log.last("received") : undefined;
  useEffect(() => {
    if (answer) open.value = new Map([...open.peek(), [answer.n, 0]]);
  }, [answer]);

  const extra = new Map([...open.value].flatMap(([n, h]) => (n >= log.dropped ? [[n - log.dropped, h]] : [])));
  const { from, to, offset, total } = rowsInSight(log.length, ROW, extra, top.value, height.value);
  const shown = log.slice(from, to);
  const reachable = shown.some((frame) => frame.n === active.value) ? active.value : shown[0]?.n;

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      height.value = element.clientHeight;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (box.current && follows.current && log.counts.received > 1) box.current.scrollTop = total;
  }, [total]);

  function toggle(n: number): void {
    const next = new Map(open.peek());
    if (!next.delete(n)) next.set(n, 0);
    follows.current = false;
    open.value = next;
  }

  function walk(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || (event.target as HTMLElement).closest("pre")) return;
    event.preventDefault();
    const at = (active.peek() ?? log.dropped) - log.dropped;
    const next = Math.max(0, Math.min(log.length - 1, at + step));
    follows.current = next === log.length - 1;
    active.value = next + log.dropped;
    const start = rowsBefore(next, extra);
    const element = box.current;
    if (!element) return;
    if (start < element.scrollTop) element.scrollTop = start;
    if (start + ROW > element.scrollTop + element.clientHeight) element.scrollTop = start + ROW - element.clientHeight;
    requestAnimationFrame(() => document.getElementById(`frame-${next + log.dropped}`)?.focus());
  }

  return (
    <section
      ref={box}
      class="frames"
      aria-label="Frames"
      onKeyDown={walk}
      onScroll={(event) => {
        const { scrollTop, clientHeight, scrollHeight } = event.currentTarget;
        top.value = scrollTop;
        follows.current = scrollTop + clientHeight >= scrollHeight - ROW;
      }}
    >
      {log.dropped > 0 && <p class="frames-dropped">The first {formatCount(log.dropped)} frames were let go.</p>}
      <div style={{ height: `${total}px` }}>
        <ol style={{ transform: `translateY(${offset}px)` }}>
          {shown.map((frame) => (
            <FrameRow
              key={frame.n}
              session={session}
              frame={frame}
              open={open.value.has(frame.n)}
              reachable={frame.n === reachable}
              onToggle={() => {
                active.value = frame.n;
                toggle(frame.n);
              }}
              onHeight={(h) => {
                if (open.peek().has(frame.n)) open.value = new Map([...open.peek(), [frame.n, h]]);
              }}
            />
          ))}
        </ol>
      </div>
    </section>
  );
}

function rowsBefore(index: number, extra: ReadonlyMap<number, number>): number {
  return index * ROW + [...extra].reduce((sum, [at, more]) => (at < index ? sum + more : sum), 0);
}

const names = {
  sent: "Sent",
  received: "Received",
  header: "Header",
  trailer: "Trailer",
  "half-close": "Half-close",
} as const;
const arrows = { sent: "↑", received: "↓", header: "↓", trailer: "↓", "half-close": "↑" } as const;

function FrameRow(props: {
  session: Session;
  frame: Frame;
  open: boolean;
  reachable: boolean;
  onToggle: () => void;
  onHeight: (height: number) => void;
}) {
  const { frame, open, session } = props;
  const silent = frame.kind === "half-close";
  return (
    <li data-kind={frame.kind}>
      <button
        type="button"
        id={`frame-${frame.n}`}
        class="frame"
        tabIndex={props.reachable ? 0 : -1}
        aria-expanded={silent ? undefined : open}
        onClick={() => !silent && props.onToggle()}
      >
        <i aria-hidden="true">{arrows[frame.kind]}</i>
        <span class="visually-hidden">{names[frame.kind]} </span>
        <span class="frame-text mono">{preview(session, frame)}</span>
        <span class="frame-size">{"size" in frame && formatBytes(frame.size)}</span>
        <span class="frame-time">{formatDuration(frame.at)}</span>
      </button>
      {open && <Opened session={session} frame={frame} onHeight={props.onHeight} />}
    </li>
  );
}

/** All of a frame. It says how high it is, now and whenever that changes. */
function Opened(props: { session: Session; frame: Frame; onHeight: (height: number) => void }) {
  const { session, frame } = props;
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => props.onHeight(element.offsetHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  if ("fields" in frame)
    return (
      <div ref={box} class="frame-open">
        <Fields fields={frame.fields} />
      </div>
    );
  if (!("message" in frame)) return null;
  const text = readable(schemaOf(session, frame), frame.message, session, 2);
  return (
    <div ref={box} class="frame-open">
      <JsonText text={text} />
      <button
        type="button"
        class="icon-button small"
        aria-label="Copy this message"
        title="Copy"
        onClick={async () =>
          say((await copyText(text)) ? "Message copied" : "This browser does not let the page copy.")
        }
      >
        <CopyIcon />
      </button>
    </div>
  );
}

function preview(session: Session, frame: Frame): string {
  switch (frame.kind) {
    case "header":
    case "trailer": {
      const named = frame.fields.map(([name, value]) => `${name}: ${value}`).join("  ");
      return named || `${names[frame.kind].toLowerCase()}, without fields`;
    }
    case "half-close":
      return "half-close";
    default:
      return line(schemaOf(session, frame), frame.message, session);
  }
}

const lines = new WeakMap<Message, string>();

/** A message on one line, cut: rows are drawn again and again while messages come. */
function line(schema: DescMessage, message: Message, session: Session): string {
  const known = lines.get(message);
  if (known !== undefined) return known;
  const text = readable(schema, message, session, 0).slice(0, 300);
  lines.set(message, text);
  return text;
}

function schemaOf(session: Session, frame: Frame): DescMessage {
  return frame.kind === "sent" ? session.method.input : session.method.output;
}

function readable(schema: DescMessage, message: Message, session: Session, indent: number): string {
  try {
    return JSON.stringify(
      toJson(schema, message, { registry: session.registry, alwaysEmitImplicit: true }),
      null,
      indent,
    );
  } catch (problem) {
    return JSON.stringify(String(problem));
  }
}
