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
  if (compare.dataset.pictured) show("overlay", "/overlay/" + compare.dataset.item + "/" + name + ".png");
  label.scrollIntoView({ block: "nearest" });
}

const chosen = () => box.querySelector("input:checked");

async function fill(address, options = {}) {
  const answer = await fetch(address, { credentials: "same-origin", ...options });
  if (answer.status === 400) {
    box.textContent = compare.dataset.unread;
    $("back").hidden = false;
    return;
  }
  if (!answer.ok) { location.reload(); return; }
  box.innerHTML = await answer.text();
  $("back").hidden = false;
  document.activeElement.blur();
}

function restore() {
  box.innerHTML = original;
  $("back").hidden = true;
}

if (box) {
  box.addEventListener("change", (event) => choose(event.target.closest(".glyph")));
  $("find").addEventListener("submit", (event) => {
    event.preventDefault();
    if ($("search").value.trim()) fill("/find?q=" + encodeURIComponent($("search").value));
  });
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
    const label = box.querySelector('[data-name="' + name + '"]');
    if (label) choose(label);
    else {
      show("chosen", "/glyph/" + name + "/288.png");
      if (compare.dataset.pictured) show("overlay", "/overlay/" + compare.dataset.item + "/" + name + ".png");
    }
  }
}

const click = (id) => { const element = $(id); if (element) element.click(); return !!element; };
const keys = {
  n: () => click("after"), p: () => click("before"), h: () => click("defer"), x: () => click("reject"), u: () => click("undo"),
  c: () => click("confirm"), s: () => click("sure"), f: () => click("forms"), Enter: () => ($("sheet") ? click("ok") : box && (chosen() || unreadable()) ? click("ok") : first()),
  "/": () => { const field = $("search"); if (field) { field.focus(); field.select(); } return !!field; },
  Escape: () => { if (box) restore(); return !!box; },
};
const unreadable = () => { const kind = document.querySelector("input[name=kind]:checked"); return kind && kind.value === "判読不能"; };
const first = () => { const link = !box && document.querySelector("a.go"); if (link) link.click(); return !!link; };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const field = event.target.closest("input:not([type=radio]), textarea");
  if (field) {
    if (event.key === "Escape") field.blur();
    if (event.key === "Enter" && field.form && field.form.id === "decide") { event.preventDefault(); field.blur(); }
    return;
  }
  let done = false;
  if (box && /^[1-9]$/.test(event.key)) {
    const label = [...box.querySelectorAll(".glyph")][Number(event.key) - 1];
    choose(label);
    done = !!label;
  } else if (box && /^[qwert]$/.test(event.key)) {
    const kind = document.querySelector('input[name=kind][data-key="' + event.key + '"]');
    kind.checked = true;
    done = true;
  } else if (keys[event.key]) done = keys[event.key]();
  if (done) event.preventDefault();
});
