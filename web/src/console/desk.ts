// What the console knows while the page lasts: the server's methods, and for each one that was opened what was written.
import type { JsonValue, Message, Registry } from "@bufbuild/protobuf";
import { toJson } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { effect, type Signal, signal } from "@preact/signals";
import { fetchDocument } from "../rpc/document";
import { statusName } from "../rpc/dynamic";
import { reflectServices } from "../rpc/reflection";
import { consoleLink } from "../state";
import { persisted } from "../ui/persist";
import { catalogOf, findMethod, type Group, type Method } from "./catalog";
import { curlOf, grpcurlOf, type Request } from "./command";
import { compact, type Editor, editorOf, emptyEditor, messageOf, parse } from "./editor";
import { decodeHistory, type Past, remembered } from "./history";
import { deadlineOf, type Pair, pairsOf, problemOfPair } from "./metadata";
import { readOperations } from "./openapi";
import { Session } from "./session";

export type Catalog =
  | { readonly kind: "loading" }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "ready"; readonly groups: readonly Group[]; readonly registry: Registry };

export const catalog = signal<Catalog>({ kind: "loading" });

/** Newest first. */
export const history = persisted<readonly Past[]>("console", [], decodeHistory, JSON.stringify);

/** Where grpcurl finds native gRPC. A guess, since the page only knows the HTTP address that it came from. */
export const grpcAddress = persisted("grpc", `${globalThis.location?.hostname || "localhost"}:50051`, (text) => text);

/** One method, with what was written for it. */
export interface Page {
  readonly method: Method;
  readonly registry: Registry;
  readonly editor: Signal<Editor>;
  readonly metadata: Signal<readonly Pair[]>;
  /** Seconds, as typed. */
  readonly deadline: Signal<string>;
  readonly session: Signal<Session | null>;
  /** Why what is written cannot be sent. */
  readonly problem: Signal<string | null>;
}

const pages = new Map<string, Page>();

export const page = signal<Page | null>(null);

/** Asks the server what it serves; again after it failed. */
export async function loadCatalog(): Promise<void> {
  catalog.value = { kind: "loading" };
  try {
    const [{ services, registry }, document] = await Promise.all([reflectServices(), fetchDocument()]);
    catalog.value = { kind: "ready", groups: catalogOf(services, readOperations(document)), registry };
  } catch (failure) {
    const error = ConnectError.from(failure);
    catalog.value = { kind: "failed", reason: `${statusName(error.code)}: ${error.rawMessage}` };
  }
}

/** Characters. Longer input is left out of the link. */
const LONGEST_LINK = 4000;

/** Follows the address, and writes into it what is typed, from now on. */
export function followLink(): void {
  effect(() => {
    const known = catalog.value;
    const link = consoleLink.value;
    if (known.kind !== "ready" || !link) return;
    const method = findMethod(known.groups, link.method);
    const next = method && pageOf(method, known.registry);
    const editor = next?.editor.peek();
    if (next && editor && link.input && link.input !== compact(editor))
      next.editor.value = editorOf(next.method.desc.input, link.input);
    page.value = next;
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    const shown = page.value;
    if (!shown) return;
    const text = compact(shown.editor.value);
    clearTimeout(timer);
    timer = setTimeout(() => {
      const input = text === "{}" || text.length > LONGEST_LINK ? "" : text;
      if (consoleLink.peek() && page.peek() === shown) consoleLink.value = { method: shown.method.id, input };
    }, 300);
  });
}

function pageOf(method: Method, registry: Registry): Page {
  const known = pages.get(method.id);
  if (known) return known;
  const made: Page = {
    method,
    registry,
    editor: signal(emptyEditor(method.desc.input)),
    metadata: signal([]),
    deadline: signal(""),
    session: signal(null),
    problem: signal(null),
  };
  pages.set(method.id, made);
  return made;
}

export function choose(method: Method): void {
  consoleLink.value = { method: method.id, input: "" };
}

export function chooseNone(): void {
  page.value = null;
  consoleLink.value = { method: "", input: "" };
}

/** Opens a call of the past as it was written. */
export function reopen(past: Past): void {
  const known = catalog.peek();
  const method = known.kind === "ready" && findMethod(known.groups, past.method);
  if (known.kind !== "ready" || !method) return;
  const opened = pageOf(method, known.registry);
  const text = past.messages.at(-1);
  opened.editor.value = text === undefined ? emptyEditor(method.desc.input) : editorOf(method.desc.input, text);
  opened.metadata.value = past.metadata;
  opened.deadline.value = past.deadline;
  opened.problem.value = null;
  consoleLink.value = { method: method.id, input: "" };
}

export function isOpen(page: Page): boolean {
  const session = page.session.value;
  return session !== null && session.end.value === null;
}

/** Whether a call of the method is open. */
export function isCalling(method: Method): boolean {
  const opened = pages.get(method.id);
  return opened !== undefined && isOpen(opened);
}

export function sendsStream(method: Method): boolean {
  return method.desc.methodKind === "client_streaming" || method.desc.methodKind === "bidi_streaming";
}

/** Sends what is written: on the open call, or as the first message of a new one. A call that takes one half-closes. */
export function send(page: Page): void {
  const message = messageOf(page.method.desc.input, page.editor.peek(), page.registry);
  if (typeof message === "string") {
    page.problem.value = message;
    return;
  }
  const streams = sendsStream(page.method);
  const open = page.session.peek();
  const session = streams && open?.sending.peek() ? open : start(page);
  if (!session) return;
  page.problem.value = null;
  try {
    session.send(message);
    if (!streams) session.halfClose();
  } catch (failure) {
    page.problem.value = ConnectError.from(failure).rawMessage;
  }
}

/** Opens a new call, without a message; null when its metadata or deadline cannot be sent. */
export function start(page: Page): Session | null {
  const rows = page.metadata.peek();
  const deadlineMs = deadlineOf(page.deadline.peek());
  const pair = rows.map(problemOfPair).find((problem) => problem !== null);
  page.problem.value = pair ?? (Number.isNaN(deadlineMs) ? "A deadline is a number of seconds above 0" : null);
  if (page.problem.peek() !== null) return null;
  page.session.peek()?.cancel();
  const deadline = page.deadline.peek();
  const session = new Session(page.method.desc, page.registry, { metadata: pairsOf(rows), deadlineMs }, (over, end) => {
    const messages = sentBy(over, 20).map((message) => JSON.stringify(jsonOfMessage(page, message)));
    const { began } = over;
    const past = {
      method: page.method.id,
      messages,
      metadata: pairsOf(rows),
      deadline,
      began,
      ms: end.ms,
      code: end.code,
    };
    history.value = remembered(history.peek(), past);
  });
  page.session.value = session;
  return session;
}

function sentBy(session: Session, most: number): Message[] {
  return session.log
    .slice(0, session.log.length)
    .flatMap((frame) => (frame.kind === "sent" ? [frame.message] : []))
    .slice(0, most);
}

function jsonOfMessage(page: Page, message: Message): JsonValue {
  return toJson(page.method.desc.input, message, { registry: page.registry });
}

/** Messages in a copied line, at most. */
const MOST_COPIED = 200;

/** The call as a shell line: what a stream has sent so far, else what is written. A string says why there is none. */
export function commandOf(page: Page, tool: "curl" | "grpcurl"): { readonly line: string } | string {
  const session = page.session.peek();
  const sent = session && sendsStream(page.method) ? sentBy(session, MOST_COPIED) : [];
  const metadata = pairsOf(page.metadata.peek());
  const deadlineMs = deadlineOf(page.deadline.peek());
  if (Number.isNaN(deadlineMs)) return "The deadline is not a number of seconds.";
  let messages = sent.map((message) => jsonOfMessage(page, message));
  if (messages.length === 0) {
    const message = messageOf(page.method.desc.input, page.editor.peek(), page.registry);
    if (typeof message === "string") return message;
    messages = [parse(page.editor.peek().text)];
  }
  const request: Request = { method: page.method, messages, metadata, deadlineMs };
  if (tool === "grpcurl") return { line: grpcurlOf(request, grpcAddress.peek(), location.protocol === "https:") };
  const line = curlOf(request, location.origin);
  if (line !== null) return { line };
  return page.method.operation
    ? "This message does not fit into the method's REST path. Copy it as grpcurl."
    : "This method has no REST path. Copy it as grpcurl.";
}
