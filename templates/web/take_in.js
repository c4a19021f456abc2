// While somebody takes an issue in: keeps what is typed, and shows what the rules and the record say of it. The page
// does all of it without this as well, by its buttons.
"use strict";
(() => {
  const form = document.querySelector("form.take-in");
  const address = `${form.getAttribute("action")}/beside`;
  const PAUSE = 500;
  let timer = null;
  let running = null;
  let again = false;

  const part = (name) => document.querySelector(`[data-part="${name}"]`);

  const say = (text) => {
    const told = document.createElement("p");
    told.className = "late";
    told.setAttribute("role", "alert");
    told.textContent = text;
    part("saved").replaceChildren(told);
  };

  const show = (html) => {
    const focused = document.activeElement;
    const held = focused?.name && focused.value ? `[name="${focused.name}"][value="${CSS.escape(focused.value)}"]` : null;
    for (const fresh of new DOMParser().parseFromString(html, "text/html").querySelectorAll("[data-part]")) {
      const old = part(fresh.dataset.part);
      if (old && old.innerHTML !== fresh.innerHTML) {
        old.replaceChildren(...fresh.childNodes);
      }
    }
    if (held && document.activeElement !== focused) {
      form.querySelector(held)?.focus();
    }
  };

  const send = async (more, files) => {
    const data = new FormData(form);
    if (!files) {
      data.delete("files");
    }
    Object.entries(more).forEach(([name, value]) => data.set(name, value));
    try {
      const answer = await fetch(address, { method: "POST", body: data });
      if (answer.status === 401) {
        say(form.dataset.signedOut);
      } else if (answer.headers.get("Content-Type")?.startsWith("text/html") && [200, 403, 409].includes(answer.status)) {
        show(await answer.text());
        if (answer.ok && part("saved").querySelector("[data-saved]")) {
          history.replaceState(null, "", `${form.getAttribute("action")}?draft=${data.get("draft")}`);
        }
      } else {
        say(form.dataset.away);
      }
      return answer.ok;
    } catch {
      say(form.dataset.away);
      return false;
    }
  };

  // One after the other, so that what was typed first is saved first.
  const ask = async (more = {}, files = false) => {
    clearTimeout(timer);
    timer = null;
    while (running) {
      await running;
    }
    running = send(more, files);
    const done = await running;
    running = null;
    if (again) {
      again = false;
      soon();
    }
    return done;
  };

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = null;
      if (running) {
        again = true;
      } else {
        ask();
      }
    }, PAUSE);
  };

  const find = async () => {
    await ask({ do: "find" });
    (form.querySelector("[name=take]") ?? document.getElementById("name")).focus();
  };

  form.addEventListener("input", (event) => {
    if (event.target.type !== "file") {
      soon();
    }
  });
  form.addEventListener("change", (event) => {
    if (event.target.type === "file" && event.target.files.length) {
      ask({}, true);
    }
  });
  form.addEventListener("submit", async (event) => {
    const button = event.submitter;
    if (button?.name === "take") {
      event.preventDefault();
      if (await ask({ take: button.value })) {
        document.getElementById("symptom").focus();
      }
    } else if (button?.name === "remove") {
      event.preventDefault();
      await ask({ remove: button.value });
      document.getElementById("files").focus();
    } else if (button?.value === "find") {
      event.preventDefault();
      find();
    } else {
      clearTimeout(timer);
      timer = null;
    }
  });
  form.addEventListener("keydown", async (event) => {
    if (event.key !== "Enter" || event.isComposing) {
      return;
    }
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      form.requestSubmit(document.getElementById("send"));
    } else if (event.target.matches("input:not([type=radio], [type=file])")) {
      event.preventDefault();
      await (event.target.id === "who" ? find() : ask());
    }
  });
  window.addEventListener("pagehide", () => {
    if (timer) {
      const data = new FormData(form);
      data.delete("files");
      navigator.sendBeacon(address, data);
    }
  });
})();
