// First-party cookies, as the vendors' libraries set them.

/** Returns the cookie's value, or null. */
export function readCookie(name) {
  for (const part of document.cookie.split("; ")) {
    const at = part.indexOf("=");
    if (part.slice(0, at) === name) return decodeURIComponent(part.slice(at + 1));
  }
  return null;
}

/** Returns the cookie's value; where there is none it becomes what make returns. */
export function visitorCookie(name, days, make) {
  const known = readCookie(name);
  const value = known ?? make();
  const expires = new Date(Date.now() + days * 86400e3).toUTCString();
  document.cookie = `${name}=${encodeURIComponent(value)}; expires=${expires}; path=/; SameSite=Lax`;
  return value;
}

/** A random number of so many digits. */
export function digits(count) {
  let text = "";
  while (text.length < count) text += Math.floor(Math.random() * 10);
  return text;
}
