"use strict";
// Nothing here is needed to use a page: it makes looking at one a little quicker.
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  if (!Number.isNaN(at.getTime())) {
    time.title = at.toLocaleString([], { dateStyle: "full", timeStyle: "short" });
  }
}
// On a telephone the pages' names are wider than the screen: the present one is brought into sight.
document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
// What was still being worked out is there in a moment; look again, and not for ever.
if (document.querySelector("[data-pending]")) {
  const tries = Number(sessionStorage.getItem("tries") || 0);
  if (tries < 8) {
    sessionStorage.setItem("tries", String(tries + 1));
    setTimeout(() => location.reload(), 1500);
  }
} else {
  sessionStorage.removeItem("tries");
}
for (const form of document.querySelectorAll("form[data-auto]")) {
  form.addEventListener("change", (event) => {
    if (event.target instanceof HTMLSelectElement) {
      form.requestSubmit();
    }
  });
  form.addEventListener("submit", () => {
    // An address that says only what was chosen can be read and sent on.
    for (const field of form.elements) {
      if (field.name && field.value === "") {
        field.disabled = true;
      }
    }
  });
}
// Coming back by the browser's own button, a form says what the address says, all of it.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-auto]")) {
    for (const field of form.elements) {
      field.disabled = false;
    }
    form.reset();
  }
});
// Printed pages show the figures that are folded away on the screen.
let folded = [];
window.addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const one of folded) {
    one.open = true;
  }
});
window.addEventListener("afterprint", () => {
  for (const one of folded) {
    one.open = false;
  }
});
