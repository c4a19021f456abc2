// The staff's pages work without this. With it clocks run, what was typed outlives the session, and the page of a case
// shows what others do to it as they do it.
(() => {
  "use strict";
  const said = document.body.dataset;
  const APART = 500, CLOCKS = 10000, PATIENCE = 8000, AGAIN = 30000;

  // Clocks: as the page says how long is left, from the cases' time at which it was made.
  const began = Date.now(), then = Date.parse(said.now), speed = Number(said.speed) || 1;
  const units = (said.units || "").split("|");

  function duration(seconds) {
    const minutes = Math.floor(seconds / 60);
    if (minutes < 1) {
      return said.moment;
    }
    const days = Math.floor(minutes / 1440), hours = Math.floor(minutes / 60) % 24;
    const parts = [[days, 0], [hours, 1], [days ? 0 : minutes % 60, 2]].filter(([count]) => count);
    return parts.map(([count, unit]) => `${count}${units[unit]}`).join(units[0].startsWith(" ") ? " " : "");
  }

  function tick() {
    const now = then + (Date.now() - began) * speed;
    for (const clock of document.querySelectorAll("time.clock")) {
      const left = (Date.parse(clock.dateTime) - now) / 1000;
      const text = (left >= 0 ? said.left : said.over).replace("{time}", duration(Math.abs(left)));
      if (Number.isFinite(left) && clock.textContent !== text) {
        clock.textContent = text;
        clock.classList.toggle("late", left < 0);
      }
    }
  }

  // What was typed is kept in this window until it was sent, or the window is closed. The page that a form leads to where
  // it is refused has the form once more, with what was sent in it (`data-typed`): it is the same one.
  const kept = (form) => `${said.person} ${form.getAttribute("action")} ${form.id}`;
  const typable = "textarea:not([readonly]), select, input[type=text], input[type=datetime-local], input[type=checkbox]";
  const value = (one) => (one.type === "checkbox" ? (one.checked ? "yes" : "") : one.value);
  const given = (one) => (one.matches("select, input[type=checkbox]") ? "" : one.defaultValue);
  const isShown = (form) => "typed" in form.dataset;
  const fields = (form) => [...form.querySelectorAll(typable)];
  const touched = (form) => isShown(form) || fields(form).some((one) => value(one) !== given(one));

  function forms(within = document) {
    return [...within.querySelectorAll("form[method=post][id]")];
  }

  function found(key) {
    const typed = JSON.parse(sessionStorage.getItem(key) || "[]");
    return Array.isArray(typed) ? typed : []; // else an older page wrote it
  }

  function keep(event) {
    const form = event.target.closest("form[method=post][id]");
    if (form === null) {
      return;
    }
    const before = isShown(form) ? found(kept(form)) : [];
    const typed = fields(form).map((one) => ({
      name: one.name, value: value(one), label: one.labels[0] ? one.labels[0].textContent : "",
      given: (before.find((other) => other.name === one.name) || { given: given(one) }).given,
    }));
    try {
      sessionStorage.setItem(kept(form), JSON.stringify(typed));
    } catch {
      // A window that may keep nothing loses nothing that it had before.
    }
  }

  // What was sent: gone once the page says that it was done, else kept.
  function settle(done) {
    const keys = Object.keys(sessionStorage);
    for (const sent of keys.filter((one) => one.endsWith(" sent"))) {
      const [person, action, id] = sent.split(" ");
      sessionStorage.removeItem(sent);
      // The list of calls has the same form under a longer name, from where it may have come to the page of the case.
      for (const key of done ? keys : []) {
        if (key.startsWith(`${person} ${action} `) && key.endsWith(id.replace(/^form/, ""))) {
          sessionStorage.removeItem(key);
        }
      }
    }
  }

  function fill() {
    for (const form of forms().filter((one) => !isShown(one))) {
      const typed = new Map(found(kept(form)).map((one) => [one.name, one]));
      const same = fields(form).filter((one) => typed.has(one.name));
      // What somebody has changed meanwhile is not written over.
      if (same.some((one) => given(one) && given(one) !== typed.get(one.name).given)) {
        continue;
      }
      for (const one of same) {
        const wanted = typed.get(one.name).value;
        if (value(one) === wanted) {
          continue;
        }
        if (one.type === "checkbox") {
          one.checked = wanted === "yes";
        } else {
          one.value = wanted;
        }
        for (let box = one.closest("details"); box !== null; box = box.parentElement.closest("details")) {
          box.open = true;
        }
      }
    }
  }

  // What was typed and has no place here any more is shown, to be copied, and makes room for what is typed next.
  const isNew = (one) => one.value.trim() && one.value !== one.given && one.value !== "yes";

  function aside(key) {
    sessionStorage.setItem(`${key} left`, JSON.stringify([...found(`${key} left`), ...found(key)]));
    sessionStorage.removeItem(key);
  }

  function show() {
    if (document.getElementById("lost-1") !== null) {
      return;
    }
    // Forms lead to an address right below their page.
    const here = `${said.person} ${location.pathname}/`, filled = forms().filter(touched).map(kept);
    const isHere = (one) => one.startsWith(here) && !one.slice(here.length).split(" ")[0].includes("/");
    const ours = () => Object.keys(sessionStorage).filter(isHere);
    ours().filter((one) => !one.endsWith(" left") && !filled.includes(one) && found(one).some(isNew)).forEach(aside);
    const keys = ours().filter((one) => one.endsWith(" left")), left = keys.flatMap(found).filter(isNew);
    if (!left.length) {
      return;
    }
    const make = (tag, more) => Object.assign(document.createElement(tag), more);
    const box = make("div", { className: "notice" });
    box.append(make("h2", { textContent: said.kept }));
    for (const one of left) {
      const field = make("div", { className: "field" }), label = make("label");
      label.append(one.label, make("textarea", { value: one.value, readOnly: true }));
      field.append(label);
      box.append(field);
    }
    const drop = make("button", { className: "other", type: "button", textContent: said.drop });
    drop.addEventListener("click", () => {
      keys.forEach((key) => sessionStorage.removeItem(key));
      box.remove();
    });
    box.append(drop);
    document.getElementById("main").prepend(box);
  }

  // Steps of the case: the page is read again, and what of it is not being typed into takes its place. Those of somebody
  // else are told besides; what one does in another window is no news.
  const page = document.getElementById("case");
  let wanted = false, reading = false, isOut = false, events = null;

  function isBusy(part) {
    const here = document.activeElement;
    return forms(part).some(touched) || (part.contains(here) && here.matches("input, select, textarea, summary"));
  }

  function tell(text, way = "moved") {
    for (const one of document.querySelectorAll("[data-way]")) {
      one.hidden = one.dataset.way !== way;
    }
    const moved = document.getElementById("moved");
    moved.querySelector("p").textContent = text;
    moved.hidden = !text;
    isOut = way === "out";
  }

  async function read() {
    wanted = false;
    reading = true;
    try {
      const answer = await fetch(page.dataset.page, {
        redirect: "manual", credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(PATIENCE),
      });
      if (answer.type === "opaqueredirect") {
        tell(said.out, "out");
        listen(false);
      } else if (answer.status === 404) {
        tell(said.gone, "gone");
        listen(false);
      } else if (answer.ok) {
        const made = new DOMParser().parseFromString(await answer.text(), "text/html");
        if (made.body.dataset.person === said.person) {
          take(made);
        } else {
          location.replace(page.dataset.page);
        }
      }
    } catch {
      // The next step, or the next look at the page, reads it.
    }
    reading = false;
  }

  function take(made) {
    const fresh = made.getElementById("case");
    if (fresh !== null && isOut) {
      // Signed in again, in another window.
      const guard = fresh.querySelector("input[name=csrf]");
      page.querySelectorAll("input[name=csrf]").forEach((one) => guard && (one.value = guard.value));
      tell("");
    }
    if (fresh === null || Number(fresh.dataset.seen) <= Number(page.dataset.seen)) {
      return;
    }
    const news = [...fresh.querySelectorAll("[data-live=timeline] li:not([data-own])")];
    const first = news.find((one) => Number(one.dataset.step) > Number(page.dataset.seen));
    for (const part of page.querySelectorAll("[data-live]")) {
      const other = fresh.querySelector(`[data-live=${part.dataset.live}]`);
      if (other === null || isBusy(part)) {
        continue;
      }
      const put = document.importNode(other, true);
      for (const form of part.querySelectorAll("details[open] form[id]")) {
        const again = put.querySelector(`#${CSS.escape(form.id)}`);
        if (again !== null && again.closest("details") !== null) {
          again.closest("details").open = true;
        }
      }
      const focused = part.contains(document.activeElement) ? document.activeElement : null;
      part.replaceWith(put);
      if (focused !== null) {
        const like = focused.matches("a") ? `a[href="${focused.getAttribute("href")}"]` : `#${focused.form?.id} button`;
        put.querySelector(like)?.focus({ preventScroll: true });
      }
    }
    page.dataset.seen = fresh.dataset.seen;
    if (first) {
      tell([...first.children].map((one) => one.textContent.trim()).join(" · "));
    }
    tick();
  }

  function soon() {
    wanted = true;
  }

  // From where the page was read on; where it does not say so, it is read again once whatever comes next is heard.
  function listen(on, after = "") {
    if (events !== null) {
      events.close();
      events = null;
    }
    if (!on) {
      return;
    }
    const heard = new EventSource(page.dataset.events + (after && `&after=${after}`));
    heard.onopen = () => {
      heard.onopen = null;
      if (!after) {
        soon();
      }
    };
    heard.onmessage = soon;
    heard.addEventListener("reload", soon);
    heard.addEventListener("end", soon);
    heard.onerror = () => {
      // A browser tries again by itself, but not where the answer was no stream.
      if (heard.readyState === EventSource.CLOSED && events === heard) {
        events = null;
        setTimeout(() => {
          if (events === null && !document.hidden) {
            listen(true);
            soon();
          }
        }, AGAIN);
      }
    };
    events = heard;
  }

  document.addEventListener("input", keep);
  document.addEventListener("submit", (event) => {
    if (event.target.matches("form[method=post][id]")) {
      // Or the back button has what was sent in a form that sends it once more.
      event.target.autocomplete = "off";
      sessionStorage.setItem(`${kept(event.target)} sent`, "yes");
    }
  });
  const notice = document.querySelector("[data-told]");
  const done = notice !== null && ["accepted", "queued"].includes(notice.dataset.told);
  settle(done);
  const plain = location.pathname.replace(/\/(act|change|files|review)$/, "");
  if (done || plain !== location.pathname) {
    // Loaded again, the page is not to say again that something was done, nor to send again what was refused.
    history.replaceState(null, "", plain);
  }
  fill();
  show();
  tick();
  setInterval(tick, CLOCKS);
  // A page that is shown once more, by the back button, is as old as it was left.
  addEventListener("pageshow", (event) => event.persisted && page !== null && soon());
  if (page !== null) {
    setInterval(() => wanted && !reading && read(), APART);
    document.addEventListener("visibilitychange", () => {
      // A browser has few lines to one host: windows that nobody looks at need none.
      listen(!document.hidden);
      if (!document.hidden) {
        soon();
      }
    });
    addEventListener("focus", () => {
      if (isOut) {
        listen(true);
        soon();
      }
    });
    listen(!document.hidden, page.dataset.after);
  }
})();
