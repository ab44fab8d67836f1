/** Control characters as their pictures (`␛` for ESC), so that what cannot be seen is seen; tab and line end stay. */
export function visibleText(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are what it is about
  return text.replace(/[\u0000-\u0008\u000B-\u001F\u007F]/g, (char) =>
    char === '\u007F' ? '␡' : String.fromCharCode(0x2400 + char.charCodeAt(0)),
  );
}
