"use strict";
// Keyboard and comparison for the review screen. Without it every form still works by mouse.
const $ = (id) => document.getElementById(id);
const box = $("candidates");
const compare = document.querySelector(".compare");
const original = box ? box.innerHTML : "";

function show(id, address) {
  const image = $(id);
  image.hidden = !address;
  $(id + "-empty").hidden = !!address;
  if (address) image.src = address;
}

function choose(label) {
  const input = label && label.querySelector("input");
  if (!input) return;
  input.checked = true;
  const name = label.dataset.name;
  $("chosen-name").textContent = compare.dataset.chosen.replace("{name}", name);
  show("chosen", "/glyph/" + name + "/288.png");
  explain(label);
  inform(name);
  lay(name, rival(name));
  label.scrollIntoView({ block: "nearest" });
}

// The first other glyph on offer: what the chosen one is told apart from.
function rival(name) {
  const other = [...box.querySelectorAll(".glyph")].find((label) => label.dataset.name !== name);
  return other ? other.dataset.name : "";
}

// The whole reason of a candidate, which its card may not have room for.
function explain(label) {
  const reason = label && label.title;
  $("why").hidden = !reason;
  $("why").textContent = reason ? label.dataset.name + "　" + reason : "";
}

let laid = "", layer = "both", looked = 0;

function lay(name, other) {
  if (!compare.dataset.pictured) return;
  laid = "/overlay/" + compare.dataset.item + "/" + name + ".png?with=" + other;
  layer = "both";
  show("overlay", laid);
  for (const id of ["blink", "zoom"]) $(id).hidden = false;
  for (const one of ["own", "glyph"]) new Image().src = laid + "&layer=" + one; // at once when it is asked for
  look(name, other);
}

// What the lists have of the chosen glyph.
let informed = 0;
async function inform(name) {
  const mine = ++informed;
  $("facts").hidden = true;
  if (!name) return;
  try {
    const answer = await fetch("/facts/" + name, { credentials: "same-origin" });
    const text = await answer.text();
    if (mine !== informed || !answer.ok) return;
    $("facts").innerHTML = text;
    $("facts").hidden = false;
  } catch { /* the choice stands without it */ }
}

// What the chosen glyph and its rival differ in, unless the page shows the two already.
async function look(name, other) {
  const mine = ++looked;
  if (!other) return;
  const pair = [...$("look").querySelectorAll(".looks figcaption")].map((one) => one.textContent);
  if (pair.includes(name) && pair.includes(other)) return;
  try {
    const answer = await fetch("/look/" + compare.dataset.item + "/" + name + "?with=" + other, { credentials: "same-origin" });
    const text = await answer.text();
    if (mine === looked && answer.ok) $("look").innerHTML = text;
  } catch { /* the pictures say it too */ }
}

// In turn: the 外字 alone, the glyph alone, in the same place.
function blink() {
  if (!laid || $("overlay").hidden) return false;
  layer = layer === "own" ? "glyph" : "own";
  $("overlay").src = laid + "&layer=" + layer;
  return true;
}

function zoom(on) {
  const image = $("overlay");
  if (!image || image.hidden) return false;
  image.classList.toggle("zoomed", on);
  return true;
}

const chosen = () => box.querySelector("input:checked");

// Nothing is chosen any more: what stands in the middle is never older than the candidates below it.
function forget() {
  for (const input of box.querySelectorAll("input:checked")) input.checked = false;
  $("chosen-name").textContent = compare.dataset.choose;
  show("chosen", "");
  show("overlay", "");
  laid = "";
  for (const id of ["blink", "zoom"]) $(id).hidden = true;
  zoom(false);
  explain(null);
  inform("");
}

let asked = 0;

async function fill(address, options = {}) {
  const mine = ++asked;
  forget();
  box.textContent = compare.dataset.searching; // a key pressed before the answer chooses none of the old ones
  $("back").hidden = false;
  let answer;
  try {
    answer = await fetch(address, { credentials: "same-origin", ...options });
  } catch {
    if (mine === asked) box.textContent = compare.dataset.unreached;
    return;
  }
  const text = await answer.text();
  if (mine !== asked) return; // a later search was asked for
  if (answer.status === 400) box.textContent = compare.dataset.unread;
  else if (!answer.ok) box.textContent = compare.dataset.unreached;
  else box.innerHTML = text;
}

function search(more = "") {
  fill("/find?q=" + encodeURIComponent($("search").value) + "&item=" + compare.dataset.item + more);
}

function restore() {
  asked++;
  box.innerHTML = original;
  $("back").hidden = true;
  forget();
}

if (box) {
  box.addEventListener("change", (event) => choose(event.target.closest(".glyph")));
  $("find").addEventListener("submit", (event) => {
    event.preventDefault();
    $("search").blur();
    if ($("search").value.trim()) search();
  });
  box.addEventListener("click", (event) => { if (event.target.id === "more") search("&most=" + event.target.dataset.most); });
  $("forms").addEventListener("click", () => { if (chosen()) fill("/forms/" + chosen().value); });
  $("back").addEventListener("click", restore);
  const compareWith = (file) => {
    const form = new FormData();
    form.append("form_token", document.querySelector("#decide input[name=form_token]").value);
    form.append("picture", file);
    fill("/compare", { method: "POST", body: form });
  };
  $("picture").addEventListener("change", (event) => { if (event.target.files[0]) compareWith(event.target.files[0]); });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files[0]) compareWith(event.dataTransfer.files[0]);
  });
  if (box.dataset.show) {
    const name = box.dataset.show;
    show("chosen", "/glyph/" + name + "/288.png"); // shown, not chosen: who confirms says so
    lay(name, rival(name));
  }
  const names = [...box.querySelectorAll(".glyph")].map((label) => label.dataset.name);
  if (names.length > 1 && !$("look").children.length) look(names[0], names[1]);
  $("blink").addEventListener("click", blink);
  $("zoom").addEventListener("click", () => zoom());
  $("overlay").addEventListener("click", () => zoom());
}

const click = (id) => { const element = $(id); if (element) element.click(); return !!element; };
const unreadable = () => { const kind = document.querySelector("input[name=kind]:checked"); return kind && (kind.value === "判読不能" || kind.value === "該当なし"); };
// The first that waits: what is decided is opened by its own link.
const first = () => { const link = !box && !$("sheet") && (document.querySelector(".waits a.go") || document.querySelector("a.go")); if (link) link.click(); return !!link; };
// 根拠 that was written before, the last first, by a key: it stands in the field, to be seen, before anything is decided.
function again() {
  const field = $("evidence"), before = [...document.querySelectorAll("#offered option")].map((one) => one.value);
  if (!field || !before.length) return false;
  field.value = before[(before.indexOf(field.value) + 1) % before.length];
  field.dispatchEvent(new Event("input", { bubbles: true }));
  return true;
}

const letters = {
  n: () => click("after"), p: () => click("before"), h: () => click("defer"), x: () => click("reject"), u: () => click("undo"),
  b: () => !!box && blink(), z: () => !!box && zoom(),
  c: () => click("confirm"), s: () => click("sure"), f: () => click("forms"), k: again,
  "/": () => { const field = $("search") || $("evidence"); if (field) { field.focus(); field.select(); } return !!field; },
};

// The page of near-certain codes shows, and takes, what fits on the screen: those below wait for the next page.
const pairs = [...document.querySelectorAll(".pair")];

function fit() {
  for (const pair of pairs) pair.hidden = false;
  const below = pairs.map((pair) => pair.getBoundingClientRect().bottom + window.scrollY > document.documentElement.clientHeight);
  if (!below.includes(false)) below[0] = false; // a screen too small for one: that one, by scrolling
  pairs.forEach((pair, number) => {
    const fresh = pair.dataset.seen === undefined && !below[number];
    pair.hidden = below[number];
    if (fresh) pair.dataset.seen = "1";
    for (const input of pair.querySelectorAll("input")) {
      input.disabled = below[number];
      if (fresh && input.type === "checkbox") input.checked = true;
    }
  });
}

if (pairs.length) {
  const seen = Object.assign(document.createElement("input"), { type: "hidden", name: "seen", value: "1" });
  $("sheet").append(seen);
  window.addEventListener("resize", fit);
  fit();
}

// A name that was typed is the clerk's, also when another page is opened before anything is decided.
if ($("who") && !$("who").form.matches("#name")) {
  $("who").addEventListener("change", () => {
    const form = new FormData();
    form.append("form_token", document.querySelector("input[name=form_token]").value);
    form.append("who", $("who").value);
    fetch("/who", { method: "POST", credentials: "same-origin", redirect: "manual", body: form, keepalive: true }).catch(() => {});
  });
}

// Letters, digits and signs can be turned off (WCAG 2.1.4): a cookie of this browser, for every page and port.
const COOKIE = "gaiji_keys";
const lettersOff = () => document.cookie.split("; ").includes(COOKIE + "=off");
const toggle = $("keys");
function told() {
  toggle.textContent = lettersOff() ? toggle.dataset.off : toggle.dataset.on;
  toggle.setAttribute("aria-pressed", String(!lettersOff()));
}
if (toggle) {
  toggle.hidden = false;
  toggle.addEventListener("click", () => {
    document.cookie = COOKIE + "=" + (lettersOff() ? "on" : "off") + "; path=/; max-age=31536000; samesite=strict";
    told();
  });
  told();
}

// Three sizes of the page, for this browser.
const sizes = ["small", "middle", "large"], size = $("size");
function sized(wanted) {
  document.documentElement.dataset.size = wanted;
  size.textContent = size.dataset.sizes.split("|")[sizes.indexOf(wanted)];
}
if (size) {
  size.hidden = false;
  size.addEventListener("click", () => {
    sized(sizes[(sizes.indexOf(document.documentElement.dataset.size) + 1) % sizes.length]);
    document.cookie = "gaiji_size=" + document.documentElement.dataset.size + "; path=/; max-age=31536000; samesite=strict";
    if (typeof pairs !== "undefined" && pairs.length) fit();
  });
  sized(document.documentElement.dataset.size);
}

// A form is sent once: what is pressed while the answer is on its way is for no other page.
let sent = false;
window.addEventListener("pageshow", () => { sent = false; });
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  if (sent) event.preventDefault();
  sent = true;
});

// What was clicked with the mouse keeps no focus, so that the keys go on, also one that follows at once; who came there by Tab keeps it.
let clicked = null;
function release() {
  if (clicked) clicked.blur();
  clicked = null;
}
document.addEventListener("click", (event) => {
  if (!event.detail) return;
  const label = event.target.closest("label");
  const control = event.target.closest("button, input") || (label && label.control);
  if (!control || !control.matches("button, [type=radio], [type=checkbox]")) return;
  clicked = control;
  setTimeout(release); // the click gives the focus after this
});

const focused = () => { const at = document.activeElement; return at && at !== document.body && at !== document.documentElement ? at : null; };

function act(key) {
  if (key === "Enter" && $("answer")) return $("search").value.trim() !== "" && click("answer");
  if (key === "Enter") return box ? (chosen() || unreadable()) && click("ok") : first();
  if (key === "Escape" && box && $("overlay").classList.contains("zoomed")) return zoom(false);
  if (key === "Escape") { if (box) restore(); return !!box; }
  if (lettersOff()) return false;
  if (box && /^[1-9]$/.test(key)) {
    const label = [...box.querySelectorAll(".glyph")][Number(key) - 1];
    choose(label);
    return !!label;
  }
  const kind = box && document.querySelector('input[name=kind][data-key="' + CSS.escape(key) + '"]');
  if (kind) { kind.checked = true; return true; }
  return Object.hasOwn(letters, key) && letters[key]();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  release();
  const at = focused();
  if (at) { // the key is the control's own: a button is pressed, a link followed, a field written in
    const guarded = at.matches("input") && at.form && at.form.matches("#decide, #sheet");
    if (event.key === "Enter" && guarded) { // no form decides because Enter was pressed in one of its fields
      event.preventDefault();
      if (!event.repeat && !at.matches("[type=radio], [type=checkbox]")) at.blur();
    } else if (event.key === "Escape") at.blur();
    if (event.repeat && event.key === "Enter") event.preventDefault();
    return;
  }
  if (event.repeat || sent) { // a key held down acts once
    if (event.key === "Enter") event.preventDefault();
    return;
  }
  if (act(event.key)) event.preventDefault();
});
