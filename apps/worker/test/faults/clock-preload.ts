/** Loaded before a worker's main (`--import`): its wall clock is CLOCK_SHIFT_MS ahead of (or, if negative, behind) the true one. */
const shiftMs = Number(process.env['CLOCK_SHIFT_MS']);
const TrueDate = Date;

globalThis.Date = new Proxy(TrueDate, {
  construct: (target, args: unknown[], newTarget) =>
    args.length === 0
      ? (Reflect.construct(target, [target.now() + shiftMs], newTarget) as Date)
      : (Reflect.construct(target, args, newTarget) as Date),
  get: (target, name, receiver) =>
    name === 'now' ? () => target.now() + shiftMs : (Reflect.get(target, name, receiver) as unknown),
});
