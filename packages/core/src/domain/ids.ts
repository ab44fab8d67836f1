import { monotonicFactory } from 'ulid';

/** Opaque, sortable by creation within one process, and near enough between processes. */
export const newId: () => string = (
  (next) => () =>
    next()
)(monotonicFactory());
