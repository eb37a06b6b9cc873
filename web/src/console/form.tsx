import type { DescField, DescMessage, DescOneof } from "@bufbuild/protobuf";
import { useRef } from "preact/hooks";
import { PlusIcon } from "../ui/icons";
import { addField, blank, type Draft, dropField, type MessageDraft, setField } from "./draft";
import { inputId, Leaf, RemoveButton } from "./leaf";
import { hasPresence, type Shape, shapeOf, shapeOfMessage, typeName } from "./shape";
import { plainPath } from "./violations";

/** What all parts of a form know. */
export interface Context {
  /** What fields mean, by dotted JSON names. */
  readonly notes: ReadonlyMap<string, string>;
  /** What the server said against fields, by `plainPath`. */
  readonly violations: ReadonlyMap<string, string>;
}

interface Part {
  readonly context: Context;
  /** As in `nodes[1].id`; it also makes identifiers. */
  readonly path: string;
  /** As in `nodes.id`, in JSON names. */
  readonly note: string;
  onChange(draft: Draft): void;
}

export function RootForm(props: Context & { desc: DescMessage; draft: Draft; onChange: (draft: Draft) => void }) {
  const shape = shapeOfMessage(props.desc);
  if (shape.kind === "message" && shape.desc.fields.length === 0)
    return <p class="console-hint">{props.desc.name} has no fields: there is nothing to fill in.</p>;
  return (
    <div class="form">
      <Value
        shape={shape}
        draft={props.draft}
        context={props}
        path=""
        note=""
        label={props.desc.name}
        needed
        onChange={props.onChange}
      />
    </div>
  );
}

function Value(props: Part & { shape: Shape; draft: Draft; label: string; needed: boolean }) {
  const { shape, draft } = props;
  if (shape.kind === "message" && draft.kind === "message")
    return <MessageForm {...props} desc={shape.desc} draft={draft} />;
  if (shape.kind === "list" && draft.kind === "list")
    return <ListForm {...props} item={shape.item} items={draft.items} />;
  if (shape.kind === "map" && draft.kind === "map") return <MapForm {...props} shape={shape} draft={draft} />;
  if (draft.kind !== "text" || shape.kind === "message" || shape.kind === "list" || shape.kind === "map") return null;
  return <Leaf {...props} shape={shape} draft={draft} />;
}

function MessageForm(props: Part & { desc: DescMessage; draft: MessageDraft }) {
  const { desc, draft } = props;
  const rest = Object.keys(draft.rest);
  return (
    <div class="form-fields">
      {desc.members.map((member) =>
        member.kind === "oneof" ? (
          <OneofForm key={member.name} {...props} oneof={member} />
        ) : (
          <FieldForm key={member.name} {...props} field={member} />
        ),
      )}
      {desc.members.length === 0 && <p class="console-hint">It has no fields.</p>}
      {rest.length > 0 && (
        <p class="wrong">
          {desc.name} has no field {rest.join(", ")}. Take it out of the JSON.
        </p>
      )}
    </div>
  );
}

function FieldForm(props: Part & { field: DescField; draft: MessageDraft; label?: string }) {
  const { field, draft, context, onChange } = props;
  const shape = shapeOf(field);
  const path = props.path ? `${props.path}.${field.name}` : field.name;
  const note = props.note ? `${props.note}.${field.jsonName}` : field.jsonName;
  const optional = hasPresence(field) && !field.oneof;
  const value = draft.fields[field.jsonName] ?? (optional ? null : restingDraft(shape));
  const comment = context.notes.get(note);
  const violation = context.violations.get(plainPath(path));
  const nested = shape.kind === "message" || shape.kind === "list" || shape.kind === "map";
  const Box = nested ? "fieldset" : "div";
  const help = (
    <>
      {comment && <p class="form-note">{comment.replaceAll("`", "")}</p>}
      {violation && <p class="wrong">{violation}</p>}
    </>
  );
  return (
    <Box class={nested && value ? "form-field nested" : "form-field"} aria-label={nested ? field.name : undefined}>
      <div class="form-label">
        {nested || !value ? <b>{field.name}</b> : <label for={inputId(path)}>{field.name}</label>}
        <span>{typeName(shape)}</span>
        {optional && value && (
          <RemoveButton label={`Leave out ${field.name}`} onClick={() => onChange(dropField(draft, field))} />
        )}
        {optional && !value && (
          <button
            type="button"
            class="link"
            aria-label={`Set ${field.name}`}
            onClick={() => onChange(addField(draft, field))}
          >
            <PlusIcon /> Set
          </button>
        )}
      </div>
      {nested && help}
      {value && (
        <Value
          context={context}
          shape={shape}
          draft={value}
          path={path}
          note={note}
          label={field.name}
          needed={hasPresence(field)}
          onChange={(next) => onChange(setField(draft, field, next))}
        />
      )}
      {!nested && help}
    </Box>
  );
}

/** What a field without presence shows while it is not set. */
function restingDraft(shape: Shape): Draft {
  return shape.kind === "list" || shape.kind === "map" ? blank(shape) : { kind: "text", text: "" };
}

function OneofForm(props: Part & { oneof: DescOneof; draft: MessageDraft }) {
  const { oneof, draft, onChange } = props;
  const chosen = oneof.fields.find((field) => draft.fields[field.jsonName]);
  const id = inputId(`${props.path}.${oneof.name}`);
  return (
    <fieldset class="form-field nested" aria-label={oneof.name}>
      <div class="form-label">
        <label for={id}>{oneof.name}</label>
        <span>oneof</span>
      </div>
      <select
        id={id}
        class="field"
        value={chosen?.jsonName ?? ""}
        onChange={(event) => {
          const next = oneof.fields.find((field) => field.jsonName === event.currentTarget.value);
          onChange(next ? addField(draft, next) : oneof.fields.reduce(dropField, draft));
        }}
      >
        <option value="">none of them</option>
        {oneof.fields.map((field) => (
          <option key={field.name} value={field.jsonName}>
            {field.name}
          </option>
        ))}
      </select>
      {chosen && <FieldForm {...props} field={chosen} />}
    </fieldset>
  );
}

function ListForm(props: Part & { item: Shape; items: readonly Draft[]; label: string }) {
  const { items, item, label } = props;
  const box = useRef<HTMLDivElement>(null);
  const set = (next: readonly Draft[]) => props.onChange({ kind: "list", items: next });
  return (
    <div ref={box} class="form-items">
      {items.map((value, i) => (
        <div class={item.kind === "message" ? "form-item boxed" : "form-item"} key={i}>
          <Value
            context={props.context}
            shape={item}
            draft={value}
            path={`${props.path}[${i}]`}
            note={props.note}
            label={`${label} ${i + 1}`}
            needed
            onChange={(next) => set(items.with(i, next))}
          />
          <RemoveButton label={`Remove ${label} ${i + 1}`} onClick={() => set(items.toSpliced(i, 1))} />
        </div>
      ))}
      <button
        type="button"
        class="link"
        aria-label={`Add to ${label}`}
        onClick={() => {
          set([...items, blank(item)]);
          focusItem(box.current, items.length);
        }}
      >
        <PlusIcon /> Add
      </button>
    </div>
  );
}

function MapForm(
  props: Part & { shape: Extract<Shape, { kind: "map" }>; draft: Extract<Draft, { kind: "map" }>; label: string },
) {
  const { shape, label } = props;
  const { rows } = props.draft;
  const box = useRef<HTMLDivElement>(null);
  const set = (next: typeof rows) => props.onChange({ kind: "map", rows: next });
  return (
    <div ref={box} class="form-items">
      {rows.map((row, i) => (
        <div class={shape.value.kind === "message" ? "form-item boxed map" : "form-item map"} key={i}>
          <Leaf
            shape={{ kind: "scalar", scalar: shape.key }}
            draft={{ kind: "text", text: row.key }}
            path={`${props.path}[${i}].key`}
            label={`Key ${i + 1} of ${label}`}
            placeholder="key"
            needed
            onChange={(key) => key.kind === "text" && set(rows.with(i, { ...row, key: key.text }))}
          />
          <Value
            context={props.context}
            shape={shape.value}
            draft={row.value}
            path={`${props.path}[${i}]`}
            note={props.note}
            label={`Value ${i + 1} of ${label}`}
            needed
            onChange={(value) => set(rows.with(i, { ...row, value }))}
          />
          <RemoveButton label={`Remove ${label} ${i + 1}`} onClick={() => set(rows.toSpliced(i, 1))} />
        </div>
      ))}
      <button
        type="button"
        class="link"
        aria-label={`Add to ${label}`}
        onClick={() => {
          set([...rows, { key: "", value: blank(shape.value) }]);
          focusItem(box.current, rows.length);
        }}
      >
        <PlusIcon /> Add
      </button>
    </div>
  );
}

/** Goes to an item that was just added, once it is drawn. */
function focusItem(box: HTMLElement | null, at: number): void {
  requestAnimationFrame(() =>
    box?.children[at]?.querySelector<HTMLElement>("input, textarea, select, button")?.focus(),
  );
}
