/** How times, durations and sizes are written for people. Pure; everything takes its `now`. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `just now`, `12 s ago`, `in 3 min`, `2 h ago`, `5 d ago`; older than 30 days: the date. */
export function relativeTime(iso: string, now: number): string {
  const difference = now - Date.parse(iso);
  const distance = Math.abs(difference);
  if (distance < 1500) return 'just now';
  if (distance >= 30 * DAY) return absoluteTime(iso).slice(0, 10);
  const text =
    distance < MINUTE
      ? `${Math.round(distance / 1000)} s`
      : distance < HOUR
        ? `${Math.round(distance / MINUTE)} min`
        : distance < DAY
          ? `${Math.round(distance / HOUR)} h`
          : `${Math.round(distance / DAY)} d`;
  return difference > 0 ? `${text} ago` : `in ${text}`;
}

/** Local time with its offset: `2026-11-22 14:03:09.120 +01:00`. */
export function absoluteTime(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const pad = (value: number, width = 2) => String(value).padStart(width, '0');
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? '-' : '+'}${pad(Math.floor(Math.abs(offset) / 60))}:${pad(Math.abs(offset) % 60)}`;
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day} ${clockTime(iso)}.${pad(date.getMilliseconds(), 3)} ${zone}`;
}

/** Local time for narrow places: `14:03:09` today, `11-21 14:03` this year, else the date. */
export function shortTime(iso: string, now: number): string {
  const [day = '', time = ''] = absoluteTime(iso).split(' ');
  const today = absoluteTime(new Date(now).toISOString());
  if (today.startsWith(day)) return time.slice(0, 8);
  return today.startsWith(day.slice(0, 4)) ? `${day.slice(5)} ${time.slice(0, 5)}` : day;
}

/** Local `14:03:09`. */
export function clockTime(iso: string): string {
  const date = new Date(iso);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** `840 ms`, `9.4 s`, `2 m 05 s`, `1 h 12 m`, `3 d 4 h`. */
export function duration(ms: number): string {
  const pad = (value: number) => String(value).padStart(2, '0');
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${pad(seconds % 60)} s`;
  if (ms < DAY) return `${Math.floor(seconds / 3600)} h ${pad(Math.floor((seconds % 3600) / 60))} m`;
  return `${Math.floor(ms / DAY)} d ${Math.floor((ms % DAY) / HOUR)} h`;
}

/** For cells: `0.8s`, `29s`, `1.7m`, `12h`, `3d`. */
export function shortDuration(ms: number): string {
  if (ms < 9950) return `${(Math.max(0, ms) / 1000).toFixed(1)}s`;
  if (ms < 99_500) return `${Math.round(ms / 1000)}s`;
  const [unit, word] = ms < 99.5 * MINUTE ? [MINUTE, 'm'] : ms < 47.5 * HOUR ? [HOUR, 'h'] : [DAY, 'd'];
  const count = ms / unit;
  return `${count < 9.95 ? count.toFixed(1) : Math.round(count)}${word}`;
}

/** Like {@link duration}, but in whole seconds: for what ticks. */
export function tickingDuration(ms: number): string {
  return ms < 9950 ? `${Math.max(0, Math.floor(ms / 1000))} s` : duration(ms);
}

/** `512 B`, `4.2 KiB`, `64 MiB`. */
export function bytes(size: number): string {
  if (size < 1024) return `${size} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = size / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
