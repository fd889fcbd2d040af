// The control routes of the sandbox. Every function answers JSON or throws an Error with the reason,
// and with One-Link's `code` when it has one.

// The sandbox does not answer at all: it was stopped, or is not there yet.
export class Unreachable extends Error {}

async function ask(path, method = "GET", body = undefined, signal = undefined) {
  let response = null;
  const json = body !== undefined && !(body instanceof FormData);
  try {
    response = await fetch(path, {
      method,
      headers: json ? { "Content-Type": "application/json" } : {},
      body: json ? JSON.stringify(body) : body,
      cache: "no-store",
      signal,
    });
  } catch {
    throw new Unreachable("The sandbox does not answer.");
  }
  // Every answer carries the sandbox's own time.
  const date = response.headers.get("Date");
  if (date) clock.read(new Date(date));
  const text = await response.text();
  const value = text && response.headers.get("Content-Type")?.includes("json") ? JSON.parse(text) : null;
  if (!response.ok) throw Object.assign(new Error(value?.error ?? `${response.status} ${response.statusText}`), { code: value?.code });
  return value;
}

function form(fields) {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one != null) data.append(name, one);
  }
  return data;
}

// The sandbox's clock: the last time it told, and how long ago that was.
export const clock = {
  at: new Date(),
  since: performance.now(),
  read(at) {
    this.at = at;
    this.since = performance.now();
  },
  now() {
    return new Date(this.at.getTime() + performance.now() - this.since);
  },
  advance: (seconds) => ask("/_sandbox/clock", "PUT", { advance: seconds }),
  set: (moment) => ask("/_sandbox/clock", "PUT", { now: moment.toISOString() }),
};

export const chat = {
  see: (id, since) => ask(`/_sandbox/chats/${id}` + (since ? `?since=${since}&wait=25` : "")),
  describe: (id, person) => ask(`/_sandbox/chats/${id}`, "PUT", person),
  say: (id, text) => ask(`/_sandbox/chats/${id}/say`, "POST", { text }),
  tap: (id, what) => ask(`/_sandbox/chats/${id}/tap`, "POST", what),
  send: (id, kind) => ask(`/_sandbox/chats/${id}/send`, "POST", { kind }),
  sendFile: (id, kind, file, caption) => ask(`/_sandbox/chats/${id}/send`, "POST", form({ kind, caption, file })),
  block: (id, blocked) => ask(`/_sandbox/chats/${id}/block`, "POST", { blocked }),
};

export const world = {
  see: () => ask("/_sandbox/world"),
  // Answers a number: at once without `since`, else when the number is another, or after a while.
  version: async (since, signal) =>
    (await ask("/_sandbox/changes" + (since === null ? "" : `?since=${since}&wait=25`), "GET", undefined, signal)).version,
};

// What the clinic's staff do; each answers the appointment as it is then.
export const staff = {
  add: (visit) => ask("/_sandbox/appointments", "POST", visit),
  change: (id, changes) => ask(`/_sandbox/appointments/${id}`, "PATCH", changes),
};

// What the operator does in conversations with clients.
const one = (id, rest) => `/_sandbox/conversations/${id}/${rest}`;
export const conversations = {
  see: async () => (await ask("/_sandbox/conversations")).conversations,
  // `message` is { content, private, in_reply_to }, each of them absent or null when there is none.
  write: (id, message, files) =>
    ask(one(id, "messages"), "POST", files.length ? form({ ...message, "attachments[]": files }) : message),
  delete: (id, messageId) => ask(one(id, `messages/${messageId}`), "DELETE"),
  retry: (id, messageId) => ask(one(id, `messages/${messageId}/retry`), "POST"),
  move: (id, status, survey) => ask(one(id, "status"), "POST", { status, survey }),
  assign: (id, userId) => ask(one(id, "assign"), "POST", { user_id: userId }),
  typing: (id, on, note) => ask(one(id, "typing"), "POST", { on, private: note }),
  look: (id) => ask(one(id, "seen"), "POST"),
};

// How One-Link's webhooks go astray: { lose: how many of the next ones, double, backwards }.
export const webhooks = {
  see: () => ask("/_sandbox/webhooks", "PUT", {}), // what is not named stays as it is
  set: (changes) => ask("/_sandbox/webhooks", "PUT", changes),
};

export const faults = {
  see: () => ask("/_sandbox/faults"),
  add: (rule) => ask("/_sandbox/faults", "POST", rule),
  clear: () => ask("/_sandbox/faults", "DELETE"),
};
