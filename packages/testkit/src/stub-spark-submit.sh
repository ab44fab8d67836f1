#!/bin/sh
# Stands in for spark-submit where a test needs many quick runs: the same command line, no JVM. It runs the script with what follows
# it; as Spark's PythonRunner does, both streams of the script come out as stdout, and a signalled script as 128 + its number.
# pyFiles are put on PYTHONPATH; STUB_FILES names a folder with the --files.
while [ $# -gt 0 ]; do
  case "$1" in
    --py-files) py_files=$2; shift 2 ;;
    --files) files=$2; shift 2 ;;
    --*) shift 2 ;;
    *) break ;;
  esac
done
script=$1
shift
IFS=,
for file in $py_files; do
  case "$file" in
    *.py) PYTHONPATH="${file%/*}${PYTHONPATH:+:$PYTHONPATH}" ;;
    *) PYTHONPATH="$file${PYTHONPATH:+:$PYTHONPATH}" ;;
  esac
done
if [ -n "$files" ]; then
  STUB_FILES=$PWD/stub-files
  mkdir -p "$STUB_FILES"
  for file in $files; do cp "$file" "$STUB_FILES/"; done
  export STUB_FILES
fi
unset IFS
export PYTHONPATH
echo "stub spark-submit: ${script##*/}" >&2
"${PYSPARK_PYTHON:-python3}" -S "$script" "$@" 2>&1
exit $?
