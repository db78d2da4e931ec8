// The CookieStore API over the jar, where the browser has it.

import type { Cookie, CookieRequest, Jar, SameSite } from "./cookies";
import { domainMatches } from "./cookies";
import { later, methods, need } from "./define";

interface Options {
  name?: unknown;
  value?: unknown;
  url?: unknown;
  expires?: number | null;
  domain?: string | null;
  path?: string;
  sameSite?: SameSite;
}

export function virtualCookieStore(jar: Jar): void {
  if (!("cookieStore" in window)) return;
  const store = cookieStore;

  /** The cookies that get and getAll are asked for. */
  const find = (args: unknown[]) => {
    const [asked] = args;
    const options: Options = typeof asked === "object" && asked ? asked : args.length ? { name: asked } : {};
    if (options.url !== undefined) {
      const here = location.href.replace(/#.*/, "");
      if (new URL(String(options.url), document.baseURI).href.replace(/#.*/, "") !== here) throw new TypeError("Not the document's URL");
    }
    const name = options.name === undefined ? null : String(options.name);
    return { some: name !== null || options.url !== undefined, found: () => jar.list().filter((cookie) => name === null || cookie.name === name).map(item) };
  };

  methods(CookieStore.prototype, {
    async get(...args: unknown[]) {
      const { some, found } = find(args);
      if (!some) throw new TypeError("Empty options");
      return found()[0] ?? null;
    },
    async getAll(...args: unknown[]) {
      return find(args).found();
    },
    async set(...args: unknown[]) {
      const [first, value] = args;
      need(args, 1);
      put(jar, args.length > 1 || typeof first !== "object" ? { name: first, value } : (first as Options));
    },
    async delete(...args: unknown[]) {
      const [first] = args;
      need(args, 1);
      const { name, domain, path } = (typeof first === "object" && first ? first : { name: first }) as Options;
      put(jar, { name, value: "-", expires: 0, ...(domain != null && { domain }), ...(path !== undefined && { path }) }, true);
    },
  });

  jar.observe((before, after) => {
    if (before && after && before.value === after.value && before.expires === after.expires) return;
    const { value, expires, sameSite, ...gone } = full(before ?? (after as Cookie));
    const change = after ? { changed: [full(after)] } : { deleted: [{ ...gone, ...(before?.sameSite && { sameSite }) }] };
    later(() => store.dispatchEvent(new CookieChangeEvent("change", change)));
  });
}

/** Sets a cookie as CookieStore does: always secure, strict unless it says otherwise. */
function put(jar: Jar, options: Options, removes = false): void {
  const wrong = (what: boolean, of: string) => {
    if (what) throw new TypeError(`Invalid cookie ${of}`);
  };
  wrong(options.name === undefined || options.value === undefined, "options");
  const name = normal(options.name);
  const value = normal(options.value);
  const domain = options.domain ?? "";
  const path = options.path ?? "/";
  const sameSite = options.sameSite ?? "strict";
  const { hostname } = location;
  wrong(/[;\0-\x08\x0a-\x1f\x7f]/.test(name + value) || name.includes("="), "name or value");
  wrong(!!domain && (!domainMatches(hostname, domain.toLowerCase()) || domain.length > 1024), "domain");
  wrong(!path.startsWith("/") || path.length > 1024, "path");
  wrong(!["strict", "lax", "none"].includes(sameSite), "sameSite");
  const request: CookieRequest = {
    name,
    value,
    domain: domain.toLowerCase(),
    path,
    expires: options.expires ?? null,
    secure: true,
    httpOnly: false,
    sameSite,
  };
  wrong(!jar.set(request) && !removes, "");
}

const normal = (value: unknown): string => String(value).replace(/^[ \t]+|[ \t]+$/g, "");

function full({ name, value, domain, hostOnly, path, expires, secure, sameSite }: Cookie) {
  return { name, value, domain: hostOnly ? null : domain, path, expires, secure, sameSite: sameSite ?? "lax", partitioned: false } as const;
}

/** A CookieListItem with the members that the browser gives it: some have name and value alone. */
const item = (cookie: Cookie) => ({ ...new CookieChangeEvent("change", { changed: [full(cookie)] }).changed[0] });
