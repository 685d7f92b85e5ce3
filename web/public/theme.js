// Runs before the first paint, so that a dark screen never flashes white.
(function () {
  var choice = null;
  try {
    choice = localStorage.getItem('ringtest.theme');
  } catch (_) {
    /* storage may be forbidden: follow the system */
  }
  var dark = choice ? choice === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.classList.toggle('pf-v6-theme-dark', dark);
})();
