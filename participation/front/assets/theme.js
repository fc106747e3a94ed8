// Stands in the head, so that a chosen theme holds before anything is painted.
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem("theme");
  } catch {
    // Without storage the system's choice holds.
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.kernTheme = theme;
  document.documentElement.classList.add("js");
})();
