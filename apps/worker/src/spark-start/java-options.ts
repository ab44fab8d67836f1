import type { Startup } from '@das/contracts/states';

const MIB = 1024 ** 2;
const UNITS: Record<string, number> = { '': 1 / MIB, k: 1024 / MIB, m: 1, g: 1024, t: 1024 ** 2 };
/** Up to this heap one thread collects faster than several that must agree. */
const SMALL_HEAP_MIB = 2048;

/**
 * The options a quick start adds. They stand first, so whatever the operator's own options say about the same wins.
 *
 * standard: less work until the script runs, nothing less afterwards. The optimising compiler (C2) waits four times as long,
 * until a method has shown that it stays hot; then it compiles the same code.
 * fast: no optimising compiler. Starts sooner, computes slower for ever.
 */
export function quickOptions(
  options: readonly string[],
  startup: Startup,
  archive: string | null,
  cores: number,
): string[] {
  const added = ['-XX:+IgnoreUnrecognizedVMOptions', '-XX:-UsePerfData', '-XX:MetaspaceSize=256m'];
  const heap = heapOf(options);
  if (!options.some(isCollector) && (heap === null ? cores < 2 : heap <= SMALL_HEAP_MIB || cores < 2))
    added.push('-XX:+UseSerialGC');
  if (archive !== null && !options.some(isAboutArchives)) added.push(`-XX:SharedArchiveFile=${archive}`, ...MAPPED);
  if (startup === 'fast') added.push('-XX:TieredStopAtLevel=1');
  else if (!options.some(isAboutCompilers)) added.push(...PATIENT_C2);
  return added;
}

/**
 * An archive is mapped where it was made for: elsewhere, as HotSpot does by default (JDK-8294323), every pointer of its
 * 220 MB is changed first, which takes 0.3 s and makes their pages the JVM's own. What CDS has to say (an archive that does not
 * fit) would go to stdout, among the script's output.
 */
const MAPPED = [
  '-Xshare:auto',
  '-XX:+UnlockDiagnosticVMOptions',
  '-XX:ArchiveRelocationMode=0',
  '-Xlog:cds=off',
  '-Xlog:cds+dynamic=off',
];

/** HotSpot's defaults × 4; and while C2 has work waiting, code without full profiling, which is quicker to make and to run. */
const PATIENT_C2 = [
  '-XX:Tier4InvocationThreshold=20000',
  '-XX:Tier4MinInvocationThreshold=2400',
  '-XX:Tier4CompileThreshold=60000',
  '-XX:Tier4BackEdgeThreshold=160000',
  '-XX:Tier3DelayOn=0',
];

/** The heap's upper bound in MiB; null where nothing says. */
function heapOf(options: readonly string[]): number | null {
  const last = options.findLast((option) => /^(-Xmx|-XX:MaxHeapSize=)/.test(option));
  const [, size, unit = ''] = /^(?:-Xmx|-XX:MaxHeapSize=)(\d+)([kmgt]?)$/i.exec(last ?? '') ?? [];
  return size === undefined ? null : Number(size) * (UNITS[unit.toLowerCase()] ?? NaN);
}

/** Or might be: a file of options can say anything. */
const isCollector = (option: string): boolean => /^(-XX:[+-]Use\w*GC$|-XX:Flags=|@)/.test(option);
const isAboutArchives = (option: string): boolean =>
  /^(-Xshare|-XX:SharedArchiveFile|-XX:\+AutoCreateSharedArchive|-XX:AOT)/.test(option);
const isAboutCompilers = (option: string): boolean =>
  /^(-Xint|-Xcomp|-XX:(Tier|[+-]Tiered|CompileThreshold|CICompiler))/.test(option);

/** Options under which Java makes no archive, or one would not be used: agents and debuggers change classes as they are loaded. */
export function forbidsArchive(options: readonly string[]): boolean {
  return options.some(
    (option) => /^-(javaagent|agentlib|agentpath|Xdebug|Xrunjdwp)/.test(option) || isAboutArchives(option),
  );
}
