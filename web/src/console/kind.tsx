import { type Kind, kindNames } from "./catalog";

/** One arrow up for what is sent, one down for what comes; two heads where it is a stream. */
export function KindIcon({ kind }: { kind: Kind }) {
  const sends = kind === "client_streaming" || kind === "bidi_streaming";
  const receives = kind === "server_streaming" || kind === "bidi_streaming";
  return (
    <svg
      class="kind"
      data-kind={kind}
      width="20"
      height="16"
      viewBox="0 0 20 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.6"
      stroke-linecap="round"
      stroke-linejoin="round"
      role="img"
      aria-label={kindNames[kind]}
    >
      <path d={sends ? "M6 14V2.5M2.5 6 6 2.5 9.5 6M2.5 10 6 6.5 9.5 10" : "M6 14V2.5M2.5 6 6 2.5 9.5 6"} />
      <path
        d={receives ? "M14 2v11.5M10.5 10l3.5 3.5 3.5-3.5M10.5 6 14 9.5 17.5 6" : "M14 2v11.5M10.5 10l3.5 3.5 3.5-3.5"}
      />
    </svg>
  );
}
