import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Comment, Title } from "./about";
import { Copy } from "./copy";
import { isOpen, type Page, send, sendsStream, start } from "./desk";
import { asForm, asJson, withDraft } from "./editor";
import { RootForm } from "./form";
import { Segments } from "./segments";
import { violationsOf } from "./violations";
import { Deadline, Metadata } from "./wire";

/** What is sent: the message, in a form or as JSON, and what goes with it. */
export function RequestPanel({ page, onBack }: { page: Page; onBack: () => void }) {
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    // After a choice by keyboard the focus goes to the form.
    if (document.activeElement?.matches(".console-list :focus-visible"))
      box.current?.querySelector<HTMLElement>(".form :is(input, textarea, select, button), .primary")?.focus();
  }, []);
  return (
    <section ref={box} class="console-request" aria-label="Request">
      <Title method={page.method} onBack={onBack} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section class="console-scroll" tabIndex={0} aria-label="What to send">
        <Comment text={page.method.operation?.comment ?? ""} />
        <Message page={page} />
        <Metadata page={page} />
        <Deadline page={page} />
        <Copy page={page} />
      </section>
      <Actions page={page} />
    </section>
  );
}

function Message({ page }: { page: Page }) {
  const { input } = page.method.desc;
  const editor = page.editor.value;
  const refused = useSignal<string | null>(null);
  const end = page.session.value?.end.value;

  function show(mode: "form" | "json"): void {
    const next = mode === "json" ? asJson(editor) : asForm(input, editor);
    refused.value = typeof next === "string" ? next : null;
    if (typeof next !== "string") page.editor.value = next;
  }

  return (
    <div class="console-message">
      <div class="console-line">
        <h3>Message</h3>
        <Segments label="Write it as" names={{ form: "Form", json: "JSON" }} chosen={editor.mode} onChoose={show} />
      </div>
      {editor.mode === "form" ? (
        <RootForm
          desc={input}
          draft={editor.draft}
          notes={page.method.operation?.notes ?? new Map()}
          violations={violationsOf(end?.details ?? [])}
          onChange={(draft) => {
            page.editor.value = withDraft(input, draft);
            page.problem.value = null;
          }}
        />
      ) : (
        <textarea
          class="field mono console-json"
          aria-label="Message as JSON"
          spellcheck={false}
          rows={6}
          value={editor.text}
          onInput={(event) => {
            page.editor.value = { ...editor, text: event.currentTarget.value };
            refused.value = null;
            page.problem.value = null;
          }}
        />
      )}
      {refused.value && <p class="wrong">It cannot be shown as a form yet. {refused.value}</p>}
    </div>
  );
}

function Actions({ page }: { page: Page }) {
  const open = isOpen(page);
  const session = page.session.value;
  const streams = sendsStream(page.method);
  const writable = open && session?.sending.value === true;
  return (
    <div class="console-actions">
      {page.problem.value && (
        <p class="wrong" role="alert">
          {page.problem.value}
        </p>
      )}
      <button type="button" class="button primary route" title="Ctrl + Enter" onClick={() => send(page)}>
        {streams && !writable ? "Open and send" : "Send"}
        <span aria-hidden="true">
          <kbd>Ctrl ⏎</kbd>
        </span>
      </button>
      {streams && !open && (
        <button type="button" class="button" title="Opens the call without a message" onClick={() => void start(page)}>
          Open
        </button>
      )}
      {streams && open && (
        <button type="button" class="button" disabled={!writable} onClick={() => session?.halfClose()}>
          Half-close
        </button>
      )}
      {open && (
        <button type="button" class="button" onClick={() => session?.cancel()}>
          Cancel
        </button>
      )}
    </div>
  );
}
