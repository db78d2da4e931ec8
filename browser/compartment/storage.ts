// Cookies and storage in memory. In an opaque origin the real ones throw, and
// most vendor code ends there.

export function virtualStorage(): void {
  define(window, "localStorage", memoryStorage());
  define(window, "sessionStorage", memoryStorage());
  virtualCookies();
}

function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { configurable: true, enumerable: true, get: () => value });
}

/** A Storage (HTML §12.2.1) that lives as long as the frame. */
function memoryStorage(): Storage {
  const items = new Map<string, string>();
  const methods: Record<string, unknown> = {
    getItem: (key: unknown) => items.get(String(key)) ?? null,
    setItem: (key: unknown, value: unknown) => void items.set(String(key), String(value)),
    removeItem: (key: unknown) => void items.delete(String(key)),
    clear: () => items.clear(),
    key: (index: number) => [...items.keys()][index] ?? null,
  };
  return new Proxy(Object.create(Storage.prototype) as Storage, {
    get: (_target, key) => {
      if (key === "length") return items.size;
      if (typeof key === "symbol") return undefined;
      return methods[key] ?? items.get(key);
    },
    set: (_target, key, value) => {
      items.set(String(key), String(value));
      return true;
    },
    has: (_target, key) => items.has(String(key)) || String(key) in methods,
    deleteProperty: (_target, key) => {
      items.delete(String(key));
      return true;
    },
    ownKeys: () => [...items.keys()],
    getOwnPropertyDescriptor: (_target, key) => {
      const value = items.get(String(key));
      return value === undefined ? undefined : { value, configurable: true, enumerable: true, writable: true };
    },
  });
}

/** document.cookie: name, value and expiry; path and domain do not matter in one document. */
function virtualCookies(): void {
  const jar = new Map<string, string>();
  Object.defineProperty(Document.prototype, "cookie", {
    configurable: true,
    enumerable: true,
    get: () => [...jar].map(([name, value]) => (name ? `${name}=${value}` : value)).join("; "),
    set: (text: unknown) => {
      const [pair = "", ...attributes] = String(text).split(";");
      const equals = pair.indexOf("=");
      const name = pair.slice(0, Math.max(equals, 0)).trim();
      if (expired(attributes)) jar.delete(name);
      else jar.set(name, pair.slice(equals + 1).trim());
    },
  });
}

/** RFC 6265 §5.2: Max-Age counts more than Expires. */
function expired(attributes: readonly string[]): boolean {
  let gone = false;
  for (const attribute of attributes) {
    const [name = "", value = ""] = attribute.split("=").map((part) => part.trim());
    if (/^max-age$/i.test(name)) return Number(value) <= 0;
    if (/^expires$/i.test(name)) gone = Date.parse(value) <= Date.now();
  }
  return gone;
}
