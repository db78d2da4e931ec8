// Cookies in memory (RFC 6265bis): the cookie string, the jar, document.cookie. In an
// opaque origin the real one throws, and most vendor code ends there.

import { parseCookieDate } from "./cookiedate";
import { getter } from "./define";

export type SameSite = "strict" | "lax" | "none";

/** A cookie as a script asks for it. */
export interface CookieRequest {
  readonly name: string;
  readonly value: string;
  /** Lower case, without a dot in front; empty for this host alone. */
  readonly domain: string;
  /** Empty for the default path. */
  readonly path: string;
  /** In ms since 1970; null where it ends with the session. */
  readonly expires: number | null;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite: SameSite | null;
}

/** A cookie as it is stored. */
export interface Cookie extends CookieRequest {
  readonly hostOnly: boolean;
  /** A kept cookie has lost its domain and path: the next of its name replaces it. */
  readonly seed: boolean;
}

/** Bounds of RFC 6265bis §5.6 and §5.7, in bytes and in ms. */
const MAX_COOKIE = 4096;
const MAX_ATTRIBUTE = 1024;
export const MAX_AGE = 400 * 24 * 3600 * 1000;
/** Beyond MANY cookies the oldest go, until FEW are left: as Chromium and Firefox do. */
const MANY = 180;
const FEW = 150;

const bytes = (text: string): number => new TextEncoder().encode(text).length;
const trim = (text: string): string => text.replace(/^[ \t]+|[ \t]+$/g, "");

/** Reads a cookie string (§5.6), or returns null where a browser ignores it. */
export function parseCookie(text: string): CookieRequest | null {
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(text)) return null;
  const [pair = "", ...attributes] = text.split(";");
  const equals = pair.indexOf("=");
  const request = {
    name: trim(pair.slice(0, Math.max(equals, 0))),
    value: trim(pair.slice(equals + 1)),
    domain: "",
    path: "",
    expires: null as number | null,
    secure: false,
    httpOnly: false,
    sameSite: null as SameSite | null,
  };
  let maxAge: number | null = null;
  let partitioned = false;
  for (const attribute of attributes) {
    const at = attribute.indexOf("=");
    const name = trim(at < 0 ? attribute : attribute.slice(0, at)).toLowerCase();
    const value = at < 0 ? "" : trim(attribute.slice(at + 1));
    if (bytes(value) > MAX_ATTRIBUTE) continue;
    switch (name) {
      case "expires":
        request.expires = parseCookieDate(value) ?? request.expires;
        break;
      case "max-age":
        maxAge = /^-?\d+$/.test(value) ? Number(value) : null;
        break;
      case "domain":
        request.domain = value.replace(/^\./, "").toLowerCase();
        break;
      case "path":
        request.path = value;
        break;
      case "secure":
        request.secure = true;
        break;
      case "httponly":
        request.httpOnly = true;
        break;
      case "partitioned":
        partitioned = true;
        break;
      case "samesite": {
        const wanted = value.toLowerCase();
        request.sameSite = wanted === "strict" || wanted === "lax" || wanted === "none" ? wanted : null;
      }
    }
  }
  if (partitioned && !request.secure) return null;
  if (maxAge !== null) request.expires = maxAge <= 0 ? 0 : Date.now() + maxAge * 1000;
  return request;
}

/** Called with what was, and what is now; the cookie came from the host side or not. */
export type CookieListener = (before: Cookie | undefined, after: Cookie | undefined, seeded: boolean) => void;

/** The cookies of the page, as long as the frame lives. */
export class Jar {
  /** In the order of creation. As Chromium has it, one that gets another value is new. */
  #cookies: Cookie[] = [];
  readonly #listeners: CookieListener[] = [];

  observe(listener: CookieListener): void {
    this.#listeners.push(listener);
  }

  /** Stores a cookie (§5.7), or returns false where a browser refuses it. */
  set(request: CookieRequest, seed = false): boolean {
    const { name, value, secure, sameSite } = request;
    const host = location.hostname;
    const safe = isSecureContext;
    // Browsers refuse two more: a tab inside, and a value alone that would read as a name.
    if (/\t/.test(name + value) || (!name && (!value || value.includes("=")))) return false;
    if (bytes(name) + bytes(value) > MAX_COOKIE) return false;
    if (request.httpOnly || (secure && !safe) || (sameSite === "none" && !secure)) return false;
    const domain = request.domain || host;
    if (request.domain && request.domain !== host && (!domainMatches(host, domain) || isPublic(domain))) return false;
    const hostOnly = !request.domain || isAddress(host);
    const path = request.path.startsWith("/") ? request.path : defaultPath();
    // A name that is empty must not look like one with a prefix.
    const prefix = /^__(host-http|http|secure|host)-/i.exec(name || value)?.[1]?.toLowerCase();
    if (prefix) {
      if (!name || prefix.endsWith("http") || !secure) return false;
      if (prefix === "host" && (request.domain || request.path !== "/")) return false;
    }
    const at = this.#cookies.findIndex(
      (other) =>
        other.name === name &&
        (other.seed || seed || (other.domain === domain && other.hostOnly === hostOnly && other.path === path)),
    );
    const expires = request.expires === null ? null : Math.min(request.expires, Date.now() + MAX_AGE);
    const cookie: Cookie = { ...request, domain, hostOnly, path, expires, seed };
    const before = this.#cookies[at];
    const gone = expires !== null && expires <= Date.now();
    if (gone && !before) return true;
    if (before?.value === value && !gone) this.#cookies[at] = cookie;
    else {
      if (before) this.#cookies.splice(at, 1);
      if (!gone) this.#cookies.push(cookie);
    }
    this.#tell(before, gone ? undefined : cookie, seed);
    if (this.#cookies.length > MANY) {
      for (const old of this.#cookies.splice(0, this.#cookies.length - FEW)) this.#tell(old, undefined, false);
    }
    return true;
  }

  /** The cookies of this page: the longest path first, then the oldest (§5.8.3). */
  list(): Cookie[] {
    const now = Date.now();
    for (const cookie of this.#cookies.filter(({ expires }) => expires !== null && expires <= now)) {
      this.#cookies.splice(this.#cookies.indexOf(cookie), 1);
      this.#tell(cookie, undefined, false);
    }
    return this.#cookies
      .filter(({ path }) => pathMatches(location.pathname, path))
      .sort((a, b) => b.path.length - a.path.length);
  }

  #tell(before: Cookie | undefined, after: Cookie | undefined, seeded: boolean): void {
    for (const listener of this.#listeners) listener(before, after, seeded);
  }
}

/** Takes the place of document.cookie. */
export function virtualCookies(jar: Jar): void {
  getter(
    Document.prototype,
    "cookie",
    () => jar.list().map(({ name, value }) => (name ? `${name}=${value}` : value)).join("; "),
    (text) => {
      const request = parseCookie(String(text));
      if (request) jar.set(request);
    },
  );
}

const isAddress = (host: string): boolean => /^[\d.]+$|^\[/.test(host);

/** Tells whether the host is the domain or below it (§5.1.3). */
export const domainMatches = (host: string, domain: string): boolean =>
  host === domain || (host.endsWith("." + domain) && !isAddress(host));

/**
 * Tells whether nobody owns the domain: a top one, or one like co.uk. The browser has
 * the whole list of public suffixes; scripts look for theirs by trying, from the top.
 */
const isPublic = (domain: string): boolean =>
  !domain.includes(".") || /^(?:com?|org|net|gov|edu|ac|ne|or|go)\.[a-z]{2}$/.test(domain);

/** §5.1.4. */
const defaultPath = (): string => location.pathname.slice(0, Math.max(1, location.pathname.lastIndexOf("/")));

const pathMatches = (page: string, path: string): boolean =>
  page === path || (page.startsWith(path) && (path.endsWith("/") || page[path.length] === "/"));
