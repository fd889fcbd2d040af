// One day of the clinic as plain values: when each specialist works, and what is in the way.

import { instant, local, weekday } from "./zone.js";

const DAY = 24 * 60;
const SHORTEST = 15; // minutes a cell needs to be worth taking

// { columns: [{ resource, work, breaks, absences, visits }], from, to, holiday }; everything in local minutes.
export function clinicDay(world, day) {
  const holiday = holidayOn(world.holidays, day);
  const columns = world.resources.filter((resource) => resource.active).map((resource) => {
    const override = world.workday_overrides.find((row) => row.resource_id === resource.id && row.date === day);
    const mine = (row) => row.resource_id === resource.id && row.weekday === weekday(day) && row.active;
    const weekly = holiday ? [] : world.work_rules.filter(mine).map(interval);
    const pause = override?.break_start_minute != null
      ? [{ start: override.break_start_minute, end: override.break_end_minute, title: override.break_title }] : [];
    const work = override ? [interval(override)] : weekly;
    return {
      resource,
      work,
      breaks: (override ? pause : world.break_rules.filter(mine).map(interval)).filter((b) => overlapsAny(b, work)),
      absences: world.time_offs
        .filter((row) => row.resource_id === null || row.resource_id === resource.id)
        .map((row) => within(row, day, resource.timezone)).filter(Boolean),
      visits: world.appointments
        .filter((row) => row.resource_id === resource.id)
        .map((row) => within(row, day, resource.timezone)).filter(Boolean),
    };
  });
  const all = columns.flatMap(({ work, visits }) => [...work, ...visits]);
  const from = Math.floor(Math.min(9 * 60, ...all.map((i) => i.start)) / 60) * 60;
  const to = Math.ceil(Math.max(18 * 60, ...all.map((i) => i.end)) / 60) * 60;
  return { columns, from, to, holiday };
}

// Free half hours of a column, shortened where something follows sooner.
export function freeCells({ work, breaks, absences, visits }, step = 30) {
  const taken = [...breaks, ...absences, ...visits.filter((visit) => visit.row.status !== "cancelled")]
    .sort((a, b) => a.start - b.start);
  const cells = [];
  for (const hours of work) {
    let minute = hours.start;
    while (minute < hours.end) {
      const block = taken.find((other) => other.start <= minute && other.end > minute);
      if (block) {
        minute = block.end;
        continue;
      }
      const next = Math.min(hours.end, ...taken.filter((other) => other.start > minute).map((other) => other.start));
      const end = Math.min(minute + step - (minute % step), next);
      if (end - minute >= SHORTEST) cells.push({ start: minute, end });
      minute = end;
    }
  }
  return cells;
}

// Whether a visit fits there; One-Link itself decides, this only warns while a visit is being dragged.
export function fits({ work, breaks, absences, visits }, { start, end }, id) {
  const taken = visits.filter(({ row }) => row.id !== id && row.status !== "cancelled");
  return work.some((hours) => hours.start <= start && end <= hours.end)
    && !overlapsAny({ start, end }, [...breaks, ...absences, ...taken]);
}

function within(row, day, zone) {
  const [start, end] = [new Date(row.starts_at), new Date(row.ends_at)];
  if (end <= instant(day, 0, zone) || start >= instant(day, DAY, zone)) return null;
  const [first, last] = [local(start, zone), local(end, zone)];
  return { start: first.day < day ? 0 : first.minute, end: last.day > day ? DAY : last.minute, row, title: row.title };
}

function holidayOn(holidays, day) {
  const found = holidays.filter((row) => row.date === day || (row.recurring_yearly && row.date.slice(5) === day.slice(5)));
  return found.some((row) => row.working_day_override) ? null : found[0] ?? null;
}

function interval(row) {
  return { start: row.start_minute, end: row.end_minute, title: row.title };
}

function overlapsAny(one, others) {
  return others.some((other) => one.start < other.end && one.end > other.start);
}
