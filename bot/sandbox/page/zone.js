// Days and minutes in the clinic's time zone, whatever zone the reader is in.
// A day is "2026-03-09"; a minute counts from local midnight.

const formats = new Map();

function parts(zone) {
  if (!formats.has(zone)) {
    formats.set(zone, new Intl.DateTimeFormat("en-CA", {
      timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit",
      hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    }));
  }
  return formats.get(zone);
}

export function local(instant, zone) {
  const found = Object.fromEntries(parts(zone).formatToParts(instant).map(({ type, value }) => [type, value]));
  return { day: `${found.year}-${found.month}-${found.day}`, minute: Number(found.hour) * 60 + Number(found.minute) };
}

export function instant(day, minute, zone) {
  const wanted = Date.parse(`${day}T00:00:00Z`) + minute * 60_000;
  // The offset at a moment near by is the offset at the moment itself, but for the hour of a clock change.
  const there = local(new Date(wanted), zone);
  const offset = Date.parse(`${there.day}T00:00:00Z`) + there.minute * 60_000 - wanted;
  return new Date(wanted - offset);
}

export function shift(day, days) {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

export function weekday(day) {
  return new Date(`${day}T00:00:00Z`).getUTCDay();
}

export function clockFace(minute) {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}

// As the API writes moments: "2026-03-09T05:30:00Z".
export function utc(moment) {
  return `${moment.toISOString().slice(0, 19)}Z`;
}

const dayNames = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", weekday: "short", day: "numeric", month: "long" });

export function dayTitle(day) {
  return dayNames.format(new Date(`${day}T00:00:00Z`));
}
