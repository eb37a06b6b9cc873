// The control of a single value.
import { ScalarType } from "@bufbuild/protobuf";
import { CloseIcon } from "../ui/icons";
import { type Draft, problemOfField } from "./draft";
import { base64ToText, firstText, textToBase64 } from "./scalar";
import type { Known, Shape } from "./shape";

type TextDraft = Extract<Draft, { kind: "text" }>;
type LeafShape = Exclude<Shape, { kind: "message" | "list" | "map" }>;

interface LeafProps {
  readonly shape: LeafShape;
  readonly draft: TextDraft;
  readonly path: string;
  /** For screen readers, where no label stands beside it. */
  readonly label: string;
  readonly placeholder?: string;
  /** Whether the value is there even if nothing is typed. */
  readonly needed: boolean;
  onChange(draft: Draft): void;
}

export function Leaf(props: LeafProps) {
  const { shape, draft } = props;
  const problem = problemOfField(shape, draft, false);
  return (
    <div class="form-leaf">
      <Control {...props} wrong={problem !== null} />
      {problem && <p class="wrong">{problem}</p>}
    </div>
  );
}

function Control(props: LeafProps & { wrong: boolean }) {
  const { shape, draft, onChange } = props;
  const text = (value: string) => onChange({ ...draft, text: value });
  const common = {
    id: inputId(props.path),
    "aria-label": props.label,
    "aria-invalid": props.wrong,
    value: draft.text,
  };
  if (shape.kind === "enum") return <EnumSelect {...props} />;
  if (shape.kind === "known") {
    if (shape.known === "json") return <Multiline {...common} mono onText={text} />;
    return (
      <span class="form-joined">
        <input
          {...common}
          class="field mono"
          placeholder={hints[shape.known]}
          spellcheck={false}
          onInput={(event) => text(event.currentTarget.value)}
        />
        {shape.known === "timestamp" && (
          <button type="button" class="button small" onClick={() => text(new Date().toISOString())}>
            Now
          </button>
        )}
      </span>
    );
  }
  switch (shape.scalar) {
    case ScalarType.BOOL:
      return (
        <input
          {...common}
          class="form-check"
          type="checkbox"
          checked={draft.text === "true"}
          onChange={(event) => text(event.currentTarget.checked ? "true" : props.needed ? "false" : "")}
        />
      );
    case ScalarType.STRING:
      return <Multiline {...common} placeholder={props.placeholder ?? ""} onText={text} />;
    case ScalarType.BYTES:
      return <Bytes {...props} />;
    default:
      return (
        <input
          {...common}
          class="field mono"
          inputMode={unsigned.has(shape.scalar) ? "numeric" : "text"}
          placeholder={props.placeholder ?? (props.needed ? "" : "0")}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => text(event.currentTarget.value)}
        />
      );
  }
}

/** Phones have a keyboard of digits, without a minus. */
const unsigned: ReadonlySet<ScalarType> = new Set([
  ScalarType.UINT32,
  ScalarType.UINT64,
  ScalarType.FIXED32,
  ScalarType.FIXED64,
]);

const hints: Readonly<Record<Known, string>> = {
  timestamp: "2030-01-31T12:00:00Z",
  duration: "1.5s",
  mask: "name,location.latitude",
  json: "",
};

function EnumSelect({ shape, draft, path, label, needed, onChange }: LeafProps) {
  if (shape.kind !== "enum") return null;
  const values = shape.desc.values.map((value) => value.name);
  const shown = draft.text === "" && !needed ? firstText(shape) : draft.text;
  return (
    <select
      id={inputId(path)}
      class="field"
      aria-label={label}
      value={shown}
      onChange={(event) => onChange({ ...draft, text: event.currentTarget.value })}
    >
      {!values.includes(shown) && <option value={shown}>{shown}</option>}
      {shape.desc.values.map((value) => (
        <option key={value.name} value={value.name}>
          {value.name} = {value.number}
        </option>
      ))}
    </select>
  );
}

function Bytes(props: LeafProps & { wrong: boolean }) {
  const { draft, onChange, label } = props;
  const plain = draft.plain === true;
  /** The same bytes in the other spelling; bytes that are no text stay base64. */
  function respell(asText: boolean): void {
    const text = asText ? base64ToText(draft.text) : textToBase64(draft.text);
    if (asText !== plain && text !== null) onChange({ kind: "text", text, plain: asText });
  }
  return (
    <span class="form-joined">
      <Multiline
        id={inputId(props.path)}
        aria-label={label}
        aria-invalid={props.wrong}
        value={draft.text}
        placeholder={plain ? "text" : "base64"}
        mono
        onText={(text) => onChange({ ...draft, text })}
      />
      <select
        class="field"
        aria-label={`${label} is written as`}
        value={plain ? "text" : "base64"}
        onChange={(event) => {
          respell(event.currentTarget.value === "text");
          event.currentTarget.value = plain ? "text" : "base64";
        }}
      >
        <option value="base64">base64</option>
        <option value="text">text</option>
      </select>
    </span>
  );
}

function Multiline(props: {
  id: string;
  "aria-label": string;
  "aria-invalid": boolean;
  value: string;
  placeholder?: string;
  mono?: boolean;
  onText: (text: string) => void;
}) {
  const { onText, mono, ...rest } = props;
  return (
    <textarea
      {...rest}
      class={mono ? "field mono form-text" : "field form-text"}
      rows={1}
      autocomplete="off"
      spellcheck={false}
      onInput={(event) => onText(event.currentTarget.value)}
    />
  );
}

export function RemoveButton({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <button type="button" class="icon-button form-remove" aria-label={label} title={label} onClick={onClick}>
      <CloseIcon />
    </button>
  );
}

export function inputId(path: string): string {
  return `field-${path}`;
}
