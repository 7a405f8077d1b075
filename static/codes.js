// Recovery codes that are shown once: printed or copied by one press. Without a script they are written down.
"use strict";

const codes = [...document.querySelectorAll(".codes code")].map((code) => code.textContent).join("\n");
const print = document.querySelector("[data-print]");
const copy = document.querySelector("[data-copy]");

print.hidden = false;
print.addEventListener("click", () => window.print());
if (navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(codes);
    document.querySelector("[data-copied]").hidden = false;
  });
}
