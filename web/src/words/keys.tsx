/** A sentence in which the names of keys stand in brackets: `[Esc] ends`. */
export function Keys({ text }: { text: string }) {
  return <>{text.split(/\[([^\]]+)\]/).map((part, i) => (i % 2 === 1 ? <kbd key={part}>{part}</kbd> : part))}</>;
}
