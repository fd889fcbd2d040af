// Conversations with clients as the clinic's operator sees them: the list, one of them, and what is done with it.

import { element } from "./element.js";
import { ReplyBox } from "./reply_box.js";
import { gist, StaffMessage } from "./staff_message.js";
import { conversations } from "./wire.js";

const $ = (id) => document.getElementById(id);
const LOOK_AGAIN = 5000; // milliseconds: whether a client who was typing still is
const NEAR_END = 80; // pixels

export class ConversationsView {
  // `world()` is One-Link's state as the page has it; `onError(error)` and `onRefusal(words)` tell what failed,
  // `onNews()` that a client has written.
  constructor({ zone, world, onError, onRefusal, onNews }) {
    Object.assign(this, { world, onError, onRefusal, onNews });
    this.rows = [];
    this.selected = null;
    this.visible = false;
    this.signals = Promise.resolve(); // the last one about typing
    this.shown = new Map(); // message → { key, item }
    this.time = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
    this.messages = new StaffMessage({
      zone,
      isBot: (name) => this.#bots().some((bot) => bot.name === name),
      onReply: (message) => this.reply.replyTo(message),
      onDelete: (message) => this.#act((id) => conversations.delete(id, message.id)),
      onRetry: (message) => this.#act((id) => conversations.retry(id, message.id)),
    });
    this.reply = new ReplyBox({
      send: (message, files) => {
        this.pinned = true; // whoever writes wants to see what they wrote
        return this.#act(() => conversations.write(this.reply.conversation, message, files));
      },
      typing: (on, note) => this.#tellTyping(this.reply.conversation, on, note),
    });
    for (const button of document.querySelectorAll("[data-move]")) {
      const { move, survey } = button.dataset;
      button.addEventListener("click", () => this.#act((id) => conversations.move(id, move, Boolean(survey))));
    }
    $("assignee").addEventListener("change", () => {
      const chosen = $("assignee").value;
      this.#act((id) => conversations.assign(id, chosen ? Number(chosen) : null));
    });
    $("thread-back").addEventListener("click", () => this.select(null));
    // A picture has no height until it is there.
    $("thread").addEventListener("load", () => this.pinned && this.#scrollToEnd(), true);
    $("thread").addEventListener("scroll", () => this.#scrolled());
    new ResizeObserver(() => this.pinned && this.#scrollToEnd()).observe($("thread")); // a reply grows upwards
    document.addEventListener("visibilitychange", () => this.#draw());
  }

  show(visible) {
    this.visible = visible;
    const roomy = matchMedia("(min-width: 821px)").matches;
    if (visible && roomy && this.selected === null && this.rows.length) this.select(this.rows[0].id);
    else this.#draw();
    if (visible) this.#scrollToEnd();
  }

  select(id) {
    this.selected = id;
    this.shown.clear();
    $("thread").replaceChildren();
    this.pinned = true;
    this.#draw();
  }

  // Asks for everything anew; asked again meanwhile, it does so once more at the end.
  async refresh() {
    this.stale = true;
    if (this.refreshing) return;
    this.refreshing = true;
    try {
      while (this.stale) {
        this.stale = false;
        this.rows = await conversations.see();
        this.#tellNews();
        this.#draw();
      }
    } catch (error) {
      this.onError(error);
    } finally {
      this.refreshing = false;
    }
    clearTimeout(this.typingTimer);
    if (this.rows.some((row) => row.typing)) this.typingTimer = setTimeout(() => this.refresh(), LOOK_AGAIN);
  }

  #tellNews() {
    const incoming = this.rows.flatMap((row) => row.messages).filter((message) => message.kind === "incoming");
    const newest = Math.max(0, ...incoming.map((message) => message.id));
    if (this.newest !== undefined && newest > this.newest) this.onNews();
    this.newest = newest;
  }

  // One after the other, so that an end does not overtake its beginning.
  #tellTyping(id, on, note) {
    this.signals = this.signals.then(() => conversations.typing(id, on, note)).catch(this.onError);
  }

  async #act(what) {
    try {
      await what(this.selected);
      await this.refresh();
      return true;
    } catch (error) {
      this.onRefusal(`Not possible: ${error.message}`);
      return false;
    }
  }

  #draw() {
    const selected = this.rows.find((row) => row.id === this.selected) ?? null;
    this.#drawBadge();
    this.#drawList();
    $("conversations").classList.toggle("reading", selected !== null);
    $("conversation").hidden = selected === null;
    $("no-conversation").hidden = selected !== null;
    $("no-conversation").textContent = this.rows.length
      ? "Choose a conversation." : "Nobody has written to the clinic yet.";
    if (selected) this.#drawConversation(selected);
  }

  #drawBadge() {
    const open = this.rows.filter((row) => row.status === "open");
    const badge = $("conversations-badge");
    badge.hidden = !open.length;
    badge.classList.toggle("urgent", open.some((row) => row.unread));
    $("conversations-count").textContent = open.length;
  }

  #drawList() {
    const key = JSON.stringify([this.rows.map(({ messages, ...row }) => [row, messages.at(-1)]), this.selected]);
    if (key === this.listKey) return;
    this.listKey = key;
    const focused = document.activeElement?.dataset?.conversation;
    $("conversation-list").replaceChildren(...this.rows.map((row) => this.#entry(row)));
    if (focused) $("conversation-list").querySelector(`[data-conversation="${focused}"]`)?.focus({ preventScroll: true });
  }

  #entry(row) {
    const last = row.messages.findLast((message) => message.kind !== "activity");
    const name = nameOf(row);
    const button = element("button", "entry");
    button.type = "button";
    button.dataset.conversation = row.id;
    button.ariaLabel = `${name}, ${row.status}` + (row.unread ? `, ${row.unread} unread` : "");
    if (row.id === this.selected) button.ariaCurrent = "true";
    const when = element("time", "", this.time.format(new Date(row.last_activity_at * 1000)));
    const words = row.typing ? "typing…" : last ? `${last.kind === "note" ? "Note: " : ""}${gist(last)}` : "No messages yet";
    const line = element("span", row.typing ? "last typing" : "last", words.slice(0, 120));
    button.append(element("b", "", name), when, line, pill(row.status));
    if (row.unread) button.append(element("span", "unread", row.unread));
    button.addEventListener("click", () => this.select(row.id));
    const item = element("li");
    item.append(button);
    return item;
  }

  #drawConversation(row) {
    this.reply.open(row.id);
    $("thread-name").textContent = nameOf(row);
    $("thread-phone").textContent = row.contact.phone ?? "";
    $("thread-status").replaceWith(Object.assign(pill(row.status), { id: "thread-status" }));
    for (const button of document.querySelectorAll("[data-move]")) button.hidden = button.dataset.move === row.status;
    this.#drawAssignee(row);
    this.#drawThread(row);
    $("thread-typing").textContent = row.typing ? `${nameOf(row)} is typing…` : "";
    const seen = this.visible && !document.hidden && $("thread").offsetParent !== null; // a phone shows one part
    if (seen && row.unread) conversations.look(row.id).catch(this.onError);
  }

  #drawAssignee(row) {
    const people = this.world()?.users ?? [];
    const key = JSON.stringify([people, row.assignee]);
    if (key === this.assigneeKey) return;
    this.assigneeKey = key;
    const choices = people.map(({ id, name }) => new Option(name, id, false, id === row.assignee?.id));
    $("assignee").replaceChildren(new Option("Nobody", "", false, !row.assignee), ...choices);
  }

  #drawThread(row) {
    let news = false;
    let day = null;
    const byId = new Map(row.messages.map((message) => [message.id, message]));
    for (const message of row.messages) {
      const replied = byId.get(message.in_reply_to);
      const date = this.messages.dayOf(message);
      const heading = date === day ? null : date;
      day = date;
      const key = JSON.stringify([message, replied?.content, heading]);
      const known = this.shown.get(message.id);
      if (known?.key === key) continue;
      const item = this.messages.item(message, { replied, heading });
      if (known) known.item.replaceWith(item);
      else $("thread").append(item);
      news ||= !known;
      this.shown.set(message.id, { key, item });
    }
    if (news && this.pinned) this.#scrollToEnd();
  }

  // The accounts that tokens belong to write on behalf of the bot.
  #bots() {
    const { users = [], tokens = [{}] } = this.world() ?? {};
    const owners = tokens.map((token) => token.user_id ?? users[0]?.id);
    return users.filter((user) => owners.includes(user.id));
  }

  // Whoever scrolls up wants to stay there; the page itself only ever scrolls down.
  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = $("thread");
    if (scrollHeight - scrollTop - clientHeight < NEAR_END) this.pinned = true;
    else if (scrollTop < this.top) this.pinned = false;
    this.top = scrollTop;
  }

  #scrollToEnd() {
    $("thread").scrollTo({ top: $("thread").scrollHeight, behavior: "instant" });
  }
}

function nameOf(row) {
  return row.contact.name ?? row.contact.phone ?? `Conversation ${row.id}`;
}

function pill(status) {
  return element("span", `pill ${status}`, status);
}
