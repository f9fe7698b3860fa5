"use strict";
(async () => {
  const byId = (id) => document.getElementById(id);
  const make = (tag, props, ...kids) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(props || {})) {
      if (value === undefined || value === null || value === false) continue;
      if (name === "class") node.className = value;
      else if (name === "text") node.textContent = value;
      else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value);
    }
    for (const kid of kids.flat()) if (kid !== null && kid !== undefined && kid !== false) node.append(kid);
    return node;
  };
  const unpack = async () => {
    const packed = atob(byId("story").textContent.trim());
    const bytes = Uint8Array.from(packed, (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return JSON.parse(await new Response(stream).text());
  };
  const seconds = (s) => (s === undefined || s === null ? "" : s < 10 ? s.toFixed(1) + " s" : clock(s));
  const clock = (s) => {
    const whole = Math.floor(s), h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60;
    const two = (n) => String(n).padStart(2, "0");
    return h ? h + ":" + two(m) + ":" + two(whole % 60) : m + ":" + two(whole % 60);
  };
  const money = (usd) => (usd === null ? "cost unknown" : !usd ? "" : usd >= 0.01 ? "$" + usd.toFixed(2) : "$" + usd.toFixed(4));
  const count = (n, noun) => n.toLocaleString("en") + " " + noun + (n === 1 ? "" : "s");
  const joined = (...parts) => parts.filter(Boolean).join(" · ");
  const firstLine = (text) => { const line = (text || "").trim().split("\n", 1)[0]; return line.length > 240 ? line.slice(0, 240) + "…" : line; };

  const TOKEN = /(#[^\n]*)|([rbfRBF]{0,2}(?:"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))|\b(and|as|assert|async|await|break|class|continue|def|del|elif|else|except|finally|for|from|global|if|import|in|is|lambda|nonlocal|not|or|pass|raise|return|try|while|with|yield|None|True|False)\b|\b(llm_query|llm_batch|llm_query_batched|rlm_query|rlm_batch|cite|corpus|answer|print|memory|history)\b|\b(\d[\d_.]*)\b/g;
  const code = (text) => {
    const pre = make("pre", { class: "code" });
    let at = 0;
    for (const m of text.matchAll(TOKEN)) {
      if (m.index > at) pre.append(text.slice(at, m.index));
      const kind = m[1] ? "co" : m[2] ? "st" : m[3] ? "kw" : m[4] ? "fn" : "nu";
      pre.append(make("span", { class: kind, text: m[0] }));
      at = m.index + m[0].length;
    }
    pre.append(text.slice(at));
    return pre;
  };
  const foldable = (node, lines) => {
    if (lines <= 18) return node;
    const box = make("div", { class: "fold" }, node);
    const more = make("button", { class: "more", text: "Show all " + count(lines, "line"), onclick: () => { box.classList.remove("fold"); more.remove(); } });
    return make("div", {}, box, more);
  };
  const block = (label, node, text) => [make("div", { class: "lab", text: label }), foldable(node, text.split("\n").length)];

  /* theme: chosen by the system until somebody chooses otherwise */
  const isDark = () => { const set = document.documentElement.dataset.theme; return set ? set === "dark" : matchMedia("(prefers-color-scheme: dark)").matches; };
  const turnTheme = () => { document.documentElement.dataset.theme = isDark() ? "light" : "dark"; };
  byId("theme").addEventListener("click", turnTheme);

  let story;
  try { story = await unpack(); } catch (error) {
    byId("hint").textContent = "This browser cannot open the record in this page (" + error.message + "). The answer and its sources are above.";
    byId("hint").hidden = false;
    return;
  }
  story.turns = story.turns || []; story.cells = story.cells || []; story.calls = story.calls || [];
  story.drafts = story.drafts || []; story.citations = story.citations || []; story.remarks = story.remarks || [];
  const cells = new Map(story.cells.map((cell) => [cell.span, cell]));
  const callsOf = new Map(), cellsOf = new Map();
  story.calls.forEach((call, place) => {
    call.place = place;
    call.state = call.state || "queued"; call.text = call.text || "";
    if (!callsOf.has(call.cell)) callsOf.set(call.cell, []);
    callsOf.get(call.cell).push(call);
  });
  for (const cell of story.cells) { if (!cellsOf.has(cell.run)) cellsOf.set(cell.run, []); cellsOf.get(cell.run).push(cell); }
  const callName = (call) => call.span.split("/").filter((p) => /^[cs]/.test(p)).map((p) => (p[0] === "c" ? "cell " : "#") + p.slice(1)).join(" ");
  const end = Math.max(story.facts.seconds || 0, ...story.turns.map((t) => t.replied || t.began), ...story.cells.map((c) => c.ended || c.began), 0.001);

  /* the panel at the side (at the bottom of a phone) */
  const panel = byId("panel");
  let opener = null;
  const openPanel = (title, nodes) => {
    opener = opener || document.activeElement;
    byId("panel-title").textContent = title;
    byId("panel-body").replaceChildren(...nodes.flat(3).filter(Boolean));
    byId("panel-body").scrollTop = 0;
    panel.hidden = false;
  };
  const closePanel = () => {
    panel.hidden = true;
    document.querySelectorAll("a.cite.now").forEach((each) => each.classList.remove("now"));
    if (opener && opener.focus) opener.focus({ preventScroll: true });
    opener = null;
  };
  byId("panel-close").addEventListener("click", closePanel);
  const showCitation = (id) => {
    const cited = story.citations.find((each) => each.id === id);
    if (!cited) return;
    document.querySelectorAll("a.cite").forEach((each) => each.classList.toggle("now", Number(each.dataset.cite) === id));
    const checked = cited.checked ? make("span", { class: "ok", text: "✓ found word for word" }) : make("span", { class: "bad", text: "✗ not verified" + (cited.why ? ": " + cited.why : "") });
    const passage = make("div", { class: "passage" }, cited.before || "", make("mark", { text: cited.quote }), cited.after || "");
    const origin = { file: "The passage was read from the file when this page was made.", record: "The passage is from the record of the session." }[cited.origin] || "The passage around the quotation is not in the record.";
    openPanel("[" + id + "] " + cited.place, [make("p", { class: "small" }, checked, cited.elsewhere ? " · and in " + count(cited.elsewhere, "more place") : ""), passage, make("p", { class: "small soft", text: origin })]);
    const mark = byId("panel-body").querySelector("mark");
    if (mark) mark.scrollIntoView({ block: "center" });
  };
  const showCall = (place) => {
    const call = story.calls[place];
    if (!call) return;
    const took = call.finished !== undefined && call.finished !== null ? call.finished - (call.started ?? call.queued) : null;
    const facts = joined(call.state, call.model, seconds(took), call.attempts > 1 && call.attempts + " attempts", (call.tokens_in || call.tokens_out) && (call.tokens_in || 0) + " tokens in, " + (call.tokens_out || 0) + " out", money(call.usd === undefined ? 0 : call.usd));
    const inner = (cellsOf.get(call.span) || []).map((cell) => cellNodes(cell));
    openPanel(callName(call), [
      make("p", { class: "small soft", text: facts }),
      call.problem ? make("p", { class: "bad", text: call.problem }) : null,
      call.text ? [make("div", { class: "lab", text: "Reply" }), make("pre", { text: call.text })] : null,
      make("div", { class: "lab", text: call.op === "rlm" ? "Question of the child run" : "Prompt" }), make("pre", { text: call.prompt }),
      inner.length ? [make("div", { class: "lab", text: "The child run" }), ...inner] : null,
      make("p", {}, make("button", { class: "more", text: "← before", onclick: () => showCall(place - 1) }), "  ", make("button", { class: "more", text: "after →", onclick: () => showCall(place + 1) })),
    ]);
  };

  const cellNodes = (cell) => {
    const calls = callsOf.get(cell.span) || [];
    const status = cell.status || "running";
    const meta = joined(seconds(cell.seconds || 0), cell.waited > 0.05 && seconds(cell.waited) + " waiting for sub-calls");
    const grid = make("div", { class: "grid", onclick: (event) => { if (event.target.dataset.call) showCall(Number(event.target.dataset.call)); } });
    for (const call of calls) grid.append(make("button", { class: "s-" + call.state, "data-call": call.place, title: callName(call) + ": " + call.state, "aria-label": callName(call) + " " + call.state }));
    const failed = calls.filter((call) => ["failed", "refused", "cancelled"].includes(call.state)).length;
    return [
      make("div", { class: "head", id: "at-" + cell.span.replaceAll("/", "-") }, make("b", { text: "Cell " + cell.number + (cell.origin === "user" ? " (yours)" : "") }), make("span", { class: status === "ok" ? "ok small" : "bad small", text: status }), make("span", { class: "meta", text: meta })),
      cell.code ? foldable(code(cell.code), cell.code.split("\n").length) : null,
      calls.length ? [make("div", { class: "lab", text: count(calls.length, "sub-call") + (failed ? ", " + failed + " failed" : "") }), grid] : null,
      cell.problem ? make("p", { class: "bad", text: cell.problem }) : null,
      cell.output ? block("Output" + (cell.omitted ? " (" + count(cell.omitted, "character") + " more were not shown to the model)" : ""), make("pre", { text: cell.output }), cell.output) : null,
    ].flat(2).filter(Boolean);
  };

  const views = {
    timeline() {
      const bars = make("div", { class: "bars", role: "img", "aria-label": "When the model was asked, when cells ran, when sub-calls were under way" });
      const bar = (kind, from, to) => { const i = make("i", { class: kind }); i.style.left = (100 * from) / end + "%"; i.style.width = (100 * Math.max(0, to - from)) / end + "%"; bars.append(i); };
      const rootTurns = story.turns.filter((turn) => turn.run === "root");
      for (const turn of rootTurns) bar("ask", turn.began, turn.replied ?? turn.began);
      for (const cell of cellsOf.get("root") || []) bar("run", cell.began, cell.ended ?? end);
      const busy = story.calls.filter((call) => call.started !== undefined && call.started !== null).map((call) => [call.started, call.finished ?? end]).sort((a, b) => a[0] - b[0]);
      let open = null;
      for (const [from, to] of busy) { if (open && from <= open[1] + end / 500) open[1] = Math.max(open[1], to); else { if (open) bar("sub", ...open); open = [from, to]; } }
      if (open) bar("sub", ...open);
      bars.addEventListener("click", (event) => {
        const t = (end * (event.clientX - bars.getBoundingClientRect().left)) / bars.clientWidth;
        const last = rootTurns.filter((turn) => turn.began <= t).pop();
        if (last) byId("turn-" + last.number)?.scrollIntoView({ block: "start" });
      });
      const legend = make("div", { class: "legend" }, make("span", {}, make("i", { class: "ask" }), "asking the root model"), make("span", {}, make("i", { class: "run" }), "cells"), make("span", {}, make("i", { class: "sub" }), "sub-calls"), make("span", { text: "0:00 – " + clock(end) }));
      const items = [
        ...rootTurns.map((turn) => [turn.began, turnCard(turn)]),
        ...(cellsOf.get("root") || []).filter((cell) => !rootTurns.some((turn) => turn.cell === cell.span)).map((cell) => [cell.began, make("section", { class: "card" }, ...cellNodes(cell))]),
        ...story.remarks.map((remark) => [remark.t, make("p", { class: "small " + (remark.level === "error" ? "bad" : remark.level === "warning" ? "warn" : "soft"), text: clock(remark.t) + "  " + remark.text })]),
      ].sort((a, b) => a[0] - b[0]);
      return [bars, legend, ...items.map((item) => item[1])];
    },
    calls() {
      let state = "", words = "", shown = 200;
      const list = make("div", {}), input = make("input", { type: "search", placeholder: "Find in prompts and replies", "aria-label": "Find in prompts and replies" });
      const states = [...new Set(story.calls.map((call) => call.state))].sort();
      const buttons = ["", ...states].map((name) => make("button", { "aria-pressed": String(name === ""), text: name ? name + " " + story.calls.filter((call) => call.state === name).length : "all " + story.calls.length, onclick: (event) => { state = name; shown = 200; for (const each of buttons) each.setAttribute("aria-pressed", String(each === event.target)); draw(); } }));
      const draw = () => {
        const low = words.toLowerCase();
        const found = story.calls.filter((call) => (!state || call.state === state) && (!low || (call.prompt + "\n" + call.text).toLowerCase().includes(low)));
        const rows = [];
        let cell = null;
        for (const call of found.slice(0, shown)) {
          if (call.cell !== cell) { cell = call.cell; const known = cells.get(cell); rows.push(make("div", { class: "group", text: (known && known.run !== "root" ? "child run · " : "") + "Cell " + (known ? known.number : "?") + " · " + count((callsOf.get(cell) || []).length, "sub-call") })); }
          const took = call.finished !== undefined && call.finished !== null ? call.finished - (call.started ?? call.queued) : null;
          rows.push(make("button", { class: "row", "data-call": call.place }, make("span", { class: "dot s-" + call.state, title: call.state }), make("span", { class: "n", text: "#" + call.span.split("/s").pop() }), make("span", {}, make("span", { class: "q", text: firstLine(call.prompt) }), make("span", { class: "a" + (call.problem ? " bad" : ""), text: firstLine(call.problem || call.text) || "—" })), make("span", { class: "m", text: seconds(took) })));
        }
        if (found.length > shown) rows.push(make("button", { class: "more", text: "Show " + count(Math.min(500, found.length - shown), "more call") + " of " + (found.length - shown), onclick: () => { shown += 500; draw(); } }));
        if (!found.length) rows.push(make("p", { class: "soft", text: story.calls.length ? "No sub-call is like that." : "There were no sub-calls." }));
        list.replaceChildren(...rows);
      };
      input.addEventListener("input", () => { words = input.value; shown = 200; draw(); });
      list.addEventListener("click", (event) => { const row = event.target.closest("[data-call]"); if (row) showCall(Number(row.dataset.call)); });
      draw();
      return [make("div", { class: "tools" }, input, ...(states.length > 1 ? buttons : [])), list];
    },
    drafts() {
      if (!story.drafts.length) return [make("p", { class: "soft", text: "No draft was written." })];
      return story.drafts.map((draft) => {
        const body = make("div", { class: "diff" }), size = (kind) => draft.changes.filter((c) => c[0] === kind).reduce((n, c) => n + c[1].length, 0);
        const isFirst = draft.changes.every((c) => c[0] === "+");
        for (const [kind, text] of draft.changes) body.append(kind === "=" || isFirst ? text : make(kind === "+" ? "ins" : "del", { text }));
        return make("section", { class: "card", id: "draft-" + draft.number }, make("div", { class: "head" }, make("b", { text: "Draft " + draft.number }), draft.ready ? make("span", { class: "ok small", text: "ready" }) : null, make("span", { class: "meta", text: joined("+" + size("+").toLocaleString("en") + " −" + size("-").toLocaleString("en") + " characters", clock(draft.t)) })), make("div", { class: "said" }, body));
      });
    },
    record() {
      const facts = story.facts, rows = [["Question", facts.question], ["Ended", facts.ending], ["Models", facts.models], ["Documents", facts.corpus], ["Read", facts.coverage], ["Left out", facts.skipped], ["Spent", facts.spending], ["Sandbox", facts.sandbox], ["Started", facts.started], ["Session", facts.session], ["Command", facts.command], ["Program", facts.program && "rlm " + facts.program], ["Warnings", (facts.warnings || []).join("\n")], ["Removed from this page", (story.removed || []).join("\n") || "no secret was found"], ["Shortened in this page", story.cut ? count(story.cut, "text") + " longer than " + story.limit.toLocaleString("en") + " characters; the session file has them whole" : "nothing"]];
      const list = make("dl");
      for (const [name, value] of rows) if (value) list.append(make("dt", { text: name }), make("dd", { text: value }));
      return [make("section", { class: "card" }, list)];
    },
  };
  const turnCard = (turn) => {
    const cell = cells.get(turn.cell);
    const meta = joined(clock(turn.began), turn.replied !== undefined && turn.replied !== null && seconds(turn.replied - turn.began) + " asking", (turn.tokens_in || turn.tokens_out) && (turn.tokens_in || 0).toLocaleString("en") + " → " + (turn.tokens_out || 0).toLocaleString("en") + " tokens", money(turn.usd === undefined ? 0 : turn.usd));
    return make("section", { class: "card", id: "turn-" + turn.number }, make("div", { class: "head" }, make("b", { text: "Turn " + turn.number }), make("span", { class: "meta", text: meta })), turn.prose ? make("p", { class: "said", text: turn.prose }) : null, ...(cell ? cellNodes(cell) : []));
  };

  /* tabs are drawn when they are first looked at */
  const tabs = ["answer", "timeline", "calls", "drafts", "record"], drawn = new Set(["answer"]);
  let current = "answer";
  const show = (name, keep) => {
    if (!tabs.includes(name)) return;
    if (!drawn.has(name)) { byId("tab-" + name).replaceChildren(...views[name]()); drawn.add(name); }
    for (const each of tabs) { byId("tab-" + each).hidden = each !== name; byId("to-" + each).setAttribute("aria-selected", String(each === name)); byId("to-" + each).tabIndex = each === name ? 0 : -1; }
    current = name;
    if (!keep) { history.replaceState(null, "", "#" + name); scrollTo({ top: Math.min(scrollY, byId("tabs").offsetTop) }); }
  };
  const go = (target) => {
    const [kind, ...rest] = target.split("-"), id = rest.join("-");
    if (tabs.includes(target)) show(target);
    else if (kind === "cite") { show("answer", true); showCitation(Number(id)); history.replaceState(null, "", "#" + target); }
    else if (kind === "call") { show("calls", true); showCall(Number(id)); }
    else if (["turn", "draft", "at"].includes(kind)) { show(kind === "draft" ? "drafts" : "timeline", true); byId(target)?.scrollIntoView({ block: "start" }); }
  };
  for (const name of tabs) byId("to-" + name).addEventListener("click", () => show(name));
  const counts = { timeline: story.turns.filter((turn) => turn.run === "root").length, calls: story.calls.length, drafts: story.drafts.length };
  for (const [name, number] of Object.entries(counts)) byId("to-" + name).append(make("span", { class: "count", text: number.toLocaleString("en") }));
  document.addEventListener("click", (event) => {
    const cite = event.target.closest("a.cite");
    if (cite) { event.preventDefault(); show("answer", true); opener = cite; showCitation(Number(cite.dataset.cite)); }
  });
  addEventListener("hashchange", () => go(location.hash.slice(1)));

  /* search over everything */
  const veil = byId("veil"), box = byId("search"), hits = byId("hits"), keys = byId("keys");
  let chosen = 0;
  const sources = () => [["answer", "answer", byId("tab-answer").innerText], ...story.citations.map((each) => ["source " + each.id, "cite-" + each.id, each.place + "\n" + (each.before || "") + each.quote + (each.after || "")]), ...story.turns.filter((turn) => turn.run === "root").map((turn) => ["turn " + turn.number, "turn-" + turn.number, turn.prose || ""]), ...story.cells.map((cell) => ["cell " + cell.number, "at-" + cell.span.replaceAll("/", "-"), (cell.code || "") + "\n" + (cell.output || "")]), ...story.calls.map((call) => [callName(call), "call-" + call.place, call.text + "\n" + call.prompt]), ...story.drafts.map((draft) => ["draft " + draft.number, "draft-" + draft.number, draft.changes.filter((c) => c[0] === "+").map((c) => c[1]).join("")])];
  const seek = () => {
    const words = box.value.trim().toLowerCase(), found = [];
    chosen = 0;
    if (words.length > 1) for (const [name, target, text] of sources()) {
      const at = text.toLowerCase().indexOf(words);
      if (at < 0) continue;
      found.push(make("button", { class: "hit", onclick: () => { closeVeil(); go(target); } }, make("div", { class: "w", text: name }), make("div", {}, (at > 50 ? "…" : "") + text.slice(Math.max(0, at - 50), at), make("mark", { text: text.slice(at, at + words.length) }), text.slice(at + words.length, at + words.length + 110))));
      if (found.length >= 80) break;
    }
    if (found.length) found[0].classList.add("now");
    hits.replaceChildren(...(found.length ? found : [make("p", { class: "soft small keys", text: words.length > 1 ? "Nothing found." : "Answer, sources, code, outputs, prompts, replies and drafts are searched." })]));
  };
  const openVeil = (which) => { veil.hidden = false; byId("search-box").hidden = which !== "search"; keys.hidden = which !== "keys"; if (which === "search") { box.value = ""; seek(); box.focus(); } };
  const closeVeil = () => { veil.hidden = true; };
  byId("find").addEventListener("click", () => openVeil("search"));
  byId("help").addEventListener("click", () => openVeil("keys"));
  veil.addEventListener("click", (event) => { if (event.target === veil) closeVeil(); });
  box.addEventListener("input", seek);
  box.addEventListener("keydown", (event) => {
    const all = [...hits.querySelectorAll(".hit")];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      chosen = Math.max(0, Math.min(all.length - 1, chosen + (event.key === "ArrowDown" ? 1 : -1)));
      all.forEach((each, place) => each.classList.toggle("now", place === chosen));
      all[chosen]?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && all[chosen]) all[chosen].click();
  });
  const move = (by) => {
    const all = [...byId("tab-" + current).querySelectorAll(current === "calls" ? ".row" : current === "answer" ? "details.note" : "section.card")];
    const at = all.findIndex((each) => each.classList.contains("now")), next = all[Math.max(0, Math.min(all.length - 1, at + by))];
    all.forEach((each) => each.classList.toggle("now", each === next));
    next?.scrollIntoView({ block: "nearest" });
    if (!panel.hidden && next && current === "calls") showCall(Number(next.dataset.call));
    if (!panel.hidden && next && current === "answer") showCitation(Number(next.id.slice(5)));
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { if (!veil.hidden) closeVeil(); else if (!panel.hidden) closePanel(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || /^(input|textarea)$/i.test(event.target.tagName)) return;
    const marked = byId("tab-" + current).querySelector(".now");
    if (event.key === "/") { event.preventDefault(); openVeil("search"); }
    else if (event.key === "?") openVeil("keys");
    else if (event.key === "t") turnTheme();
    else if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "o" && marked) { if (current === "calls") showCall(Number(marked.dataset.call)); else if (current === "answer") showCitation(Number(marked.id.slice(5))); }
    else if (/^[1-5]$/.test(event.key)) show(tabs[event.key - 1]);
  });
  document.documentElement.dataset.ready = "yes";
  if (location.hash.length > 1) go(location.hash.slice(1));
})();
