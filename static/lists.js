// A list changes without a new page; without this, every link and form of it leads to the same place.
"use strict";

// Of what nobody has chosen nothing need stand in the address.
document.addEventListener("htmx:configRequest", (event) => {
  const { parameters } = event.detail;
  for (const [name, value] of [...parameters.entries()]) if (value === "") parameters.delete(name);
});
// An answer that is no list (the session is over, the server is away) is shown as the page that it is.
const asPage = (event) => {
  const { requestConfig, pathInfo } = event.detail;
  if (requestConfig.verb === "get") location.assign(pathInfo.finalRequestPath || pathInfo.requestPath);
};
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status === 200 && xhr.responseText.includes('id="list"')) return;
  event.detail.shouldSwap = false;
  asPage(event);
});
document.addEventListener("htmx:sendError", asPage);
// The form says what the list shows, also when a link beside it has changed that.
document.addEventListener("htmx:pushedIntoHistory", (event) => {
  const asked = new URL(event.detail.path, location.href).searchParams;
  for (const field of document.querySelectorAll("form[role=search] select, form[role=search] input[type=search]")) {
    if (field !== document.activeElement) field.value = asked.get(field.name) ?? "";
  }
});
// Whoever reads on from a link that is gone reads on at the list.
document.addEventListener("htmx:afterSettle", () => {
  const isLost = !document.activeElement || document.activeElement === document.body;
  if (isLost) document.getElementById("list")?.focus({ preventScroll: true });
  tickAll();
});

const tickAll = () => {
  const all = document.querySelector("[data-tick-all]");
  if (!all) return;
  all.hidden = false;
  all.addEventListener("change", () => {
    for (const box of document.querySelectorAll("input[name=row]")) box.checked = all.checked;
  });
};
tickAll();
