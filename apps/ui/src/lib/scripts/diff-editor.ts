import { Chunk, goToNextChunk, goToPreviousChunk, MergeView, unifiedMergeView } from '@codemirror/merge';
import { EditorState, Text, type Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { codeExtensions } from './code-editor.ts';
import type { DiffSide } from './diff-side.ts';

/** A comparison that is shown: how much differs, and where it is left or looked through. */
export type ShownDiff = {
  /** Places that differ. */
  changes: number;
  next: () => void;
  previous: () => void;
  destroy: () => void;
};

const CONTEXT = { margin: 3, minSize: 6 };
/** Two large and very different files must not hold the page up. */
const diffConfig = { scanLimit: 1000, timeout: 500 };

const look = EditorView.theme({
  '&.cm-merge-a .cm-changedLine, .cm-deletedChunk': { backgroundColor: 'var(--bad-soft) !important' },
  '&.cm-merge-b .cm-changedLine, .cm-changedLine, .cm-insertedLine': { backgroundColor: 'var(--ok-soft) !important' },
  '&.cm-merge-a .cm-changedText, .cm-deletedChunk .cm-deletedText': {
    background: 'color-mix(in srgb, var(--bad) 26%, transparent) !important',
  },
  '&.cm-merge-b .cm-changedText, .cm-changedText': {
    background: 'color-mix(in srgb, var(--ok) 26%, transparent) !important',
  },
  '&.cm-merge-a .cm-changedLineGutter, .cm-deletedLineGutter': { background: 'var(--bad) !important' },
  '&.cm-merge-b .cm-changedLineGutter, .cm-changedLineGutter': { background: 'var(--ok) !important' },
  '.cm-collapsedLines': {
    background: 'var(--sunken) !important',
    color: 'var(--ink-2) !important',
    fontFamily: 'var(--font-sans)',
    fontSize: '12px',
    // What CodeMirror writes there is in few fonts.
    '&:before, &:after': { content: '"···"' },
  },
});

/** Both sides beside each other, or in one column where there is no room for two. Ends with `destroy()`. */
export function showDiff(parent: HTMLElement, before: DiffSide, after: DiffSide, sideBySide: boolean): ShownDiff {
  const changes = Chunk.build(toText(before.content), toText(after.content), diffConfig).length;
  const { editor, destroy } = sideBySide ? twoColumns(parent, before, after) : oneColumn(parent, before, after);
  return {
    changes,
    next: () => void goToNextChunk(editor),
    previous: () => void goToPreviousChunk(editor),
    destroy,
  };
}

function twoColumns(parent: HTMLElement, before: DiffSide, after: DiffSide) {
  const view = new MergeView({
    parent,
    a: { doc: before.content, extensions: extensionsOf(before) },
    b: { doc: after.content, extensions: extensionsOf(after) },
    collapseUnchanged: CONTEXT,
    diffConfig,
  });
  return { editor: view.b, destroy: () => view.destroy() };
}

function oneColumn(parent: HTMLElement, before: DiffSide, after: DiffSide) {
  const merge = unifiedMergeView({
    original: before.content,
    mergeControls: false,
    collapseUnchanged: CONTEXT,
    diffConfig,
  });
  const extensions = [merge, ...extensionsOf(after), EditorView.lineWrapping];
  const editor = new EditorView({ parent, state: EditorState.create({ doc: after.content, extensions }) });
  return { editor, destroy: () => editor.destroy() };
}

function extensionsOf({ title, language }: DiffSide): Extension[] {
  return [...codeExtensions(title, language === 'python'), look];
}

function toText(content: string): Text {
  return Text.of(content.split(/\r\n?|\n/));
}
