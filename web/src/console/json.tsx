const token = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Longer text is shown without colours, and cut. */
const COLOURED = 20_000;
const LONGEST = 200_000;

/** JSON for reading. */
export function JsonText({ text }: { text: string }) {
  const cut = text.length > LONGEST;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <pre class="json mono" tabIndex={0}>
      {text.length > COLOURED ? text.slice(0, LONGEST) : coloured(text)}
      {cut && `\n… ${text.length - LONGEST} more characters`}
    </pre>
  );
}

function coloured(text: string) {
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(token)) {
    const [whole, quoted, colon] = match;
    if (match.index > from) parts.push(text.slice(from, match.index));
    if (colon) parts.push(<span class="json-key">{quoted}</span>, colon);
    else parts.push(<span class={quoted ? "json-text" : "json-value"}>{whole}</span>);
    from = match.index + whole.length;
  }
  parts.push(text.slice(from));
  return parts;
}
