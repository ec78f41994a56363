// @ts-check
// Before the first paint, so that a dark theme does not begin with a flash of white.
(() => {
  const chosen = localStorage.getItem("wavekeep.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
