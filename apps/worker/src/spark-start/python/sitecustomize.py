"""Compiled modules for the archives that Spark puts on the path of every Python it starts.

PySpark comes as pyspark.zip without compiled modules, and Python never writes any back into an archive: each start
compiles some 90 modules anew, each twice (0.6 CPU seconds). Here their code comes from a folder that was filled once, by

    python sitecustomize.py FOLDER ARCHIVE...

Everything else stays as it was: the same modules of the same archives, the same __file__, __loader__ and tracebacks. A
module that is not in the folder, or a folder that does not fit archive and interpreter, means: as always. Python finds
this file through PYTHONPATH; it takes itself off the path and runs the sitecustomize that would have been run without it.

One module is more than compiled: accumulators_end.py is put after its end, as spark.stop() waits up to half a second there.
"""

import marshal
import os
import sys
import zipimport
from binascii import crc32

VARIABLE = "DAS_PYTHON_MODULES"
HERE = os.path.dirname(os.path.abspath(__file__))
# What a module has after its end here, and nowhere else.
ENDS = {"pyspark.accumulators": os.path.join(HERE, "accumulators_end.py")}


def folder_of(root, archive):
    """Where the compiled modules of exactly this archive are, for exactly this interpreter."""
    facts = [archive, sys.version, sys.flags.optimize]
    for path in (archive, *ENDS.values()):
        status = os.stat(path)
        facts += [status.st_size, status.st_mtime_ns]
    fit = "\0".join(map(str, facts))
    return os.path.join(root, f"{os.path.basename(archive)}-{crc32(fit.encode('utf-8', 'surrogateescape')):08x}")


def hook(root):
    folders, last = {}, {}
    original = zipimport._get_module_code  # private, the same since 3.8; asked twice a module: for its file name, for its code

    def module_code(importer, fullname):
        try:
            key = (importer.archive, fullname)
            if key not in last:
                folder = folders.get(importer.archive)
                if folder is None:
                    folder = folders[importer.archive] = folder_of(root, importer.archive)
                with open(os.path.join(folder, fullname), "rb") as file:
                    found = marshal.loads(file.read())
                last.clear()
                last[key] = found
            return last[key]
        except Exception:
            return original(importer, fullname)

    zipimport._get_module_code = module_code


def with_its_end(importer, module, found):
    """`found`, with what we put after its end. The module's own lines keep their numbers."""
    with open(ENDS[module], encoding="utf-8") as file:
        source = importer.get_source(module).rstrip() + file.read()
    return (compile(source, found[0].co_filename, "exec", dont_inherit=True), *found[1:])


def fill(root, archives):
    """Compiles what zipimport would compile, under the names it would give; a half-filled folder never has the final name."""
    import shutil
    import tempfile
    import zipfile

    os.makedirs(root, mode=0o700, exist_ok=True)
    for archive in archives:
        final = folder_of(root, archive)
        if os.path.isdir(final):
            continue
        importer = zipimport.zipimporter(archive)
        draft = tempfile.mkdtemp(prefix="draft-", dir=root)
        try:
            with zipfile.ZipFile(archive) as content:
                names = [name for name in content.namelist() if name.endswith(".py")]
            for name in names:
                module = name[: -len(".py")].replace("/", ".")
                if module.endswith(".__init__"):
                    module = module[: -len(".__init__")]
                try:
                    # Asked of its own folder's importer, as the import system does.
                    directory = os.path.dirname(name)
                    if name.endswith("/__init__.py"):
                        directory = os.path.dirname(directory)
                    own = zipimport.zipimporter(os.path.join(archive, directory)) if directory else importer
                    found = zipimport._get_module_code(own, module)
                    if module in ENDS:
                        found = with_its_end(own, module, found)
                except (SyntaxError, ImportError):
                    continue  # a template, or code of another Python: whoever imports it gets the same error
                with open(os.path.join(draft, module), "wb") as file:
                    marshal.dump(found, file)
            os.rename(draft, final)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            if not os.path.isdir(final):  # or somebody else was faster
                raise


def step_aside():
    """Leaves path, environment and modules as they would be without this file."""
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != HERE]
    rest = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if os.path.abspath(entry or ".") != HERE]
    if any(rest):
        os.environ["PYTHONPATH"] = os.pathsep.join(rest)
    else:
        os.environ.pop("PYTHONPATH", None)
    ours = sys.modules.pop(__name__)
    try:
        import sitecustomize  # noqa: F401  the real one, if there is one
    except ImportError as error:
        sys.modules[__name__] = ours  # the import system wants to find something there
        if error.name != "sitecustomize":
            raise


if __name__ == "__main__":
    fill(sys.argv[1], sys.argv[2:])
elif VARIABLE in os.environ:
    hook(os.environ.pop(VARIABLE))
    step_aside()
