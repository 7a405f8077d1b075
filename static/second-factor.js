// Security keys and passkeys: gives allauth's scripts what stands in a form, and tells in words what went wrong.
"use strict";

{
  // Browsers know keys by host name only; and only over https, or on this machine itself.
  const isAddress = /^(\d+\.){3}\d+$|^\[/.test(location.hostname);
  const keysWork = Boolean(window.PublicKeyCredential) && !isAddress;
  const show = (mark) => document.querySelectorAll(`[data-key-${mark}]`).forEach((one) => { one.hidden = false; });

  for (const form of document.querySelectorAll("form[data-key-form]")) {
    if (!keysWork) continue;
    const button = form.querySelector("button[data-key-button]");
    const credential = form.querySelector("input[name=credential]");
    const passwordless = form.querySelector("input[name=passwordless]");
    window.allauth.webauthn.forms[form.dataset.keyForm]({
      ids: {
        add: button.id, authenticate: button.id, login: button.id, credential: credential.id,
        passwordless: passwordless?.id,
      },
      data: form.dataset.keyOptions ? JSON.parse(form.dataset.keyOptions) : undefined,
    });
    form.hidden = false;
    // The return key in the field of the name means the button; allauth's own sending is no such event.
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      button.click();
    });
  }
  show(keysWork ? "works" : "away");
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    show("failed");
  });
}
