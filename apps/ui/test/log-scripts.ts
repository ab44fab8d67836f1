/** Scripts whose logs the tests look at. */

/** `count` numbered lines; every thousandth speaks of an error, in every ten-thousandth a needle lies. */
export const manyLines = (count: number) => `
import sys
out = []
for n in range(1, ${count} + 1):
    if n % 10000 == 0:
        out.append(f"line {n} holds a needle <b>&amp;</b>")
    elif n % 1000 == 0:
        out.append(f"26/11/22 10:00:00 ERROR Executor: line {n}")
    else:
        out.append(f"line {n} all is well, the quick brown fox jumps over the lazy dog")
    if len(out) == 5000:
        sys.stdout.write("\\n".join(out) + "\\n")
        out = []
sys.stdout.write("".join(line + "\\n" for line in out))
`;

/** Everything that a log should not be able to do to a page. */
export const HOSTILE = `
import sys
w = sys.stdout.buffer.write
w(b"<script>document.title = 'owned'</script><img src=x onerror=\\"document.title='owned'\\">\\n")
w(b"\\x1b]0;owned\\x07after a title \\x1b]8;;http://evil.example\\x1b\\\\a link\\x1b]8;;\\x1b\\\\\\n")
w(b"\\x1b[31mred\\x1b[0m \\x1b[38;5;46mgreen\\x1b[0m \\x1b[38;2;120;120;255mblue\\x1b[0m \\x1b[1mbold\\x1b[0m \\x1b[30mblack\\x1b[0m \\x1b[97;43mwhite\\x1b[0m\\n")
w(b"\\x1b[2J\\x1b[H\\x1b[?25lcleared nothing\\n")
w(b"invalid \\xff\\xfe\\xc3( utf-8\\n")
w("reversed \\u202etxt.exe\\n".encode())
w(b"x" * 1_000_000 + b"\\n")
w(b"[Stage 0:>    (0 + 2) / 4]\\r[Stage 0:=>   (1 + 2) / 4]\\r[Stage 0:==>  (2 + 2) / 4]\\r                          \\r\\n")
for n in range(10):
    w(b" %d%%|#####     | %d/10 [00:01<00:01]\\n" % (n * 10, n))
w(b"nul \\x00 and bell \\x07\\n")
w(b"javascript:alert(1) http://evil.example/ is no link\\n")
w(b"the end\\n")
`;
