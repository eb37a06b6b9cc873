// Which notes were written in this browser. The server names a note after its chat, so the names of the chats are kept.
import { signal } from "@preact/signals";
import type { Note } from "../rpc";
import { recall, remember } from "../ui/persist";

const MOST_CHATS = 1000;

/** What other tabs have kept meanwhile is there too. */
const keptChats = () => recall("chats")?.split(" ") ?? [];

const chats = signal<ReadonlySet<string>>(new Set(keptChats()));
globalThis.addEventListener?.("storage", () => {
  chats.value = new Set(keptChats());
});

export function isOwn(note: Note): boolean {
  return chats.value.has(chatOf(note));
}

/** The server's name for the chat that a note was written in. */
export function chatOf(note: Note): string {
  return note.id.slice(0, note.id.lastIndexOf("."));
}

/** From now on the notes of this chat are known as written here. */
export function addOwnChat(chatId: string): void {
  if (chats.value.has(chatId)) return;
  remember("chats", [...keptChats(), chatId].slice(-MOST_CHATS).join(" "));
  chats.value = new Set([...chats.value, chatId]);
}
