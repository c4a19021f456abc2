// Keeps the board as the record is: loads what is on it again when something has happened, at most once a second,
// and every few seconds in any case. Says so where it cannot.
(() => {
  "use strict";
  const board = document.getElementById("board");
  const lost = document.getElementById("lost");
  const APART = 1000, STEADY = 10000, ALONE = 5000, WITHIN = 8000, PATIENCE = 15000;
  let heard = false, loading = false, listening = false, began = 0, good = Date.now(), signedOut = false;

  function tell() {
    const silent = Date.now() - good > PATIENCE;
    if (!silent && !signedOut) {
      lost.hidden = true;
      return;
    }
    const at = document.getElementById("at");
    const text = (signedOut ? lost.dataset.out : lost.dataset.lost).replace("{time}", at ? at.textContent : "?");
    if (lost.textContent !== text) {
      lost.textContent = text;
      if (signedOut) {
        const link = document.createElement("a");
        link.href = location.pathname;
        link.textContent = " →";
        lost.append(link);
      }
    }
    lost.hidden = false;
  }

  async function load() {
    const told = heard;
    heard = false;
    loading = true;
    began = Date.now();
    try {
      const answer = await fetch(board.dataset.now + (told ? "?heard=1" : ""), {
        redirect: "manual", credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(WITHIN),
      });
      signedOut = answer.type === "opaqueredirect";
      if (answer.ok) {
        const html = await answer.text();
        const focus = document.activeElement && board.contains(document.activeElement)
          ? [...board.querySelectorAll("a")].indexOf(document.activeElement) : -1;
        board.innerHTML = html;
        if (focus >= 0) {
          (board.querySelectorAll("a")[focus] || board).focus();
        }
        good = Date.now();
        lost.textContent = "";
      } else {
        heard = heard || told;
      }
    } catch {
      heard = heard || told;
    }
    loading = false;
    tell();
  }

  function tick() {
    // A tab that nobody sees asks for nothing.
    if (document.hidden) {
      return;
    }
    const since = Date.now() - began;
    const wait = heard ? APART : listening ? STEADY : ALONE;
    if (!loading && since >= wait && !(signedOut && since < STEADY)) {
      load();
    } else {
      tell();
    }
  }

  function listen() {
    const events = new EventSource(board.dataset.events);
    const note = () => {
      heard = true;
      tick();
    };
    events.onopen = () => {
      listening = true;
      note();
    };
    events.onmessage = note;
    // So much was missed that it is not told one by one.
    events.addEventListener("reload", note);
    events.onerror = () => {
      listening = false;
      // A browser tries again by itself, but not where the answer was no stream.
      if (events.readyState === EventSource.CLOSED) {
        setTimeout(listen, 30000);
      }
    };
  }

  began = Date.now();
  setInterval(tick, 250);
  document.addEventListener("visibilitychange", () => {
    good = Math.max(good, Date.now() - WITHIN);
    tick();
  });
  listen();
})();
