// Where the operator writes: a reply or a private note, with files, and the signal that somebody is typing.

import { element } from "./element.js";
import { gist } from "./staff_message.js";

const $ = (id) => document.getElementById(id);
const SIGNAL_EVERY = 5000; // milliseconds between two signals while somebody goes on typing
const STOPPED_AFTER = 6000;

export class ReplyBox {
  // `send({ content, private, in_reply_to }, files)` answers whether it was sent; `typing(on, private)` tells.
  constructor({ send, typing }) {
    Object.assign(this, { send, typing });
    this.drafts = new Map(); // conversation → text that was not sent yet
    this.conversation = null;
    this.#empty();
    this.text = $("reply-text");
    this.note = $("reply-note");
    $("reply").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    });
    this.text.addEventListener("input", () => {
      this.#fit();
      this.#signal();
    });
    this.note.addEventListener("change", () => this.#showKind());
    $("reply-attach").addEventListener("click", () => $("reply-file").click());
    $("reply-file").addEventListener("change", (event) => {
      this.files.push(...event.target.files);
      event.target.value = "";
      this.#showExtras();
      this.text.focus();
    });
  }

  // The text of another conversation is kept for it; its files are not.
  open(conversation) {
    if (conversation === this.conversation) return;
    if (this.conversation !== null) this.drafts.set(this.conversation, this.text.value);
    this.#stopTyping();
    this.conversation = conversation;
    this.text.value = this.drafts.get(conversation) ?? "";
    this.note.checked = false;
    this.#empty();
    this.#showKind();
    this.#showExtras();
    this.#fit();
  }

  replyTo(message) {
    this.replied = message;
    this.#showExtras();
    this.text.focus();
  }

  #empty() {
    this.files = [];
    this.replied = null;
  }

  async #submit() {
    const content = this.text.value.trim();
    if (this.busy || (!content && !this.files.length)) return;
    const written = { content, private: this.note.checked, in_reply_to: this.replied?.id };
    this.busy = $("reply-send").disabled = true;
    const conversation = this.conversation;
    this.#stopTyping();
    const sent = await this.send(written, this.files);
    this.busy = $("reply-send").disabled = false;
    if (!sent) return;
    if (conversation !== this.conversation) {
      this.drafts.delete(conversation); // another one was opened meanwhile
      return;
    }
    this.text.value = "";
    this.note.checked = false; // what follows is for the client again
    this.#empty();
    this.#showKind();
    this.#showExtras();
    this.#fit();
  }

  #signal() {
    if (!this.text.value.trim()) return this.#stopTyping();
    clearTimeout(this.stopTimer);
    this.stopTimer = setTimeout(() => this.#stopTyping(), STOPPED_AFTER);
    const now = performance.now();
    if (this.signalled !== undefined && now - this.signalled < SIGNAL_EVERY) return undefined;
    this.signalled = now;
    return this.typing(true, this.note.checked);
  }

  #stopTyping() {
    clearTimeout(this.stopTimer);
    if (this.signalled === undefined) return;
    this.signalled = undefined;
    this.typing(false, this.note.checked);
  }

  #showKind() {
    $("reply").classList.toggle("noting", this.note.checked);
    this.text.placeholder = this.note.checked ? "A note that only staff see" : "Reply to the client";
  }

  #showExtras() {
    const extras = this.files.map((file, index) => chip(file.name, `Do not send ${file.name}`, () => {
      this.files.splice(index, 1);
      this.#showExtras();
    }));
    if (this.replied) {
      extras.unshift(chip(`In reply to: ${gist(this.replied).slice(0, 60)}`, "Do not reply to this message", () => {
        this.replied = null;
        this.#showExtras();
      }));
    }
    $("reply-extras").replaceChildren(...extras);
    $("reply-extras").hidden = !extras.length;
  }

  // As high as the text, within what the style sheet allows.
  #fit() {
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight + 2}px`;
  }
}

function chip(name, remove, onRemove) {
  const item = element("li", "chip", name);
  const button = element("button", "", "×");
  button.type = "button";
  button.ariaLabel = remove;
  button.addEventListener("click", onRemove);
  item.append(button);
  return item;
}
