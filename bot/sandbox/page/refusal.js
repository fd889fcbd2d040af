// Why One-Link refused what staff wanted, in words.

const WORDS = {
  SLOT_CONFLICT: (name) => `${name} has another visit at that time.`,
  OUTSIDE_WORKING_HOURS: (name) => `${name} does not work at that time.`,
  BLOCKED_BY_HOLIDAY: () => "The clinic is closed on that day: a holiday.",
  BLOCKED_BY_BREAK: (name) => `${name} has a break at that time.`,
  BLOCKED_BY_VACATION: (name) => `${name} is away at that time.`,
  SERVICE_NOT_AVAILABLE_FOR_RESOURCE: (name) => `${name} does not provide this service.`,
};

export function refusal(error, resource) {
  return WORDS[error.code]?.(resource?.name ?? "The specialist") ?? `Not possible: ${error.message}`;
}
