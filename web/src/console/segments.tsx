/** A choice of few, all of them in sight. */
export function Segments<T extends string>(props: {
  label: string;
  names: Readonly<Record<T, string>>;
  chosen: T;
  onChoose: (choice: T) => void;
}) {
  return (
    <fieldset class="segments" aria-label={props.label}>
      <div>
        {(Object.keys(props.names) as T[]).map((choice) => (
          <button
            key={choice}
            type="button"
            aria-pressed={choice === props.chosen}
            onClick={() => props.onChoose(choice)}
          >
            {props.names[choice]}
          </button>
        ))}
      </div>
    </fieldset>
  );
}
