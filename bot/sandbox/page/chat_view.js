// The left side: a chat as Telegram shows it.

import { ChatMenu } from "./chat_menu.js";
import { MessageView } from "./message_view.js";
import { chat } from "./wire.js";

const $ = (id) => document.getElementById(id);
const TOAST_SHOWN = 3500;

export class ChatView {
  constructor({ zone, onError, onNews }) {
    this.id = null;
    this.state = null;
    this.shown = new Map(); // message_id → { key, item }
    this.onError = onError;
    this.onNews = onNews;
    this.messageView = new MessageView({
      zone,
      say: (text) => this.say(text),
      tap: (what) => this.act((id) => chat.tap(id, what)),
      toast: (text) => this.toast(text),
      goTo: (id) => this.#goTo(id),
    });
    this.menu = new ChatMenu({
      commands: () => this.state.bot.commands,
      say: (text) => this.say(text),
      send: (kind) => this.act((id) => chat.send(id, kind)),
      sendFile: (kind, file) => this.#sendFile(kind, file),
    });
    this.dayName = new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "numeric", month: "long" });
    this.#listen();
  }

  // Show the chat of this person from now on.
  async open(id) {
    this.id = id;
    this.state = null;
    this.shown.clear();
    $("messages").replaceChildren();
    $("text").value = "";
    this.toastsSeen = null;
    this.run = (this.run ?? 0) + 1;
    const run = this.run;
    let since = 0;
    while (run === this.run) {
      try {
        const state = await chat.see(id, since);
        if (run !== this.run) return;
        since = state.version;
        this.#show(state);
        this.onError(null);
      } catch (error) {
        if (run !== this.run) return;
        this.onError(error);
        await new Promise((resolve) => setTimeout(resolve, 1500));
      }
    }
  }

  async act(action) {
    try {
      return await action(this.id);
    } catch (error) {
      this.toast(error.message);
      return null;
    }
  }

  say(text) {
    return this.act((id) => chat.say(id, text));
  }

  toast(text) {
    const toast = $("toast");
    toast.textContent = text;
    toast.hidden = false;
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => (toast.hidden = true), TOAST_SHOWN);
  }

  #listen() {
    $("form").addEventListener("submit", (event) => {
      event.preventDefault();
      const text = $("text").value.trim();
      if (!text) return;
      $("text").value = "";
      this.menu.close();
      this.say(text);
    });
    // A picture has no height until it is there.
    $("messages").addEventListener("load", () => this.pinned && this.#scrollToEnd(true), true);
    $("scroll").addEventListener("scroll", () => this.#scrolled());
    $("start").addEventListener("click", () => this.say("/start"));
    $("unblock").addEventListener("click", () => this.act((id) => chat.block(id, false)));
  }

  #show(state) {
    const first = this.state === null;
    this.state = state;
    const bot = state.bot;
    $("bot-name").textContent = bot?.name ?? "Bot";
    $("bot-avatar").textContent = [...(bot?.name ?? "B")][0].toUpperCase();
    $("person-name").textContent = [state.person.first_name, state.person.last_name].filter(Boolean).join(" ");
    $("person-language").textContent = state.person.language_code ?? "–";
    this.#showStatus(state);
    const near = this.#nearEnd();
    const news = this.#showMessages(state);
    const empty = !state.messages.some((message) => !message.deleted);
    $("about").hidden = !(empty && bot?.description);
    $("about-text").textContent = bot?.description ?? "";
    $("start").hidden = state.started || state.blocked;
    $("form").hidden = state.blocked || !state.started;
    $("blocked").hidden = !state.blocked;
    $("menu-button").hidden = !bot?.commands.length;
    $("block").setAttribute("aria-pressed", String(state.blocked));
    this.#showKeyboard(state);
    if (first || near || news) this.#scrollToEnd(first);
    this.#showToasts(state, first);
    if (news && !first) this.onNews();
  }

  #showStatus(state) {
    const status = $("bot-status");
    status.textContent = state.typing ? (state.typing === "typing" ? "typing…" : "sending a file…") : state.bot ? "bot" : "waiting for the bot…";
    status.classList.toggle("typing", Boolean(state.typing));
    clearTimeout(this.typingTimer);
    if (state.typing) this.typingTimer = setTimeout(() => this.#showStatus({ ...state, typing: null }), 5000);
  }

  // Keeps the items whose messages did not change, so that focus and screen readers are not disturbed.
  #showMessages(state) {
    const list = $("messages");
    let news = false;
    let day = null;
    for (const message of state.messages) {
      const waiting = state.waiting.filter((query) => query.message_id === message.message_id).map((query) => query.data);
      const replied = state.messages.find((other) => other.message_id === message.reply_to && !other.deleted);
      const key = JSON.stringify([message, waiting, replied?.text]);
      const known = this.shown.get(message.message_id);
      if (message.deleted) {
        if (known) this.#vanish(known.item);
        this.shown.delete(message.message_id);
        continue;
      }
      const date = this.dayName.format(new Date(message.date * 1000));
      const heading = date === day ? null : date;
      day = date;
      if (known?.key === key && known.heading === heading) continue;
      const item = this.messageView.item(message, { waiting, heading, replied });
      if (known) {
        const focused = known.item.contains(document.activeElement) ? document.activeElement.textContent : null;
        if (known.edits !== message.edits) item.classList.add("edited-now");
        known.item.replaceWith(item);
        if (focused) this.#focusAgain(item, focused);
      } else {
        item.classList.add("arriving");
        list.append(item);
        news = true;
      }
      this.shown.set(message.message_id, { key, item, heading, edits: message.edits });
    }
    return news;
  }

  #focusAgain(item, label) {
    const buttons = [...item.querySelectorAll("button")];
    (buttons.find((button) => button.textContent === label) ?? buttons[0])?.focus({ preventScroll: true });
  }

  #goTo(id) {
    const item = this.shown.get(id)?.item;
    item?.scrollIntoView({ block: "center", behavior: "smooth" });
    item?.classList.remove("edited-now");
    requestAnimationFrame(() => item?.classList.add("edited-now"));
  }

  #vanish(item) {
    item.classList.add("vanishing");
    item.addEventListener("animationend", () => item.remove());
    setTimeout(() => item.remove(), 400);
  }

  #showKeyboard(state) {
    const keyboard = $("keyboard");
    keyboard.hidden = !state.keyboard || state.blocked;
    const key = JSON.stringify(state.keyboard);
    if (key === this.keyboardKey) return;
    this.keyboardKey = key;
    keyboard.replaceChildren(...(state.keyboard ?? []).map((row) => {
      const line = document.createElement("div");
      line.className = "row";
      line.append(...row.map((button) => {
        const element = document.createElement("button");
        element.type = "button";
        element.textContent = button.text;
        if (button.style) element.classList.add(button.style);
        if (button.request_contact) element.dataset.mark = "☎";
        element.addEventListener("click", () => this.act((id) => chat.tap(id, { label: button.text })));
        return element;
      }));
      return line;
    }));
    $("text").placeholder = state.keyboard_options.input_field_placeholder ?? "Message";
  }

  #showToasts(state, first) {
    const seen = first ? state.toasts.length : this.toastsSeen;
    for (const toast of state.toasts.slice(seen)) {
      if (toast.alert) {
        $("alert-text").textContent = toast.text;
        if (!$("alert-dialog").open) $("alert-dialog").showModal();
      } else {
        this.toast(toast.text);
      }
    }
    this.toastsSeen = state.toasts.length;
  }

  // What is written already goes under the file.
  #sendFile(kind, file) {
    const caption = $("text").value.trim();
    $("text").value = "";
    this.act((id) => chat.sendFile(id, kind, file, caption));
  }

  #nearEnd() {
    const scroll = $("scroll");
    return scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 120;
  }

  // Whoever scrolls up wants to stay there; the page itself only ever scrolls down.
  #scrolled() {
    const { scrollTop } = $("scroll");
    if (this.#nearEnd()) this.pinned = true;
    else if (scrollTop < this.top) this.pinned = false;
    this.top = scrollTop;
  }

  #scrollToEnd(first) {
    const scroll = $("scroll");
    this.pinned = true;
    const calm = first || matchMedia("(prefers-reduced-motion: reduce)").matches;
    requestAnimationFrame(() => scroll.scrollTo({ top: scroll.scrollHeight, behavior: calm ? "instant" : "smooth" }));
  }
}
