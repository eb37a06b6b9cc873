import { useSignal } from "@preact/signals";
import { BackIcon } from "../ui/icons";
import { kindNames, type Method, splitName } from "./catalog";
import { sendsStream } from "./desk";
import { KindIcon } from "./kind";

export function Title({ method, onBack }: { method: Method; onBack: () => void }) {
  const { desc } = method;
  const { short, pack } = splitName(desc.parent.typeName);
  const stream = (streams: boolean) => (streams ? "stream " : "");
  const sends = sendsStream(method);
  const receives = desc.methodKind === "server_streaming" || desc.methodKind === "bidi_streaming";
  return (
    <div class="console-title">
      <button type="button" class="icon-button small console-back" aria-label="All methods" onClick={onBack}>
        <BackIcon />
      </button>
      <div>
        <h2>
          <span class="dim">
            {pack && `${pack}.`}
            {short} /{" "}
          </span>
          {desc.name}
        </h2>
        <p class="dim">
          <KindIcon kind={desc.methodKind} /> {kindNames[desc.methodKind]} · {stream(sends)}
          {desc.input.name} → {stream(receives)}
          {desc.output.name}
        </p>
      </div>
    </div>
  );
}

/** Characters. Of a longer comment only the first paragraph is shown at first. */
const LONG = 300;

export function Comment({ text }: { text: string }) {
  const whole = useSignal(text.length <= LONG);
  if (!text) return null;
  const [first = "", ...others] = text.split(/\n{2,}/);
  return (
    <div class="console-comment">
      <Prose text={first} />
      {whole.value && others.map((paragraph) => <Prose key={paragraph} text={paragraph} />)}
      {text.length > LONG && others.length > 0 && (
        <button
          type="button"
          class="link"
          aria-expanded={whole.value}
          onClick={() => {
            whole.value = !whole.value;
          }}
        >
          {whole.value ? "Less" : "More"}
        </button>
      )}
    </div>
  );
}

/** Text with `code` in it. */
function Prose({ text }: { text: string }) {
  const parts = text.split("`");
  return <p>{parts.map((part, i) => (i % 2 === 1 && i < parts.length - 1 ? <code key={part}>{part}</code> : part))}</p>;
}
