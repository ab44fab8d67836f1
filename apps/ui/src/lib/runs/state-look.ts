import Ban from '@lucide/svelte/icons/ban';
import CircleCheck from '@lucide/svelte/icons/circle-check';
import CircleDashed from '@lucide/svelte/icons/circle-dashed';
import CircleX from '@lucide/svelte/icons/circle-x';
import LoaderCircle from '@lucide/svelte/icons/loader-circle';
import OctagonPause from '@lucide/svelte/icons/octagon-pause';
import RotateCw from '@lucide/svelte/icons/rotate-cw';
import Unplug from '@lucide/svelte/icons/unplug';
import type { AttemptState, LaunchState, RunState, ScriptStatus } from '@das/contracts/states';
import type { Component } from 'svelte';

type AnyState = RunState | AttemptState | LaunchState | ScriptStatus;
type Look = {
  word: string;
  icon: Component<{ size?: number; class?: string }>;
  /** Text colour. */
  tone: string;
  /** Soft background, for badges. */
  soft: string;
  /** Solid fill, for bars. */
  fill: string;
  spins?: true;
};

const ok = { tone: 'text-ok', soft: 'bg-ok-soft', fill: 'bg-ok' };
const bad = { tone: 'text-bad', soft: 'bg-bad-soft', fill: 'bg-bad' };
const run = { tone: 'text-run', soft: 'bg-run-soft', fill: 'bg-run' };
const warn = { tone: 'text-warn', soft: 'bg-warn-soft', fill: 'bg-warn' };
const idle = { tone: 'text-idle', soft: 'bg-idle-soft', fill: 'bg-idle' };

/** How each state of anything looks: never by colour alone. */
export const LOOKS: Record<AnyState, Look> = {
  queued: { word: 'Queued', icon: CircleDashed, ...idle, fill: 'bg-line-strong' },
  running: { word: 'Running', icon: LoaderCircle, ...run, spins: true },
  retrying: { word: 'Retrying', icon: RotateCw, ...warn },
  cancelling: { word: 'Cancelling', icon: OctagonPause, ...warn },
  completed: { word: 'Completed', icon: CircleCheck, ...ok },
  failed: { word: 'Failed', icon: CircleX, ...bad },
  cancelled: { word: 'Cancelled', icon: Ban, ...idle },
  lost: { word: 'Lost', icon: Unplug, ...warn },
  active: { word: 'Active', icon: LoaderCircle, ...run, spins: true },
  pending: { word: 'Pending', icon: CircleDashed, ...idle },
  success: { word: 'Success', icon: CircleCheck, ...ok },
};
