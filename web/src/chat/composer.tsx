import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { traveler } from "../state";
import { SendIcon } from "../ui/icons";
import { LONGEST_MESSAGE } from "./chat";
import { named } from "./chats";
import { words } from "./words";

/** From so many bytes on, the page shows how many there are. */
const NEAR_THE_END = LONGEST_MESSAGE - 512;

const utf8 = new TextEncoder();

export interface ComposerProps {
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly onSend: (message: string) => void;
}

/** Writes a note. Before the first one it asks for a name. */
export function Composer({ text, onText, onSend }: ComposerProps) {
  const naming = useSignal<"first" | "again" | null>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const message = text.trim().toWellFormed();
  const bytes = utf8.encode(message).length;
  const tooLong = bytes > LONGEST_MESSAGE;

  useLayoutEffect(() => {
    if (!area.current) return;
    area.current.style.height = "";
    area.current.style.height = `${area.current.scrollHeight + 2}px`;
  }, [text, naming.value]);

  function send(): void {
    if (message === "" || tooLong) return;
    if (!named.value && traveler.value === "") {
      naming.value = "first";
      return;
    }
    onText("");
    onSend(message);
    area.current?.focus();
  }

  if (naming.value) {
    return (
      <NameForm
        first={naming.value === "first"}
        onDone={() => {
          const first = naming.value === "first";
          naming.value = null;
          if (first) send();
        }}
      />
    );
  }
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div class="composer-line">
        <textarea
          ref={area}
          class="field"
          rows={1}
          aria-label={words.yourNote}
          aria-describedby="composer-help"
          aria-invalid={tooLong}
          placeholder={words.placeholder}
          enterkeyhint="send"
          value={text}
          onInput={(event) => onText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") area.current?.blur();
            if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            send();
          }}
        />
        <button
          type="submit"
          class="button primary note"
          aria-label={words.send}
          title={words.send}
          disabled={message === "" || tooLong}
        >
          <SendIcon />
        </button>
      </div>
      <div class="composer-foot" id="composer-help">
        {(named.value || traveler.value !== "") && (
          <button
            type="button"
            onClick={() => {
              naming.value = "again";
            }}
          >
            {words.as}
            <b>{traveler.value || words.nameless}</b>
            {words.change}
          </button>
        )}
        <Size bytes={bytes} />
      </div>
    </form>
  );
}

function Size({ bytes }: { bytes: number }) {
  if (bytes < NEAR_THE_END) return <span class="composer-keys">{words.newLine}</span>;
  const over = bytes - LONGEST_MESSAGE;
  return (
    <span class={over > 0 ? "over" : ""} role="status">
      {over > 0 ? words.tooLong(over) : words.bytesOf(bytes, LONGEST_MESSAGE)}
    </span>
  );
}

function NameForm({ first, onDone }: { first: boolean; onDone: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => input.current?.focus(), []);

  function done(name: string): void {
    traveler.value = name.trim();
    named.value = true;
    onDone();
  }

  return (
    <form
      class="composer name"
      onSubmit={(event) => {
        event.preventDefault();
        done(input.current?.value ?? "");
      }}
    >
      <label class="labelled">
        <span>{first ? words.askName : words.yourName}</span>
        <input ref={input} class="field" maxLength={64} autocomplete="nickname" defaultValue={traveler.value} />
      </label>
      <div class="buttons">
        <button type="submit" class="button small primary note">
          {first ? words.sendAs : words.useName}
        </button>
        <button type="button" class="button small quiet" onClick={() => done("")}>
          {words.withoutName}
        </button>
      </div>
    </form>
  );
}
