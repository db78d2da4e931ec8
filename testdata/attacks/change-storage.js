// Tries: change what the site keeps in localStorage.
for (const view of [window, parent, top]) attempt(() => (view.localStorage.draft = "pay the attacker"));
over("change-storage");
