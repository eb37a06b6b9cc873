// Which notes were written in this browser. The server names a note after its chat, so the names of the chats are kept, each
// with the secret that lets its notes be deleted.
import { signal } from "@preact/signals";
import type { Note } from "../rpc";
import { recall, remember } from "../ui/persist";

const MOST_CHATS = 1000;

/** What other tabs have kept meanwhile is there too. A chat of an older page is known by its name alone. */
function keptChats(): Map<string, string> {
  const pairs = recall("chats")?.split(" ") ?? [];
  return new Map(pairs.map((pair) => pair.split(":")).map(([id = "", token = ""]) => [id, token]));
}

const chats = signal<ReadonlyMap<string, string>>(keptChats());
globalThis.addEventListener?.("storage", () => {
  chats.value = keptChats();
});

export function isOwn(note: Pick<Note, "id">): boolean {
  return chats.value.has(chatOf(note));
}

/** The secret of the chat that a note was written in; "" where it is not known here, and the note cannot be deleted. */
export function tokenOf(note: Pick<Note, "id">): string {
  return chats.value.get(chatOf(note)) ?? "";
}

/** The server's name for the chat that a note was written in. */
export function chatOf(note: Pick<Note, "id">): string {
  return note.id.slice(0, note.id.lastIndexOf("."));
}

/** From now on the notes of this chat are known as written here. */
export function addOwnChat(chatId: string, token: string): void {
  if (chats.value.get(chatId) === token) return;
  const all = keptChats().set(chatId, token);
  remember(
    "chats",
    [...all]
      .slice(-MOST_CHATS)
      .map(([id, secret]) => `${id}:${secret}`)
      .join(" "),
  );
  chats.value = new Map([...chats.value, [chatId, token]]);
}
