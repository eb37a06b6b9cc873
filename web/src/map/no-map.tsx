/** In the map's place where it cannot be drawn. The lists beside it work all the same. */
export function NoMap() {
  return (
    <p class="no-map" role="alert">
      The map cannot be drawn: this browser has no WebGL&nbsp;2, or it is switched off.
    </p>
  );
}
