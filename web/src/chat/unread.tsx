import { words } from "./words";

/** How many notes came since one looked. */
export function Unread({ count }: { count: number }) {
  return (
    <b class="unread" title={words.unread(count)}>
      <span aria-hidden="true">{words.badge(count)}</span>
      <span class="visually-hidden">{words.unread(count)}</span>
    </b>
  );
}
