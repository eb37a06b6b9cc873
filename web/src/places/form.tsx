import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { formatPoint } from "../geo";
import { reveal } from "../map/map";
import type { FeatureDraft } from "../rpc/features";
import { parseCoordinates } from "../search/coordinates";
import { BackIcon } from "../ui/icons";
import { categories } from "./categories";
import { cancel, type Draft, errors, leave, problem, remove, save, saving, write } from "./editing";
import { PlaceSign } from "./sign";
import { kindOf, words } from "./words";

/** What is known of a place, to be written. */
export function PlaceForm({ draft }: { draft: Draft }) {
  const form = useRef<HTMLFormElement>(null);
  const { original } = draft;

  useLayoutEffect(() => form.current?.querySelector("input")?.focus(), []);
  useEffect(() => {
    if (Object.keys(errors.value).length > 0) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [errors.value]);

  return (
    <form
      ref={form}
      class="place-form"
      aria-label={original ? words.editPlace : words.newPlace}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") leave();
      }}
    >
      <button type="button" class="button quiet small back" onClick={cancel}>
        <BackIcon /> {words.cancel}
      </button>
      <h2>{original ? words.editPlace : words.newPlace}</h2>
      <Field name="name" label={words.name}>
        {(attributes) => (
          <input
            {...attributes}
            maxLength={1024}
            placeholder={words.namePlaceholder}
            value={draft.name}
            autocomplete="off"
            onInput={(event) => write({ name: event.currentTarget.value })}
          />
        )}
      </Field>
      <Kinds chosen={draft.category} />
      <Field name="description" label={words.description}>
        {(attributes) => (
          <textarea
            {...attributes}
            rows={3}
            maxLength={4096}
            value={draft.description}
            onInput={(event) => write({ description: event.currentTarget.value })}
          />
        )}
      </Field>
      <Field name="webAddress" label={words.webAddress}>
        {(attributes) => (
          <input
            {...attributes}
            type="url"
            inputMode="url"
            maxLength={2048}
            placeholder="https://"
            value={draft.webAddress}
            onInput={(event) => write({ webAddress: event.currentTarget.value })}
          />
        )}
      </Field>
      <Position draft={draft} />
      {problem.value !== null && (
        <div class="problem" role="alert">
          <p>{words.notSaved(problem.value)}</p>
        </div>
      )}
      <footer>
        <button type="submit" class="button primary feature" aria-disabled={saving.value}>
          {saving.value ? words.saving : words.save}
        </button>
        {original && (
          <button type="button" class="button quiet remove" onClick={() => remove(original)}>
            {words.remove}
          </button>
        )}
      </footer>
    </form>
  );
}

interface FieldAttributes {
  readonly id: string;
  readonly class: string;
  readonly "aria-invalid": boolean;
  readonly "aria-describedby": string | undefined;
}

/** A field with its label, and under it what is wrong with it. */
function Field(props: {
  name: keyof FeatureDraft;
  label: string;
  hint?: string;
  /** What the page itself finds wrong. */
  wrong?: string | undefined;
  children: (attributes: FieldAttributes) => ComponentChildren;
}) {
  const id = `place-${props.name}`;
  const error = props.wrong ?? errors.value[props.name];
  const note = error ?? props.hint;
  return (
    <div class="place-field">
      <label for={id}>{props.label}</label>
      {props.children({
        id,
        class: "field",
        "aria-invalid": error !== undefined,
        "aria-describedby": note ? `${id}-note` : undefined,
      })}
      {note && (
        <small id={`${id}-note`} class={error ? "wrong" : ""}>
          {note}
        </small>
      )}
    </div>
  );
}

function Kinds({ chosen }: { chosen: string }) {
  const known = categories.map((category) => category.name);
  const all = ["", ...known, ...(chosen === "" || known.includes(chosen) ? [] : [chosen])];
  return (
    <fieldset class="kinds">
      <legend>{words.category}</legend>
      <div>
        {all.map((category) => {
          const label = category === "" ? words.none : kindOf(category);
          return (
            <label key={category} title={label}>
              <input type="radio" name="kind" checked={chosen === category} onChange={() => write({ category })} />
              <PlaceSign category={category} />
              <span class="visually-hidden">{label}</span>
            </label>
          );
        })}
      </div>
      <small>{chosen === "" ? words.none : kindOf(chosen)}</small>
      {errors.value.category && <small class="wrong">{errors.value.category}</small>}
    </fieldset>
  );
}

/** The pin's position, which may be written as well. */
function Position({ draft }: { draft: Draft }) {
  /** What is being written; null while it is what the pin says. */
  const text = useSignal<string | null>(null);
  const wrong = text.value !== null && parseCoordinates(text.value) === null;
  return (
    <Field name="point" label={words.position} hint={words.positionHint} wrong={wrong ? words.badPosition : undefined}>
      {(attributes) => (
        <input
          {...attributes}
          autocomplete="off"
          spellcheck={false}
          value={text.value ?? formatPoint(draft.point)}
          onInput={(event) => {
            text.value = event.currentTarget.value;
            const point = parseCoordinates(text.value);
            if (point) write({ point });
          }}
          onBlur={() => {
            text.value = null;
            reveal(draft.point);
          }}
        />
      )}
    </Field>
  );
}
