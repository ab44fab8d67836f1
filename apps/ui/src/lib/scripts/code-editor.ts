import { defaultKeymap } from '@codemirror/commands';
import { python } from '@codemirror/lang-python';
import { foldGutter, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorState, type Extension } from '@codemirror/state';
import { drawSelection, EditorView, highlightSpecialChars, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';

/** Colours are the theme's variables, so light and dark need no second editor theme. */
const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: 'var(--code-keyword)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--code-string)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--code-number)' },
  { tag: [tags.comment, tags.docComment], color: 'var(--ink-3)', fontStyle: 'italic' },
  {
    tag: [tags.function(tags.variableName), tags.function(tags.definition(tags.variableName))],
    color: 'var(--code-function)',
  },
  { tag: [tags.definition(tags.className), tags.className, tags.typeName], color: 'var(--code-type)' },
  { tag: [tags.meta], color: 'var(--code-type)' },
]);

const look = EditorView.theme({
  '&': {
    height: '100%',
    backgroundColor: 'var(--surface)',
    color: 'var(--ink)',
    fontSize: '12.5px',
    '--code-keyword': 'light-dark(#8a2fb8, #c792ea)',
    '--code-string': 'light-dark(#17713f, #8fd6a4)',
    '--code-number': 'light-dark(#a8470a, #f0a868)',
    '--code-function': 'light-dark(#1d5fc4, #82b1ff)',
    '--code-type': 'light-dark(#8a5a00, #e6c07b)',
  },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--font-mono)', lineHeight: '20px' },
  '.cm-content': { padding: '10px 0', caretColor: 'var(--accent)' },
  '.cm-gutters': { backgroundColor: 'var(--surface)', color: 'var(--ink-3)', border: 'none', paddingLeft: '8px' },
  '.cm-foldGutter .cm-gutterElement': { color: 'var(--ink-3)', padding: '0 4px' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': {
    backgroundColor: 'color-mix(in srgb, var(--accent) 24%, transparent)',
  },
  '.cm-specialChar': { color: 'var(--bad)' },
  '.cm-foldPlaceholder': { backgroundColor: 'var(--hover)', border: '1px solid var(--line)', color: 'var(--ink-2)' },
});

/** What makes an editor a read-only view of code; Python is highlighted, anything else is plain text. */
export function codeExtensions(label: string, isPython: boolean): Extension[] {
  return [
    lineNumbers(),
    highlightSpecialChars(),
    drawSelection(),
    keymap.of(defaultKeymap),
    EditorState.readOnly.of(true),
    EditorView.contentAttributes.of({ 'aria-label': label, 'aria-readonly': 'true', tabindex: '0' }),
    isPython ? python() : [],
    syntaxHighlighting(colours),
    look,
  ];
}

/** A read-only editor in `parent`. Ends with `destroy()`. */
export function showCode(
  parent: HTMLElement,
  text: string,
  label: string,
  isPython: boolean,
  wrap: boolean,
): EditorView {
  return new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [foldGutter(), wrap ? EditorView.lineWrapping : [], ...codeExtensions(label, isPython)],
    }),
  });
}
