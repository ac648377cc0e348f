// Runs before the first paint, so that a dark room never sees a white flash.
document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "auto";
