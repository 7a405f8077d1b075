// The inspection form works without this: it spares a second tap and warns before saving.
"use strict";

for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
  });
}
// A page that comes back from the browser's memory may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-once]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }
});

const form = document.querySelector("form[data-year-above-total]");
const total = document.getElementById("id_cumulative_investment");
const year = document.getElementById("id_ytd_investment");
if (form && total && year) {
  const warning = document.createElement("p");
  warning.className = "field__error";
  warning.setAttribute("role", "status");
  year.before(warning);
  const amount = (field) => Number.parseFloat(field.value.normalize("NFKC").replace(/[,\s]/g, ""));
  const check = () => {
    warning.textContent = amount(year) > amount(total) ? form.dataset.yearAboveTotal : "";
  };
  for (const field of [total, year]) field.addEventListener("input", check);
}
