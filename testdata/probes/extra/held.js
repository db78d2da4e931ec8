window.heldAt = document.readyState;
addEventListener("load", () => { window.heldHeard = true });
