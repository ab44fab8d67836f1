/** What stands before the title of every list (see TabSign, which comes after the page and writes it). */
export const tab = new (class {
  words = $state('');
})();
