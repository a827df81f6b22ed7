// A code that an address carries after "#" is never sent by itself: it is put
// into the form, and, where that is all the form wants, the form is sent.
"use strict";
const code = decodeURIComponent(location.hash.slice(1)), field = document.getElementById("code");
if (code && field) {
  field.value = code;
  history.replaceState(null, "", location.pathname + location.search);
  if (field.form.hasAttribute("data-code")) field.form.requestSubmit();
}
