// Warns two minutes before the session ends, and keeps what was typed when it does. The server ends it by itself.
"use strict";

const TYPED = "jigai-typed:";
const SEEN = "jigai-session-seen";
const NEVER_KEPT = "[type=password], [type=file], [type=hidden], [autocomplete=one-time-code]";
const SAID_AT = [120, 60, 30, 10];

// A browser may forbid keeping anything: then everything else still works.
const keeping = {
  all: () => { try { return Object.keys(sessionStorage).filter((key) => key.startsWith(TYPED)); } catch { return []; } },
  get: (key) => { try { return JSON.parse(sessionStorage.getItem(key)); } catch { return null; } },
  set: (key, value) => { try { sessionStorage.setItem(key, JSON.stringify(value)); } catch { /* not kept, then */ } },
  drop: (key) => { try { sessionStorage.removeItem(key); } catch { /* nothing there */ } },
};
const tellOtherTabs = () => { try { localStorage.setItem(SEEN, String(Date.now())); } catch { /* they ask anyway */ } };

const watch = document.querySelector("[data-session]");
if (watch) watchSession(watch);
else if (document.querySelector("[data-signed-out]")) {
  // What was sent to a session that had ended was not saved: it is offered once more.
  for (const key of keeping.all()) keeping.set(key, { ...keeping.get(key), isSent: false });
  for (const words of document.querySelectorAll("[data-typed-is-kept]")) words.hidden = keeping.all().length === 0;
}

function watchSession(watch) {
  const { person, state, signIn, signOut } = watch.dataset;
  const warning = Number(watch.dataset.warning) * 1000;
  const dialog = watch.querySelector("dialog");
  const offer = watch.querySelector("[data-offer]");
  const countdown = watch.querySelector("[data-countdown]");
  const said = watch.querySelector("[data-said]");
  const failed = watch.querySelector("[data-failed-words]");
  const page = location.pathname + location.search;
  const key = `${TYPED}${person}:${page}`;
  let ends = {};
  let timer = 0;
  let isAsking = false;
  let isPutOff = false;
  let lastSaid = 0;

  // --- what was typed ---

  const forms = () => [...document.querySelectorAll("main form, #content form")]
    .filter((form) => !watch.contains(form) && !form.querySelector("[type=password], [autocomplete=one-time-code]"));

  const fields = function* () {
    for (const [place, form] of forms().entries()) {
      const counted = {};
      for (const field of form.elements) {
        if (!field.name || !field.matches("input, select, textarea") || field.matches(NEVER_KEPT)) continue;
        counted[field.name] = (counted[field.name] ?? -1) + 1;
        yield { field, name: `${form.id || place} ${field.name} ${counted[field.name]}` };
      }
    }
  };
  const isChosen = (field) => field.matches("[type=checkbox], [type=radio]");
  const value = (field) => {
    if (isChosen(field)) return field.checked;
    return field.multiple ? [...field.selectedOptions].map((option) => option.value) : field.value;
  };
  const isTyped = (field) => {
    if (isChosen(field)) return field.checked !== field.defaultChecked;
    if (!field.matches("select")) return field.value !== field.defaultValue;
    const options = [...field.options];
    const first = options.some((option) => option.defaultSelected) || field.multiple ? null : options[0];
    return options.some((option) => option.selected !== (option.defaultSelected || option === first));
  };
  // A form that came back with remarks has what was typed as its own values.
  const hasRemarks = document.querySelector(".errors, .errornote") !== null;
  const keep = (isSent = false) => {
    const typed = {};
    for (const { field, name } of fields()) if (hasRemarks || isTyped(field)) typed[name] = value(field);
    if (Object.keys(typed).length) keeping.set(key, { typed, isSent });
    else if (offer.hidden) keeping.drop(key);
  };
  const putBack = ({ typed }) => {
    let first = null;
    for (const { field, name } of fields()) {
      if (!(name in typed)) continue;
      if (isChosen(field)) field.checked = typed[name];
      else if (field.multiple) for (const option of field.options) option.selected = typed[name].includes(option.value);
      else field.value = typed[name];
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.dispatchEvent(new Event("change", { bubbles: true }));
      first ??= field;
    }
    first?.focus();
  };

  // What belongs to another person, or was saved, is dropped.
  for (const kept of keeping.all())
    if (!kept.startsWith(`${TYPED}${person}:`) || keeping.get(kept)?.isSent) keeping.drop(kept);
  if (keeping.get(key) && forms().length) {
    (document.querySelector("main, #content") ?? document.body).prepend(offer);
    offer.hidden = false;
  }
  offer.querySelector("[data-restore]").addEventListener("click", () => {
    const kept = keeping.get(key);
    keeping.drop(key);
    offer.querySelector("p").textContent = watch.dataset.putBack;
    offer.querySelector(".watch__acts").remove();
    if (kept) putBack(kept);
  });
  offer.querySelector("[data-drop]").addEventListener("click", () => {
    keeping.drop(key);
    offer.hidden = true;
    document.querySelector("main, #content")?.focus();
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (new URL(form.action, location.href).pathname === signOut) {
      dropAll();
    } else if (forms().includes(form) && form.method === "post") keep(true);
  });

  // --- when it ends ---

  const which = () => (ends.longest <= ends.idle ? "longest" : "idle");
  const left = () => Math.min(ends.idle, ends.longest) - Date.now();
  const take = ({ idle, longest, at = Date.now() }) => {
    ends = { idle: at + Number(idle) * 1000, longest: at + Number(longest) * 1000 };
  };
  const again = (milliseconds) => {
    clearTimeout(timer);
    // Timers cannot count further than 24 days; no session lasts so long.
    timer = setTimeout(look, Math.max(milliseconds, 200));
  };

  const ask = async (method = "GET") => {
    const form = watch.querySelector("[data-stay]");
    // Counted from the question: an answer that was long on its way grants no more time.
    const at = Date.now();
    const answer = await fetch(state, {
      method,
      headers: method === "GET" ? { "X-Background": "yes" } : {},
      body: method === "GET" ? undefined : new FormData(form),
      cache: "no-store",
    });
    if (!answer.ok) throw new Error(String(answer.status));
    return { ...await answer.json(), at };
  };

  const dropAll = () => { for (const kept of keeping.all()) keeping.drop(kept); };
  const leave = (why) => {
    if (why === "signed_out") dropAll();
    else keep();
    const next = new URLSearchParams({ next: page, ended: why });
    location.assign(`${signIn}?${next}`);
  };

  // The server knows whether another tab was used meanwhile; it is asked before anything is shown.
  const look = async () => {
    if (isAsking) return;
    if (left() > warning && !dialog.open) return again(left() - warning);
    if (dialog.open && left() > 0) {
      show();
      return again(1000);
    }
    isAsking = true;
    try {
      const answer = await ask();
      if (answer.over) return leave(answer.over);
      take(answer);
    } catch {
      // Away for a moment: the limits known so far hold, and it is asked again.
      if (left() <= 0) return again(10_000);
    } finally {
      isAsking = false;
    }
    if (left() > warning) {
      dialog.close();
      return again(left() - warning);
    }
    if (!isPutOff) open();
    return again(isPutOff ? left() + 500 : 1000);
  };

  const open = () => {
    keep();
    for (const part of dialog.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== which();
    lastSaid = 0;
    show();
    if (!dialog.open) {
      dialog.showModal();
      dialog.querySelector("form:not([hidden]) .watch__button").focus();
    }
  };
  const inWords = (seconds) => {
    const pattern = seconds < 60 ? watch.dataset.seconds : watch.dataset.minutes;
    return pattern.replace("{minutes}", Math.floor(seconds / 60)).replace("{seconds}", seconds % 60);
  };
  const show = () => {
    const seconds = Math.max(0, Math.ceil(left() / 1000));
    countdown.textContent = inWords(seconds);
    // A countdown that speaks each second cannot be listened to.
    const due = SAID_AT.filter((at) => seconds <= at).at(-1) ?? 0;
    if (due === lastSaid) return;
    lastSaid = due;
    said.textContent = inWords(seconds);
  };

  // Somebody is at work in another tab.
  const hear = async () => {
    try {
      const answer = await ask();
      if (answer.over) return;
      take(answer);
      if (left() > warning) dialog.close();
      again(left() - warning);
    } catch { /* the timer that runs will ask again */ }
  };

  const stay = async () => {
    failed.textContent = "";
    try {
      const answer = await ask("POST");
      if (answer.over) return leave(answer.over);
      take(answer);
    } catch (error) {
      // The page's token is of an earlier sign-in: a fresh page has the new one, and what was typed is offered there.
      if (error.message === "403") {
        keep();
        location.reload();
      } else failed.textContent = watch.dataset.failed;
      return;
    }
    tellOtherTabs();
    if (offer.hidden) keeping.drop(key);
    dialog.close();
    again(0);
  };

  watch.querySelector("[data-stay]").addEventListener("submit", (event) => {
    event.preventDefault();
    stay();
  });
  watch.querySelector("[data-again]").addEventListener("submit", () => keep());
  watch.querySelector("[data-close]").addEventListener("click", () => { isPutOff = true; dialog.close(); });
  // Whoever presses Escape is there: that is all the question was about.
  dialog.addEventListener("cancel", (event) => {
    if (which() === "idle") {
      event.preventDefault();
      stay();
    } else isPutOff = true;
  });

  take({ idle: watch.dataset.idle, longest: watch.dataset.longest });
  tellOtherTabs();
  look();
  window.addEventListener("storage", (event) => {
    if (event.key === SEEN) hear();
  });
  // A computer that slept, and a page that comes back from the browser's memory, look at once.
  document.addEventListener("visibilitychange", () => { if (!document.hidden) again(0); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) { ends = { idle: 0, longest: 0 }; again(0); } });
}
