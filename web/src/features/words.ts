// What is said of a view with more features than a list can have.
import { formatCount } from "../geo";

export const words = {
  nearestOf: (listed: number) => `The nearest ${formatCount(listed)} are listed: zoom in for the rest.`,
  found: (listed: number, more: boolean) =>
    more ? `${formatCount(listed)} or more match` : `${formatCount(listed)} match`,
};
