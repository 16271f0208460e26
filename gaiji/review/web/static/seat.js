"use strict";
// Nothing that was written is lost: a form is sent only when its session answers, and what was not sent is there again.
// Without it every form still works; what meets a lock comes back by the server.
(() => {
  const away = document.getElementById("away");
  const forms = [...document.querySelectorAll("#decide, #sheet")];
  const key = (name) => "gaiji:" + away.dataset.here + ":" + location.pathname + ":" + name;
  const version = () => (document.querySelector("input[name=version]") || { value: "" }).value;
  const texts = () => forms.flatMap((form) => [...form.elements]).filter((e) => ["evidence", "note", "new", "comment"].includes(e.name));
  const say = (what) => { away.textContent = away.dataset[what]; away.hidden = false; };
  const kept = () => { try { return window.sessionStorage; } catch { return null; } };

  function keep() {
    for (const field of texts()) {
      if (field.value !== field.defaultValue) kept()?.setItem(key(field.name), version() + " " + field.value);
      else kept()?.removeItem(key(field.name));
    }
  }

  function forget() {
    for (const field of texts()) kept()?.removeItem(key(field.name));
  }

  // A page that was left, reloaded or thrown out of memory: only on the same state of the same item, for the same clerk.
  for (const field of texts()) {
    const had = kept()?.getItem(key(field.name));
    if (had === null || had === undefined) continue;
    const at = had.indexOf(" ");
    if (had.slice(0, at) === version() && !field.value) {
      field.value = had.slice(at + 1);
      say("restored");
    } else kept().removeItem(key(field.name));
  }
  for (const form of forms) form.addEventListener("input", keep);
  document.querySelector("form[action='/end']")?.addEventListener("submit", () => {
    for (const name of Object.keys(kept() || {})) if (name.startsWith("gaiji:")) kept().removeItem(name);
  });

  async function state() {
    try {
      const answer = await fetch("/alive", { credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(10000) });
      if (!answer.ok) return "unreached";
      const said = await answer.json();
      if (said.state === "here") for (const field of document.querySelectorAll("input[name=form_token]")) field.value = said.form;
      return said.state;
    } catch {
      return "unreached";
    }
  }

  let asking = false, sure = null;
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.id === "signin" || sure === form) return;
    event.preventDefault();
    if (asking) return;
    asking = true;
    const found = await state();
    asking = false;
    if (found !== "here") {
      keep();
      say(found);
      return;
    }
    away.hidden = true;
    if (forms.includes(form)) forget();
    sure = form;
    form.requestSubmit(event.submitter);
    sure = null;
  }, true);
  // While the answer is on its way nothing else acts.
  for (const kind of ["keydown", "click"]) {
    window.addEventListener(kind, (event) => {
      if (!asking || (kind === "keydown" && (event.ctrlKey || event.metaKey || event.altKey))) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    }, true);
  }

  // A seat that nobody uses is locked, and shows nobody's data; who works keeps it open.
  const idle = 1000 * Number(document.body.dataset.idle || 0);
  if (idle && document.getElementById("lock")) {
    let used = Date.now(), told = Date.now();
    for (const kind of ["keydown", "pointerdown", "pointermove", "wheel"]) window.addEventListener(kind, () => { used = Date.now(); }, { passive: true });
    const look = async () => {
      if (Date.now() - used >= idle) {
        keep();
        document.querySelector("main").hidden = true;
        if (await state() === "here") document.querySelector("#lock").submit();
        else location.replace(location.pathname);
      } else if (used > told && Date.now() - told >= idle / 3) {
        told = Date.now();
        state();
      }
    };
    setInterval(look, Math.min(5000, idle / 4));
  }
})();
