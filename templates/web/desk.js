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

  // What was typed is kept in this window until it was sent, or the window is closed.
  const kept = (form) => `${said.person} ${location.pathname} ${form.id}`;
  const typable = "textarea:not([readonly]), select, input[type=text], input[type=datetime-local], input[type=checkbox]";
  const value = (one) => (one.type === "checkbox" ? (one.checked ? "yes" : "") : one.value);
  const touched = (form) => form.dataset.touched === "yes";

  function forms(within = document) {
    return [...within.querySelectorAll("form[method=post][id]")];
  }

  function keep(event) {
    const form = event.target.closest("form[method=post][id]");
    if (form === null) {
      return;
    }
    form.dataset.touched = "yes";
    const typed = {};
    for (const one of form.querySelectorAll(typable)) {
      typed[one.name] = value(one);
    }
    try {
      sessionStorage.setItem(kept(form), JSON.stringify(typed));
    } catch {
      // A window that may keep nothing loses nothing that it had before.
    }
  }

  // What was sent: gone once the page says that it was done, else kept.
  function settle(done) {
    for (const name of Object.keys(sessionStorage).filter((one) => one.endsWith(" sent"))) {
      sessionStorage.removeItem(name);
      if (done) {
        sessionStorage.removeItem(name.slice(0, -" sent".length));
      }
    }
  }

  function fill() {
    for (const form of forms()) {
      const typed = JSON.parse(sessionStorage.getItem(kept(form)) || "null");
      const fields = [...form.querySelectorAll(typable)];
      if (typed === null || fields.some((one) => one.tagName === "TEXTAREA" && one.value)) {
        continue;
      }
      for (const one of fields.filter((one) => typed[one.name])) {
        if (one.type === "checkbox") {
          one.checked = typed[one.name] === "yes";
        } else {
          one.value = typed[one.name];
        }
        form.dataset.touched = "yes";
        for (let box = one.closest("details"); box !== null; box = box.parentElement.closest("details")) {
          box.open = true;
        }
      }
    }
  }

  // Somebody else's steps: the page is read again, and what of it is not being typed into takes its place.
  const page = document.getElementById("case");
  let wanted = false, reading = false, events = null;

  function isBusy(part) {
    const here = document.activeElement;
    return forms(part).some(touched) || (part.contains(here) && here.matches("input, select, textarea, summary"));
  }

  function tell(text) {
    const moved = document.getElementById("moved");
    moved.querySelector("p").textContent = text;
    moved.hidden = false;
  }

  async function read() {
    wanted = false;
    reading = true;
    try {
      const answer = await fetch(page.dataset.page, {
        redirect: "manual", credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(PATIENCE),
      });
      if (answer.type === "opaqueredirect") {
        tell(said.out);
        listen(false);
      } else if (answer.status === 404) {
        tell(said.gone);
        listen(false);
      } else if (answer.ok) {
        take(new DOMParser().parseFromString(await answer.text(), "text/html"));
      }
    } catch {
      // The next step, or the next look at the page, reads it.
    }
    reading = false;
  }

  function take(made) {
    const fresh = made.getElementById("case");
    if (fresh === null || Number(fresh.dataset.seen) <= Number(page.dataset.seen)) {
      return;
    }
    const first = fresh.querySelector("[data-live=timeline] li");
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
      part.replaceWith(put);
    }
    page.dataset.seen = fresh.dataset.seen;
    tell(first === null ? "" : [...first.children].map((one) => one.textContent.trim()).join(" · "));
    tick();
  }

  function soon() {
    wanted = true;
  }

  function listen(on) {
    if (events !== null) {
      events.close();
      events = null;
    }
    if (!on) {
      return;
    }
    const heard = new EventSource(page.dataset.events);
    heard.onmessage = soon;
    heard.addEventListener("reload", soon);
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
      sessionStorage.setItem(`${kept(event.target)} sent`, "yes");
    }
  });
  const notice = document.querySelector("[data-told]");
  const done = notice !== null && ["accepted", "queued"].includes(notice.dataset.told);
  settle(done);
  if (done) {
    // Loaded again, the page is not to say again that something was done.
    history.replaceState(null, "", location.pathname);
  }
  fill();
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
    listen(!document.hidden);
  }
})();
