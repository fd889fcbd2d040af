// One message of a conversation as the clinic's operator sees it.

import { element } from "./element.js";
import { markdown } from "./markdown.js";
import { fileLink, film, picture, sound } from "./media.js";

const OURS = ["outgoing", "note"];
const DELIVERY = { sent: ["✓", "sent"], delivered: ["✓✓", "delivered"], read: ["✓✓", "read"] };

// The beginning of a message in one line, as plain text.
export function gist(message) {
  const files = message.attachments.map((file) => (file.file_type === "image" ? "Picture" : file.name));
  const words = message.content ? markdown(message.content).textContent.replace(/\s+/g, " ") : "";
  return [files.join(", "), words].filter(Boolean).join(": ");
}

export class StaffMessage {
  // `isBot(name)` tells the bot's own account; the rest are what the buttons do with a message.
  constructor({ zone, isBot, onReply, onDelete, onRetry }) {
    Object.assign(this, { isBot, onReply, onDelete, onRetry });
    this.time = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
    this.day = new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "numeric", month: "long" });
  }

  dayOf(message) {
    return this.day.format(new Date(message.created_at * 1000));
  }

  // A list item; `replied` is the message that this one answers, `heading` the day that begins with it.
  item(message, { replied, heading }) {
    const item = element("li", message.kind);
    item.dataset.message = message.id;
    if (heading) item.append(element("p", "date", heading));
    if (message.kind === "activity") {
      const remark = element("p", "remark", message.content);
      remark.append(this.#stamp(message));
      item.append(remark);
      return item;
    }
    const bubble = element("div", "said");
    bubble.append(this.#author(message));
    if (replied) bubble.append(this.#quote(replied));
    for (const file of message.attachments) bubble.append(attachment(file));
    if (message.content) {
      const text = element("div", "words");
      text.append(message.deleted ? message.content : markdown(message.content));
      bubble.append(text);
    }
    bubble.append(this.#foot(message));
    item.classList.toggle("deleted", message.deleted);
    item.classList.toggle("failed", message.status === "failed");
    item.append(bubble);
    if (message.status === "failed") item.append(this.#failure(message));
    return item;
  }

  #author(message) {
    const line = element("p", "author");
    const name = message.sender?.name ?? (message.kind === "template" ? "One-Link" : "Automation");
    line.append(element("b", "", name));
    const fromBot = message.sender?.type === "agent_bot" || (message.sender?.type === "user" && this.isBot(name));
    if (fromBot) line.append(element("span", "tag", "bot"));
    if (message.kind === "note") line.append(element("span", "tag", "private note"));
    if (message.kind === "template") line.append(element("span", "tag", "survey"));
    return line;
  }

  #quote(replied) {
    const quote = element("p", "quoted");
    quote.append(element("b", "", replied.sender?.name ?? "One-Link"), " ", gist(replied));
    return quote;
  }

  #foot(message) {
    const foot = element("div", "foot");
    if (!message.deleted) {
      if (message.kind !== "note") foot.append(act("Reply", () => this.onReply(message)));
      if (OURS.includes(message.kind)) foot.append(act("Delete", () => this.onDelete(message)));
    }
    foot.append(this.#stamp(message));
    const [sign, word] = (message.kind === "outgoing" && !message.deleted && DELIVERY[message.status]) || [];
    if (sign) {
      const tick = element("span", `tick ${word}`, sign);
      tick.role = "img";
      tick.ariaLabel = tick.title = word;
      foot.append(tick);
    }
    return foot;
  }

  #failure(message) {
    const line = element("p", "failure", `Not delivered${message.external_error ? `: ${message.external_error}` : "."} `);
    // One-Link tries again only what staff wrote.
    if (message.kind === "outgoing" && !message.source_id) line.append(act("Retry", () => this.onRetry(message)));
    return line;
  }

  #stamp(message) {
    const stamp = element("time");
    const date = new Date(message.created_at * 1000);
    stamp.dateTime = date.toISOString();
    stamp.textContent = this.time.format(date);
    return stamp;
  }
}

function attachment({ file_type: type, name, size, url }) {
  const address = new URL(url).pathname; // the same sandbox, by whatever name this page was opened
  if (type === "image") return picture(address, name);
  if (type === "audio") return sound(address, name);
  return type === "video" ? film(address, name) : fileLink(address, name, { size });
}

function act(name, run) {
  const button = element("button", "act", name);
  button.type = "button";
  button.addEventListener("click", run);
  return button;
}
