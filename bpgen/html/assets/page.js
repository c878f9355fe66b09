/* Shows step k of the walk. What a step shows was decided in Python and stands in #walk:
   stops: for each step its way, its equation, what is lit; slots: for each text of the drawing what
   it says, and from which step on. The step is that of the address, #step=4, and nothing else. */
"use strict";
(() => {
  const root = document.documentElement;
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const { stops, slots } = JSON.parse($("#walk").textContent);
  const WAYS = {
    start: "Given", forward: "Forward", backward: "Backward",
    update: "A step of descent", again: "Forward again: did it help?",
  };
  const PAUSE = 1700; // ms a step stands while the walk plays
  let timer = 0;
  root.classList.add("js");

  /* Formulas: the text in the page until KaTeX fills its place, when it comes into view. */

  const KATEX = {
    output: "html", strict: false, throwOnError: false,
    trust: (context) => context.command === "\\htmlData",
  };

  function typeset(element) {
    if (element.dataset.tex === undefined || element.dataset.set) return;
    element.dataset.set = "1";
    element.setAttribute("role", "math");
    element.setAttribute("aria-label", element.textContent);
    const large = element.closest(".row, .note") ? "\\displaystyle{}" : "";
    katex.render(large + element.dataset.tex, element, KATEX);
  }

  const watch = new IntersectionObserver((seen) => {
    for (const entry of seen) {
      if (entry.isIntersecting) {
        watch.unobserve(entry.target);
        typeset(entry.target);
      }
    }
  }, { rootMargin: "600px" });
  $$(".m").forEach((element) => watch.observe(element));
  addEventListener("beforeprint", () => $$(".m").forEach(typeset));

  /* The step. */

  const asked = () => Number(/(?:^#|&)step=(\d+)/.exec(location.hash)?.[1] ?? 0);
  const within = (k) => Math.max(0, Math.min(stops.length - 1, k));
  const current = () => Number(root.dataset.step);

  function go(k) {
    k = within(k);
    try { history.replaceState(null, "", `#step=${k}`); } catch { /* in a frame without an address */ }
    show(k);
  }

  function show(k) {
    const stop = stops[k];
    root.dataset.step = k;
    root.dataset.way = stop.way;
    fill(k);
    $$(".lit").forEach((element) => element.classList.remove("lit"));
    stop.lit.forEach((id) => document.getElementById(id)?.classList.add("lit"));
    $$(".line a").forEach((mark, j) => {
      mark.classList.toggle("past", j < k);
      mark.toggleAttribute("aria-current", j === k);
    });
    $(".where").textContent = `${k} of ${stops.length - 1}`;
    tell(stop);
    light(stop);
  }

  /* What each text of the drawing says at step k: the last that was said up to it. */
  function fill(k) {
    for (const [id, said] of Object.entries(slots)) {
      const [from, markup, exact] = said.filter(([step]) => step <= k).at(-1) ?? [-1, "", ""];
      const text = document.getElementById(id);
      text.innerHTML = markup;
      text.classList.toggle("fresh", from === k && k > 0);
      if (exact) text.dataset.exact = exact;
      else delete text.dataset.exact;
    }
  }

  const sheet = () => $(`.sheet.${$("[name=notation]:checked").value}`);

  /* The equation of a step, as it stands in the derivation. */
  function tell(stop) {
    const rows = $(".now .rows");
    $(".now h2").textContent = WAYS[stop.way];
    const wanted = [stop.of, stop.more].filter(Boolean);
    const told = wanted.flatMap((of) => $$(`[data-of~="${of}"]`, sheet()));
    rows.replaceChildren(...told.map((found) => {
      $$(".m", found).forEach(typeset);
      return found.cloneNode(true);
    }));
    const before = $(".row", rows);
    for (const [text, tex] of stop.note) {
      const note = document.createElement("p");
      note.className = "note";
      note.innerHTML = '<span class="m"></span>';
      Object.assign(note.firstChild.dataset, { tex });
      note.firstChild.textContent = text;
      if (before) before.after(note);
      else rows.append(note);
      typeset(note.firstChild);
    }
  }

  /* Its line of code, and its place in the derivation. */
  function light(stop) {
    if (stop.of === "") return;
    $$(`.ln[data-of="${stop.code}"]`).forEach((line) => line.classList.add("lit"));
    $$(`.sheet [data-of="${stop.of}"]`).forEach((row) => row.classList.add("lit"));
    const [line] = $$(".ln.lit"), code = $(".code pre");
    if (line) code.scrollTop = line.offsetTop - code.clientHeight / 3;
    const drawn = $(".stage .lit"), stage = $(".stage");
    if (drawn && stage.scrollWidth > stage.clientWidth) {
      const middle = drawn.getBoundingClientRect().x - stage.getBoundingClientRect().x;
      stage.scrollLeft += middle - stage.clientWidth / 2;
    }
  }

  /* Moving: buttons, keys, the line of steps, a swipe. */

  function play(on = !timer) {
    clearInterval(timer);
    if (on && current() === stops.length - 1) go(0);
    timer = on ? setInterval(() => {
      go(current() + 1);
      if (current() === stops.length - 1) play(false);
    }, PAUSE) : 0;
    root.classList.toggle("playing", on);
  }

  const moves = {
    first: () => go(0), back: () => go(current() - 1), on: () => go(current() + 1),
    last: () => go(stops.length - 1), play: () => play(),
  };
  const keys = { Home: "first", ArrowLeft: "back", " ": "play", ArrowRight: "on", End: "last" };

  function move(name) {
    if (name !== "play") play(false);
    moves[name]();
  }

  addEventListener("click", (event) => { // within a frame, an address of its own is not at hand
    const link = event.target.closest?.('a[href^="#step="]');
    if (!link) return;
    event.preventDefault();
    play(false);
    go(Number(link.hash.slice("#step=".length)));
  });
  $$("[data-go]").forEach((b) => b.addEventListener("click", () => move(b.dataset.go)));
  addEventListener("keydown", (event) => {
    const other = event.ctrlKey || event.metaKey || event.altKey;
    const mine = event.key === " " ? "input, button, a" : "input";
    if (other || !(event.key in keys) || event.target.closest?.(mine)) return;
    event.preventDefault();
    move(keys[event.key]);
  });
  addEventListener("hashchange", () => { play(false); show(within(asked())); });
  let from = null;
  const stage = $(".stage");
  stage.addEventListener("touchstart", (event) => {
    from = stage.scrollWidth > stage.clientWidth ? null : event.changedTouches[0].clientX;
  }, { passive: true });
  stage.addEventListener("touchend", (event) => {
    const far = from === null ? 0 : event.changedTouches[0].clientX - from;
    if (Math.abs(far) > 40) move(far < 0 ? "on" : "back");
  });
  $(".switches").addEventListener("change", () => show(current()));
  $$(".switches label").forEach((label) => label.addEventListener("click", () => {
    setTimeout(() => document.activeElement?.blur()); // so that the arrow keys are the walk's again
  }));

  /* A symbol's definition, its place in the drawing, its lines of code. */

  const places = (name) => ["t", "also", "def"].map((a) => `[data-${a}~="${CSS.escape(name)}"]`);

  function point(element) {
    $$(".hot").forEach((found) => found.classList.remove("hot"));
    const name = element?.dataset.t;
    if (name) $$(places(name).join()).forEach((found) => found.classList.add("hot"));
  }

  const symbol = (event) => event.target.closest?.("[data-t]");
  addEventListener("mouseover", (event) => point(symbol(event)));
  addEventListener("click", (event) => point(symbol(event)));

  show(within(asked()));
})();
