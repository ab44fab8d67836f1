/** Replaces the password in a URI by `***`; anything else passes unchanged. */
export function maskUri(value: string): string {
  return value.replace(/([a-z][a-z0-9+.-]*:\/\/[^:@/\s]*):[^@/\s]+@/gi, '$1:***@');
}
