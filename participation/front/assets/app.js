// What plain pages do already, only quicker or kinder. Everything here may be missing and the site still works.
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Storage may be forbidden; then nothing is kept, and nothing breaks.
  const kept = (store) => ({
    get: (key) => { try { return store().getItem(key); } catch { return null; } },
    set: (key, value) => { try { value === null ? store().removeItem(key) : store().setItem(key, value); } catch { /* not kept */ } },
  });
  const local = kept(() => window.localStorage);
  const tab = kept(() => window.sessionStorage);

  const say = (text) => {
    const region = $("#ansage");
    if (!region || !text) return;
    region.textContent = "";
    setTimeout(() => { region.textContent = text; }, 50);
  };

  // ── Theme ──
  const theme = $("#theme");
  if (theme) {
    theme.value = local.get("theme") || "system";
    theme.addEventListener("change", () => {
      const chosen = theme.value === "system" ? null : theme.value;
      local.set("theme", chosen);
      if (chosen) document.documentElement.dataset.kernTheme = chosen;
      else delete document.documentElement.dataset.kernTheme;
    });
  }

  // ── Character count: seen at once, spoken after a pause and only near the limit ──
  const number = new Intl.NumberFormat(document.documentElement.lang || "de");
  let pause = 0;
  const count = (field) => {
    const shown = document.getElementById(`${field.id}-count`);
    if (!shown) return;
    // A line break travels as two characters but counts as one, as on the server.
    const left = Number(field.dataset.count) - [...field.value.trim()].length;
    const text = (left < 0 ? shown.dataset.over : shown.dataset.left).replace("{n}", number.format(Math.abs(left)));
    shown.textContent = text;
    shown.classList.toggle("count--over", left < 0);
    clearTimeout(pause);
    if (left < Number(field.dataset.count) / 10) pause = setTimeout(() => say(text), 1500);
  };

  // ── Ballots: what is left is seen at once and spoken after a pause ──
  const worth = (field) => {
    if (["checkbox", "radio"].includes(field.type)) return field.checked ? Number(field.dataset.worth) : 0;
    return field.type === "number" ? Math.max(0, Number(field.value) || 0) : Number(Boolean(field.value));
  };
  const tally = (form, before = null) => {
    const shown = $("[data-tally]", form);
    if (!shown) return;
    const limit = Number(shown.dataset.tally);
    const fields = $$("[data-worth]", form);
    const used = fields.reduce((sum, field) => sum + worth(field), 0);
    for (const field of fields) {
      if (["number", "select-one"].includes(field.type)) field.closest(".ballot__line").classList.toggle("ballot__line--given", worth(field) > 0);
    }
    const text = used > limit ? shown.dataset.over : shown.dataset.text;
    const numbers = { used, left: limit - used, over: used - limit };
    shown.textContent = text.replace(/\{(\w+)\}/g, (_, name) => number.format(numbers[name]));
    shown.classList.toggle("ballot__tally--over", used > limit);
    clearTimeout(pause);
    if (before !== null) pause = setTimeout(() => say(`${before} ${shown.textContent}`.trim()), 800);
  };
  // »None of these« and the others exclude each other.
  const keepApart = (field) => {
    const alone = "alone" in field.dataset;
    for (const other of $$("input[type=checkbox]", field.form)) {
      if (other !== field && (alone || "alone" in other.dataset)) other.checked = false;
    }
  };
  // Two that want the same rank change places; what the other one has now is told.
  const changePlaces = (field) => {
    const other = $$("select[data-rank]", field.form).find((one) => one !== field && field.value && one.value === field.value);
    if (other) other.value = other.dataset.rank = field.dataset.rank;
    field.dataset.rank = field.value;
    return other ? `${other.labels[0].textContent.trim()}: ${other.selectedOptions[0].text}.` : "";
  };

  // ── Drafts: kept in this tab until a sent form comes back without a mistake ──
  const entries = (form) => $$("input, textarea, select", form).filter(
    (field) => field.name && !["hidden", "password", "file", "submit"].includes(field.type));
  const draftKey = (form) => `draft:${location.pathname}:${form.dataset.draft}`;
  const keepDraft = (form) => {
    const values = entries(form).map((field) => [field.name, field.value, field.checked ?? null]);
    tab.set(draftKey(form), JSON.stringify(values));
  };
  const restoreDraft = (form) => {
    const key = draftKey(form);
    if (tab.get(`${key}:sent`) && !$("[data-failed]")) tab.set(key, null);
    tab.set(`${key}:sent`, null);
    let values = [];
    try { values = JSON.parse(tab.get(key)) || []; } catch { /* an unreadable draft is no draft */ }
    for (const [name, value, checked] of values) {
      for (const field of entries(form).filter((one) => one.name === name)) {
        if (["radio", "checkbox"].includes(field.type)) { if (field.value === value) field.checked = checked; }
        else if (!field.value) field.value = value;
      }
    }
  };

  // ── Leaving a changed form ──
  const changed = new Set();
  window.addEventListener("beforeunload", (event) => {
    if ([...changed].some((form) => form.isConnected)) event.preventDefault();
  });

  // ── Each piece of the page is prepared when it comes in ──
  const prepare = (root) => {
    for (const form of $$("form[data-draft]", root)) restoreDraft(form);
    for (const field of $$("[data-count]", root)) if (field.value) count(field);
    for (const form of $$("form.ballot", root)) tally(form);
  };

  document.addEventListener("input", ({ target }) => {
    if (target.dataset?.count) count(target);
    const form = target.form;
    if (form?.matches(".ballot")) {
      if (target.type === "checkbox" && target.checked) keepApart(target);
      tally(form, target.dataset.rank === undefined ? "" : changePlaces(target));
    }
    if (form?.dataset.draft) keepDraft(form);
    if (form && "warn" in form.dataset) changed.add(form);
  });

  // ── One click, one post ──
  const release = (form) => {
    delete form.dataset.sent;
    for (const control of form.elements) control.removeAttribute("aria-disabled");
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); event.stopImmediatePropagation(); return; }
    changed.delete(form);
    if (form.dataset.draft) tab.set(`${draftKey(form)}:sent`, "1");
    form.dataset.sent = "1";
    event.submitter?.setAttribute("aria-disabled", "true");
    setTimeout(() => release(form), 8000);
  }, true);
  window.addEventListener("pageshow", () => $$("form[data-sent]").forEach(release));

  // ── Clicks: copy, print, shortcuts ──
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("button");
    if (button?.dataset.copy) {
      try {
        await navigator.clipboard.writeText(new URL(button.dataset.copy, location.href).href);
        const text = button.lastElementChild?.previousSibling;
        if (text) text.textContent = button.dataset.copied;
        say(button.dataset.copied);
      } catch { window.prompt("", new URL(button.dataset.copy, location.href).href); }
    }
    if (button?.dataset.step) {
      const field = document.getElementById(button.getAttribute("aria-controls"));
      button.dataset.step > 0 ? field.stepUp() : field.stepDown();
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    if (button?.dataset.insert) {
      // The chosen template comes under what was typed; without a choice the server says so.
      const text = document.getElementById(button.dataset.insert).selectedOptions[0]?.dataset.text;
      const field = document.getElementById(button.getAttribute("aria-controls"));
      if (text) {
        event.preventDefault();
        field.value = [field.value.trimEnd(), text].filter(Boolean).join("\n\n");
        field.dispatchEvent(new Event("input", { bubbles: true }));
        field.focus();
      }
    }
    if (button && "print" in button.dataset) window.print();
    if (button && "shortcutsHelp" in button.dataset) $("#tastenkuerzel-hilfe")?.showModal();
  });

  // ── A link into something folded unfolds it; older browsers do not do that by themselves ──
  const unfold = () => {
    let target = null;
    try { target = document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch { /* not one of ours */ }
    const fold = target?.closest("details:not([open])");
    if (fold) { fold.open = true; target.scrollIntoView(); }
  };
  window.addEventListener("hashchange", unfold);

  // ── Keys for the moderators' queue ──
  const list = $("[data-shortcuts]");
  const on = $("[data-shortcuts-switch]");
  if (on) {
    on.checked = local.get("shortcuts") !== "off";
    on.addEventListener("change", () => local.set("shortcuts", on.checked ? null : "off"));
  }
  const move = (step) => {
    const rows = $$("[data-row]", list);
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const row = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
    row?.focus();
    row?.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("keydown", (event) => {
    if (!list || on?.checked === false || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select, dialog, [contenteditable]")) return;
    if (event.key === "j" || event.key === "k") move(event.key === "j" ? 1 : -1);
    else if (event.key === "?") $("#tastenkuerzel-hilfe")?.showModal();
    // The space bar belongs to whatever has the focus; only on the row itself it ticks.
    else if (event.key === " " && !event.target.matches("[data-row]")) return;
    else if (event.key.length === 1 && "aroued ".includes(event.key)) {
      const pressed = `[data-key="${event.key}"]`;
      // What was done last is taken back on top of the page, wherever the focus is.
      ($(pressed, document.activeElement?.closest("[data-row]") || list) || $(pressed, $("#meldungen")))?.click();
    }
    else return;
    event.preventDefault();
  });

  // ── htmx ──
  const show = (notice, form) => {
    $("[data-notice]")?.remove();
    notice.dataset.notice = "";
    notice.tabIndex = -1;
    if (form) form.before(notice);
    else $("#meldungen").replaceChildren(notice);
    notice.focus();
  };
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    const page = new DOMParser().parseFromString(ctx.text, "text/html");
    if (!ctx.select || page.querySelector(ctx.select)) return;
    event.preventDefault();
    // The answer holds another page: the one to sign in on, or one that says what was wrong.
    const { redirected, url, ok } = ctx.response.raw;
    if (ok && redirected) { changed.clear(); location.assign(url); return; }
    const notice = $(".kern-alert", page);
    const main = $("main", page);
    if (main) {
      $("main").replaceWith(main);
      document.title = page.title;
      window.htmx?.process(main);
      prepare(main);
      ($("[data-focus]", main) || $("h1", main))?.setAttribute("tabindex", "-1");
      ($("[data-focus]", main) || $("h1", main))?.focus();
    } else if (notice) {
      show(notice, ctx.sourceElement.closest("form"));
    }
  });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    const piece = ctx.select ? $(ctx.select) : null;
    if (!piece) return;
    prepare(piece);
    const wrong = $("[data-focus]", piece);
    if (wrong) { wrong.focus(); return; }
    // htmx brings the focus back by id; a button that is gone leaves it to the piece.
    if (document.activeElement === document.body) { piece.tabIndex = -1; piece.focus({ preventScroll: true }); }
    say(piece.dataset.announce);
  });
  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
    const form = ctx.sourceElement?.closest?.("form");
    if (form) release(form);
  });
  document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
    if (!ctx || ctx.response) return;
    const notice = document.createElement("p");
    notice.className = "error-summary";
    notice.setAttribute("role", "alert");
    notice.textContent = $("#meldungen")?.dataset.offline || "";
    show(notice, ctx.sourceElement.closest("form"));
  });

  prepare(document);
  unfold();
  $("[data-focus]")?.focus();
})();
