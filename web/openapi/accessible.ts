// What Swagger UI leaves out for those who do not see the page or use no pointer, put in whenever it has drawn something.

/** Keeps what is drawn in an element accessible from now on. */
export function keepAccessible(docs: HTMLElement): void {
  new MutationObserver(() => amend(docs)).observe(docs, { childList: true, subtree: true });
}

function amend(docs: HTMLElement): void {
  // Below the title, levels are left out.
  for (const [headings, level] of levels) for (const h of docs.querySelectorAll(headings)) h.ariaLevel = level;
  // The calls are in a landmark of their own.
  for (const [parts, name] of regions)
    for (const part of docs.querySelectorAll(parts)) {
      part.role = "region";
      part.ariaLabel = name;
    }
  // The path is a link inside the button that opens the call; the button does the same.
  for (const link of docs.querySelectorAll(".opblock-summary-control a[href]")) link.removeAttribute("href");
  for (const select of docs.querySelectorAll("select")) {
    select.ariaLabel ??= nameOf(select);
  }
  // Tables of answers are no landmarks, and two would have the same name.
  for (const table of docs.querySelectorAll("table[role=region]")) table.removeAttribute("role");
}

const levels = [
  ["h3.opblock-tag, .models > h4", "2"],
  [".opblock h4", "3"],
  [".opblock h5", "4"],
] as const;

const regions = [
  [".information-container", "The document"],
  [".scheme-container", "The server"],
] as const;

/** The parameter's name, or what selects without one are there for. */
function nameOf(select: HTMLSelectElement): string {
  if (select.id === "servers") return "Server";
  return select.closest("tr")?.dataset.paramName ?? "Media type";
}
