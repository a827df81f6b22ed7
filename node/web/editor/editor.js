// The editor of a page, for several people at once. It takes the place of the
// plain text field of the form, sends what is typed as it is typed, and shows
// what others type; see ../pagelive.go for what is said over the wire.
//
// What stands in the editor is the text of a version that the node knows
// (base), with what was sent and not yet answered (sent), and then what was
// typed since (typed). What others do is moved over both. Nothing that was typed
// is dropped: what can't be sent stays in the editor, is tried again, and the
// page says that it isn't saved.
import { ChangeSet, EditorSelection, EditorState, StateEffect, StateField, Text, Transaction } from "@codemirror/state";
import { Decoration, EditorView, WidgetType, drawSelection, keymap } from "@codemirror/view";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { HighlightStyle, Language, LanguageSupport, defineLanguageFacet, syntaxHighlighting } from "@codemirror/language";
import { tags } from "@lezer/highlight";
import { GFM, parser } from "@lezer/markdown";

const form = document.getElementById("editor");
const field = form.querySelector("textarea");
const state = document.getElementById("editor-state");
const people = document.getElementById("editor-people");
const say = form.dataset;
const client = [...crypto.getRandomValues(new Uint8Array(12))].map((b) => b.toString(16).padStart(2, "0")).join("");
const most = 8 << 10; // characters sent at once

let base = null; // Text that the node has
let version = "";
let sent = null; // { seq, changes }
let typed = null; // ChangeSet
let seq = 0;
let source = null;
let timer = 0;
let failures = 0;
let view = null;

const textOf = (s) => Text.of(s.split("\n"));

function changesOf(splices, length) {
  let all = ChangeSet.empty(length);
  for (const s of splices)
    all = all.compose(ChangeSet.of({ from: s.pos, to: s.pos + s.del, insert: textOf(s.ins) }, all.newLength));
  return all;
}

function splicesOf(changes) {
  const out = [];
  changes.iterChanges((fromA, toA, fromB, _, inserted) => out.push({ pos: fromB, del: toA - fromA, ins: inserted.toString() }));
  return out;
}

// difference makes a text of another by replacing what lies between what both
// begin and end with.
function difference(a, b) {
  const x = a.toString(), y = b.toString();
  let from = 0, end = 0;
  while (from < x.length && from < y.length && x[from] === y[from]) from++;
  while (end < x.length - from && end < y.length - from && x[x.length - 1 - end] === y[y.length - 1 - end]) end++;
  return ChangeSet.of({ from, to: x.length - end, insert: textOf(y.slice(from, y.length - end)) }, x.length);
}

// others does in the editor what was done to the text that the node has. Of
// insertions at one place those that are there come first.
function others(changes, to) {
  base = changes.apply(base);
  if (sent) {
    const moved = changes.map(sent.changes, true);
    sent.changes = sent.changes.map(changes);
    changes = moved;
  }
  const shown = changes.map(typed, true);
  typed = typed.map(changes);
  version = to;
  if (!shown.empty)
    view.dispatch({ changes: shown, annotations: [Transaction.remote.of(true), Transaction.addToHistory.of(false)] });
}

// acknowledged makes what was sent part of what the node has.
function acknowledged(splices, to) {
  const theirs = changesOf(splices, base.length).apply(base);
  const ours = sent.changes.apply(base);
  sent = null;
  base = ours;
  version = to;
  failures = 0;
  if (!theirs.eq(ours)) others(difference(ours, theirs), to);
}

function receive(e) {
  const news = JSON.parse(e.data);
  if (news.text !== undefined && news.text !== null) begin(textOf(news.text), news.at);
  for (const step of news.steps || []) {
    if (step.client === client && sent && step.seq === sent.seq) acknowledged(step.splices || [], step.at);
    else if (step.client !== client) others(changesOf(step.splices || [], base.length), step.at);
    else version = step.at;
  }
  if (news.people || news.alone) show(news.people || []);
  tell();
  later(0);
}

// begin goes on from a text that the node has, with what it hasn't got yet.
function begin(text, at) {
  if (view === null) {
    base = text;
    version = at;
    typed = ChangeSet.empty(text.length);
    open(text);
    return;
  }
  if (sent) { // whether it has arrived is asked first, then where the text stands
    resend();
    return;
  }
  others(difference(base, text), at);
}

function listen(since) {
  if (source) source.close();
  source = new EventSource(`${say.live}?client=${client}&since=${encodeURIComponent(since)}`);
  source.onmessage = receive;
  source.onerror = () => { failures++; tell(); };
}

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

async function post(path, fields) {
  return fetch(path, { method: "POST", body: new URLSearchParams({ token: form.elements.token.value, client, ...fields }) });
}

function later(ms) {
  clearTimeout(timer);
  timer = setTimeout(send, ms);
}

// part is as much of what was typed as is sent at once, and the rest.
function part(changes) {
  let size = 0;
  changes.iterChanges((fromA, toA, fromB, toB) => { size += toB - fromB; });
  if (size <= most) return [changes, ChangeSet.empty(changes.newLength)];
  let first = null;
  changes.iterChanges((fromA, toA, fromB, toB, inserted) => {
    if (first === null) first = ChangeSet.of({ from: fromA, to: toA, insert: inserted.slice(0, Math.min(inserted.length, most)) }, changes.length);
  });
  // What is left is what makes of the first part's text what stands there.
  const all = changes.apply(afterSent()), begun = first.apply(afterSent());
  return [first, difference(begun, all)];
}

const afterSent = () => (sent ? sent.changes.apply(base) : base);

async function send() {
  if (sent || typed === null || typed.empty) return;
  const [now, rest] = part(typed);
  sent = { seq: ++seq, changes: now };
  typed = rest;
  tell();
  await resend();
}

let sending = false;
async function resend() {
  if (sending) return;
  sending = true;
  try {
    while (sent) {
      const one = sent;
      let answer = null;
      try {
        answer = await post(say.type, { seq: one.seq, base: version, splices: JSON.stringify(splicesOf(one.changes)) });
      } catch { /* no line: again */ }
      if (sent !== one) break;
      if (answer && answer.ok) {
        failures = 0;
        if (source.readyState === EventSource.CLOSED) listen(version);
        await wait(4000); // the stream says where it went; should it not, it is asked
        if (sent === one) listen(version);
        if (sent === one) await wait(2000);
        continue;
      }
      failures++;
      if (answer && answer.status === 409) { // not there: it wasn't done
        typed = one.changes.compose(typed);
        sent = null;
        listen("");
        break;
      }
      if (answer && answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
        const why = await answer.json().then((j) => j.error, () => say.refused);
        tell(why);
      } else {
        tell();
      }
      await wait(Math.min(15000, 500 * 2 ** Math.min(failures, 5)));
    }
  } finally {
    sending = false;
  }
  tell();
}

const unsaved = () => sent !== null || (typed !== null && !typed.empty);

function tell(why) {
  const lost = failures > 1 || why;
  const text = why ? `${say.unsaved} ${why}` : unsaved() ? (lost ? say.unsaved : say.saving) : say.saved;
  state.dataset.state = lost && unsaved() ? "bad" : unsaved() ? "busy" : "calm";
  if (state.textContent !== text) state.textContent = text;
}

addEventListener("beforeunload", (e) => { if (unsaved()) e.preventDefault(); });
addEventListener("pagehide", () => source && source.close());

// Where others are: a mark in the text, and their names above it.
const marks = StateEffect.define();

class Caret extends WidgetType {
  constructor(name) { super(); this.name = name; }
  eq(other) { return other.name === this.name; }
  toDOM() {
    const e = document.createElement("span");
    e.className = "caret";
    e.setAttribute("aria-hidden", "true");
    e.dataset.name = this.name;
    return e;
  }
}

const carets = StateField.define({
  create: () => Decoration.none,
  update(now, tr) {
    now = now.map(tr.changes);
    for (const e of tr.effects) if (e.is(marks)) now = Decoration.set(e.value, true);
    return now;
  },
  provide: (f) => EditorView.decorations.from(f),
});

function show(list) {
  const names = [...new Set(list.map((p) => (p.place ? `${p.name} (${p.place})` : p.name)))];
  people.textContent = names.length ? `${say.with} ${names.join(", ")}` : "";
  const at = (n) => typed.mapPos(sent ? sent.changes.mapPos(Math.min(n, base.length)) : Math.min(n, base.length));
  view.dispatch({ effects: marks.of(list.map((p) => Decoration.widget({ widget: new Caret(p.name), side: 1 }).range(at(p.to)))) });
}

let pointed = 0;
function point() {
  clearTimeout(pointed);
  pointed = setTimeout(() => {
    if (unsaved()) return point();
    const { anchor, head } = view.state.selection.main;
    post(say.point, { base: version, from: anchor, to: head }).catch(() => {});
  }, 400);
}

const style = HighlightStyle.define([
  { tag: tags.heading, fontWeight: "700" },
  { tag: tags.strong, fontWeight: "700" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: [tags.link, tags.url], textDecoration: "underline" },
  { tag: tags.strikethrough, textDecoration: "line-through" },
]);

function open(text) {
  view = new EditorView({
    state: EditorState.create({
      doc: text,
      selection: EditorSelection.cursor(0),
      extensions: [
        EditorState.lineSeparator.of("\n"),
        EditorView.cspNonce.of(say.nonce),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({
          "aria-label": say.label, "aria-describedby": "page-text-hint", lang: field.lang || document.documentElement.lang, spellcheck: "true", autocapitalize: "sentences", autocorrect: "on",
        }),
        history(),
        drawSelection(),
        keymap.of([...defaultKeymap, ...historyKeymap]), // Tab leaves the editor
        new LanguageSupport(new Language(defineLanguageFacet(), parser.configure(GFM), [], "markdown")),
        syntaxHighlighting(style),
        carets,
        EditorView.updateListener.of((u) => {
          for (const tr of u.transactions)
            if (tr.docChanged && !tr.annotation(Transaction.remote)) {
              typed = typed.compose(tr.changes);
              tell();
              later(120);
            }
          if (u.selectionSet || u.docChanged) point();
        }),
      ],
    }),
  });
  field.hidden = true;
  field.required = false;
  field.after(view.dom);
  const label = form.querySelector(`label[for="${field.id}"]`);
  label.addEventListener("click", (e) => { e.preventDefault(); view.focus(); });
  form.classList.add("live");
  form.addEventListener("submit", (e) => e.preventDefault());
  if (document.activeElement === field) view.focus();
  tell();
}

// Whoever has typed already goes on in the plain field.
if (field.value === field.defaultValue && form.dataset.anew !== "no") listen("");
