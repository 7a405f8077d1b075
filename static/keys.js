// Keys that spare the way: "/" leads to the search of a list, Escape closes what was opened. Pages work without.
"use strict";

const search = document.querySelector("[role=search] input[type=search]");
const box = document.querySelector("[data-search-key]");
// Somebody who speaks to the computer can switch a bare key off, and it stays off.
const kept = {
  get isOff() {
    try { return localStorage.getItem("search-key") === "off"; } catch { return false; }
  },
  set isOff(off) {
    try { localStorage.setItem("search-key", off ? "off" : "on"); } catch { /* only for this page, then */ }
  },
};

if (search && box && matchMedia("(any-pointer: fine)").matches) {
  box.closest("[hidden]").hidden = false;
  box.checked = !kept.isOff;
  box.addEventListener("change", () => { kept.isOff = !box.checked; });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, select, textarea, [contenteditable]") !== null;
    if (event.key !== "/" || isTyping || !box.checked || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    search.focus();
    search.select();
  });
}

const opened = () => [...document.querySelectorAll(".menu[open], .strip details[open]")];
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const details of opened()) {
    if (details.contains(document.activeElement)) details.querySelector("summary").focus();
    details.open = false;
  }
});
document.addEventListener("click", (event) => {
  for (const details of opened()) if (!details.contains(event.target)) details.open = false;
});
