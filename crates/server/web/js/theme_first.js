// @ts-check
// Before the first paint, so that nobody who chose dark sees a flash of white.
(() => {
  const chosen = localStorage.getItem("wavekeep.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
