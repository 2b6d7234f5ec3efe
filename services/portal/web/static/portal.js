// What the pages do when scripts are on; each of it works without. No page needs more than this and htmx.
"use strict";

// Errors first, then what was done: the focus goes where the reader should look.
const first = document.querySelector(".m-errors[data-focus]") || document.querySelector("[data-focus]");
if (first) first.focus();

// A request of htmx carries only the fields that its element names, and never the answers beside them.
document.addEventListener("htmx:config:request", (event) => {
  const { sourceElement, request } = event.detail.ctx;
  const only = sourceElement.dataset.only;
  if (!only) return;
  const names = only.split(" ");
  for (const name of [...request.body.keys()]) if (!names.includes(name)) request.body.delete(name);
});

// "Listen to audio" plays in place; without scripts the browser opens the sound by itself.
for (const link of document.querySelectorAll("a[data-audio]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    new Audio(link.href).play();
  });
}

// "Select All" ticks in place; without scripts the server does.
for (const button of document.querySelectorAll("button[data-select-all]")) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    for (const box of button.form.querySelectorAll("input[type=checkbox][name]")) box.checked = true;
  });
}

// A box in the head of a table ticks its column, and shows how the column stands.
for (const all of document.querySelectorAll("input[data-all]")) {
  const boxes = [...all.form.elements].filter((one) => one.type === "checkbox" && one.name === all.dataset.all);
  const show = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  };
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
  });
  for (const box of boxes) box.addEventListener("change", show);
  show();
}

// Whoever is made an Access Manager has every business function (IA-MOD-02).
for (const select of document.querySelectorAll(".m-offers select[name=role]")) {
  select.addEventListener("change", () => {
    if (!select.value.endsWith(":ACCESS_MANAGER")) return;
    for (const box of select.closest("tr").querySelectorAll("td input[type=checkbox]:not(:checked)")) box.click();
  });
}

// "Print this page".
for (const button of document.querySelectorAll("button[data-print]")) button.addEventListener("click", () => print());

// "You can ask for another code in 12 s."
for (const line of document.querySelectorAll("[data-countdown]")) {
  const at = performance.now() + 1000 * Number(line.dataset.countdown);
  const tick = () => {
    const left = Math.ceil((at - performance.now()) / 1000);
    line.textContent = left > 0 ? line.dataset.words.replace("#", left) : line.dataset.now;
    if (left > 0) setTimeout(tick, 500);
  };
  tick();
}

// The session's end. The server decides; this only looks, warns, and asks the server in time.
const dialog = document.getElementById("session-dialog");
if (dialog) {
  const offset = Number(dialog.dataset.now) * 1000 - Date.now();
  const warn = Number(dialog.dataset.warn);
  const said = document.getElementById("session-said");
  const tabs = new BroadcastChannel("session");
  let ends = Number(dialog.dataset.ends);
  let spoken = 0;
  let over = false;

  const left = () => ends - (Date.now() + offset) / 1000;

  const until = (answer) => {
    ends = answer.ends;
    spoken = 0;
    document.getElementById("session-ends").textContent = answer.words;
    if (dialog.open && left() > warn) dialog.close();
  };

  const leave = () => {
    if (over) return; // asking again would break off a sign-in page that loads slowly
    over = true;
    clearInterval(watch);
    location.assign("/signin?notice=session_ended");
  };

  const look = async () => {
    const answer = await fetch("/session/state", { headers: { accept: "application/json" } });
    if (answer.ok) until(await answer.json());
    else leave();
  };

  const speak = () => {
    const minutes = Math.ceil(left() / 60);
    if (![5, 2, 1].includes(minutes) || minutes === spoken) return;
    spoken = minutes;
    const words = minutes === 1 ? dialog.dataset.minute : dialog.dataset.minutes.replace("#", minutes);
    said.textContent = words;
    document.getElementById("session-title").textContent = words;
  };

  document.getElementById("session-extend").addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await fetch("/session/extend", {
      method: "POST",
      headers: { accept: "application/json" },
      body: new URLSearchParams(new FormData(event.target)),
    });
    if (!answer.ok) return leave();
    const state = await answer.json();
    until(state);
    tabs.postMessage(state);
  });

  tabs.onmessage = (event) => until(event.data);

  const watch = setInterval(async () => {
    if (left() > warn) return;
    if (!dialog.open) {
      await look(); // another tab may have gone on
      if (over || left() > warn) return;
      dialog.showModal();
    }
    speak();
    if (left() <= 0) await look();
  }, 1000);
}
