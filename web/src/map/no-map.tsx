import { words } from "../ui/words";

/** In the map's place where it cannot be drawn. The lists beside it work all the same. */
export function NoMap() {
  return (
    <p class="no-map" role="alert">
      {words.noMap}
    </p>
  );
}
