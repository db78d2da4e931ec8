// Is no attack: a vendor that does nothing wrong, and whose data the others are after.
var visitor = "visitor-3c9e";
document.cookie = `visitor=${visitor}; path=/; max-age=3600`;
localStorage.setItem("ga_id", visitor);
