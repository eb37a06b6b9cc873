import { colorOf, initialsOf } from "./person";

/** The disc that stands for a person in lists; its name is beside it. */
export function Avatar({ name, route, faded = false }: { name: string; route: string; faded?: boolean }) {
  const initials = initialsOf(name);
  return (
    <span
      class="avatar"
      aria-hidden="true"
      data-faded={faded}
      ref={(element) => element?.style.setProperty("--person", colorOf(name, route))}
    >
      {initials || (
        <svg width="26" height="26" viewBox="0 0 24 24" fill="currentColor" aria-hidden="true">
          <circle cx="12" cy="8.5" r="4.5" />
          <path d="M3.5 22a8.5 8 0 0 1 17 0Z" />
        </svg>
      )}
    </span>
  );
}
