/** For tests: what a browser's localStorage does, with room for so many characters. */
export function testStorage(room = Number.POSITIVE_INFINITY): Storage {
  const storage = Object.create({
    getItem: (name: string) => (Object.hasOwn(storage, name) ? storage[name] : null),
    setItem: (name: string, text: string) => {
      const others = Object.keys(storage).filter((key) => key !== name);
      const used = others.reduce((sum, key) => sum + key.length + storage[key].length, 0);
      if (used + name.length + text.length > room) throw new DOMException("full", "QuotaExceededError");
      storage[name] = text;
    },
    removeItem: (name: string) => {
      delete storage[name];
    },
  });
  return storage;
}
