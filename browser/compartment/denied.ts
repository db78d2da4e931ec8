// What a document without an origin has no part in fails as where a visitor has
// switched it off: a promise that rejects instead of a property that throws.

import { getter, methods, refusal } from "./define";

export function denyFeatures(): void {
  const rejects = (what: string, ...names: string[]) =>
    Object.fromEntries(names.map((name) => [name, async () => Promise.reject(refusal(what))]));

  if (typeof CacheStorage === "function") {
    methods(CacheStorage.prototype, rejects("Cache storage", "open", "has", "delete", "keys", "match"));
    const caches = Object.create(CacheStorage.prototype) as CacheStorage;
    getter(window, "caches", () => caches);
  }
  if (typeof ServiceWorkerContainer === "function" && "serviceWorker" in Navigator.prototype) {
    const container = Object.setPrototypeOf(new EventTarget(), ServiceWorkerContainer.prototype) as ServiceWorkerContainer;
    methods(container, {
      ...rejects("Service worker", "register"),
      getRegistration: async () => undefined,
      getRegistrations: async () => [],
      startMessages: () => {},
      ready: new Promise(() => {}), // there will be none
      controller: null,
      oncontrollerchange: null,
      onmessage: null,
      onmessageerror: null,
    });
    getter(Navigator.prototype, "serviceWorker", () => container);
  }
  if (typeof StorageManager === "function" && "storage" in navigator) {
    methods(StorageManager.prototype, {
      estimate: async () => ({ quota: 2 ** 30, usage: 0 }),
      persist: async () => false,
      persisted: async () => false,
      ...rejects("Storage directory", "getDirectory"),
    });
  }
  // A convenience: no dialogs and no peer connections. The sandbox refuses the former;
  // what data may go where is the policy's to say.
  for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "mozRTCPeerConnection"]) Reflect.deleteProperty(window, name);
  methods(window, { alert: () => {}, confirm: () => false, prompt: () => null, print: () => {} });
}
