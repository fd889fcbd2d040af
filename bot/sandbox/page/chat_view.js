// The left side: a chat as Telegram shows it.

import { chat } from "./wire.js";
import { ATTACHMENTS, MessageView } from "./message_view.js";

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
      this.#closeMenu();
      this.say(text);
    });
    $("start").addEventListener("click", () => this.say("/start"));
    $("unblock").addEventListener("click", () => this.act((id) => chat.block(id, false)));
    $("menu-button").addEventListener("click", () => this.#toggleMenu("menu-button", this.#commands()));
    $("attach-button").addEventListener("click", () => this.#toggleMenu("attach-button", this.#attachments()));
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.#closeMenu());
    $("scroll").addEventListener("click", () => this.#closeMenu());
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
      const key = JSON.stringify([message, waiting]);
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
      const item = this.messageView.item(message, waiting, heading);
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

  #commands() {
    return this.state.bot.commands.map(({ command, description }) => [`/${command}`, description, () => this.say(`/${command}`)]);
  }

  #attachments() {
    return Object.entries(ATTACHMENTS).map(([kind, name]) => [name, "", () => this.act((id) => chat.send(id, kind))]);
  }

  #toggleMenu(buttonId, entries) {
    const menu = $("menu");
    const open = menu.hidden || menu.dataset.of !== buttonId;
    this.#closeMenu();
    if (!open) return;
    menu.dataset.of = buttonId;
    menu.hidden = false;
    $(buttonId).setAttribute("aria-expanded", "true");
    menu.replaceChildren(...entries.map(([name, description, act]) => {
      const button = document.createElement("button");
      button.type = "button";
      const strong = document.createElement("b");
      strong.textContent = name;
      button.append(strong, " ", description);
      button.addEventListener("click", () => {
        this.#closeMenu();
        act();
      });
      return button;
    }));
    menu.querySelector("button")?.focus();
  }

  #closeMenu() {
    $("menu").hidden = true;
    for (const id of ["menu-button", "attach-button"]) $(id).setAttribute("aria-expanded", "false");
  }

  #nearEnd() {
    const scroll = $("scroll");
    return scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 120;
  }

  #scrollToEnd(first) {
    const scroll = $("scroll");
    const calm = first || matchMedia("(prefers-reduced-motion: reduce)").matches;
    requestAnimationFrame(() => scroll.scrollTo({ top: scroll.scrollHeight, behavior: calm ? "instant" : "smooth" }));
  }
}
