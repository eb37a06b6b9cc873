import { anyPlace, categoryOf } from "./categories";

/** The icon of a kind of places in its colour; what it means is said beside it. */
export function PlaceSign({ category, size = 26 }: { category: string; size?: number }) {
  const { color, path } = categoryOf(category) ?? anyPlace;
  return (
    <svg class="place-sign" width={size} height={size} viewBox="-8 -8 40 40" aria-hidden="true">
      <circle cx="12" cy="12" r="20" fill={color} />
      <path d={path} fill="none" stroke="#fff" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}
