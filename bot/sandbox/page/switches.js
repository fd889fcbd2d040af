// "Break something": the switches that break One-Link and its webhooks.

import { faults, webhooks } from "./wire.js";

// The rules behind the switches; `match` as the sandbox reads it.
const FAULTS = {
  down: { match: "* /api/v1/", kind: "status", status: 503, times: 0 },
  slow: { match: "* /api/v1/", kind: "delay", seconds: 3, times: 0 },
  lose: { match: "POST /appointments$", kind: "drop_after", times: 1 },
};

// What a switch of the webhooks asks for, and whether it is on.
const WEBHOOKS = {
  lose: { ask: (on) => ({ lose: on ? 1 : 0 }), isOn: ({ lose }) => lose > 0 },
  double: { ask: (on) => ({ double: on }), isOn: ({ double }) => double },
};

export class Switches {
  constructor({ onError }) {
    this.onError = onError;
    for (const button of all("fault")) button.addEventListener("click", () => this.#toggleFault(button));
    for (const button of all("webhook")) button.addEventListener("click", () => this.#toggleWebhook(button));
  }

  // They switch themselves off too: a loss happens once.
  async refresh() {
    try {
      const [rules, state] = await Promise.all([faults.see(), webhooks.see()]);
      for (const button of all("fault")) {
        const wanted = FAULTS[button.dataset.fault];
        press(button, rules.some((rule) => same(rule, wanted) && (rule.times === 0 || rule.fired < rule.times)));
      }
      this.#showWebhooks(state);
    } catch (error) {
      this.onError(error);
    }
  }

  async #toggleFault(button) {
    const wanted = FAULTS[button.dataset.fault];
    try {
      if (isPressed(button)) {
        // Rules can only be cleared together: put back what others set.
        const others = (await faults.see()).filter((rule) => !same(rule, wanted));
        await faults.clear();
        for (const { fired, ...rule } of others) {
          const left = rule.times ? rule.times - fired : 0;
          if (!rule.times || left > 0) await faults.add({ ...rule, times: left });
        }
      } else {
        await faults.add(wanted);
      }
    } catch (error) {
      this.onError(error);
    }
    await this.refresh();
  }

  async #toggleWebhook(button) {
    try {
      this.#showWebhooks(await webhooks.set(WEBHOOKS[button.dataset.webhook].ask(!isPressed(button))));
    } catch (error) {
      this.onError(error);
    }
  }

  #showWebhooks(state) {
    for (const button of all("webhook")) press(button, WEBHOOKS[button.dataset.webhook].isOn(state));
  }
}

function all(name) {
  return document.querySelectorAll(`[data-${name}]`);
}

function isPressed(button) {
  return button.getAttribute("aria-pressed") === "true";
}

function press(button, on) {
  button.setAttribute("aria-pressed", String(on));
}

function same(rule, wanted) {
  return rule.match === wanted.match && rule.kind === wanted.kind;
}
