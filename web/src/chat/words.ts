// What the notes on the map, the badges and the deletion of a note say.
import { formatCount } from "../geo";

export const words = {
  someone: "someone",
  unread: (count: number) => (count === 1 ? "1 new note" : `${formatCount(count)} new notes`),
  badge: (count: number) => (count > 99 ? "99+" : String(count)),
  knock: "Knock when a note arrives",
  remove: "Delete this note",
  quoted: (message: string) => `“${message}”`,
  notRemoved: (reason: string) => `The note could not be deleted: ${reason}.`,
};
