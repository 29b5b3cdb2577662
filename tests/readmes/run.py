#!/usr/bin/env python3
"""Runs the commands of every README literally, each README in a new folder.

  python3 tests/readmes/run.py --program build/release/apps/penstock/penstock [README ...]
  python3 tests/readmes/run.py --program ... --update     writes the reference of all settings

Nothing is asked of a real provider: blocks that would do so are marked with PENSTOCK_UPSTREAM=mock
(see examples.py). As root, commands run without any network but loopback.
"""
import argparse
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from examples import Wrong, make_script, read_blocks

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BEGIN, END = "<!-- reference begin -->\n", "<!-- reference end -->"
README_LINES_MAX = 160
ROOM_LINES_MAX = 10
# READMEs that hold a reference or belong to users may be longer than those of rooms.
LONG = {"README.md", "config/README.md", "core/README.md", "core/protocol/README.md", "actors/README.md",
        "apps/README.md", "apps/penstock/README.md", "tests/README.md", "tests/bench/README.md",
        "messages/README.md"}


def all_readmes():
    for folder, folders, files in os.walk(SOURCE):
        folders[:] = sorted(f for f in folders if f != "build" and not f.startswith("."))
        if "README.md" in files:
            yield (pathlib.Path(folder) / "README.md").relative_to(SOURCE).as_posix()


def without_network():
    """A command prefix that allows only loopback, if this machine supports it."""
    prefix = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    try:
        tried = subprocess.run(prefix + ["true"], capture_output=True, timeout=20)
    except OSError:
        return []
    return prefix if tried.returncode == 0 else []


def environment(work, program):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PENSTOCK_") and not k.endswith("_API_KEY")}
    programs = work / "programs"
    programs.mkdir()
    (programs / "penstock").symlink_to(program)
    return kept | {
        "PATH": f"{programs}:{kept.get('PATH', '/usr/bin:/bin')}", "HOME": str(work / "home"),
        "XDG_CACHE_HOME": str(work / "cache"), "TERM": "dumb",
        "PENSTOCK_TEST_PROGRAM": str(program), "PENSTOCK_TEST_RESULTS": str(work / "results")}


def end_group(process):
    """Stops the processes that the script left. They are in one process group."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            return
        time.sleep(0.3)


def run_examples(name, program, prefix):
    """@returns the errors (empty: none), and the reasons of skipped blocks."""
    text = (SOURCE / name).read_text(encoding="utf-8")
    blocks = read_blocks(name, text)
    skipped = []
    for b in blocks:
        reason = b.marks.get("skip")
        if reason:
            skipped.append(f"{name}:{b.line}: not run: {reason}")
            word = reason.split()[0]
            if "/" in word and not (SOURCE / word).exists():
                return f"{name}:{b.line}: there is no {word}", skipped
    if not any(b.is_shell() and "skip" not in b.marks for b in blocks):
        return "", skipped
    with tempfile.TemporaryDirectory(prefix="penstock-readme-") as folder:
        work = pathlib.Path(folder)
        here = work / "here"
        here.mkdir()
        for entry in SOURCE.iterdir():  # Commands are typed in the project's folder.
            if entry.is_dir() and entry.name != "build" and not entry.name.startswith("."):
                (here / entry.name).symlink_to(entry)
        for b in blocks:
            if "file" in b.marks:
                (here / b.marks["file"]).write_text(b.text, encoding="utf-8")
        (work / "script").write_text(make_script(blocks), encoding="utf-8")
        with open(work / "log", "w+", encoding="utf-8") as log:
            process = subprocess.Popen(prefix + ["bash", str(work / "script")], cwd=here, stdin=subprocess.DEVNULL,
                                       env=environment(work, program), stdout=log, stderr=subprocess.STDOUT,
                                       start_new_session=True)
            try:
                code = process.wait(timeout=300)
            except subprocess.TimeoutExpired:
                code = "none after 300 s"
            finally:
                end_group(process)
            log.seek(0)
            said = log.read()
    if code == 0:
        return "", skipped
    at = [line for line in said.splitlines() if line.startswith("@@ ")]
    line = at[-1][3:] if at else "?"
    return f"{name}:{line}: a command of this block fails (exit code {code}):\n{said.split('@@ ')[-1]}", skipped


def check_length(name):
    lines = len((SOURCE / name).read_text(encoding="utf-8").splitlines())
    if name == "README.md" and lines > README_LINES_MAX:
        return f"{name} has {lines} lines; move reference to the README where it belongs ({README_LINES_MAX} at most)"
    if name not in LONG and not name.startswith("apps/examples/") and lines > ROOM_LINES_MAX:
        return f"{name} has {lines} lines; the README of a room has at most {ROOM_LINES_MAX}"
    return ""


def check_reference(program, update):
    """Compares the reference in config/README.md with the output of the program."""
    path = SOURCE / "config/README.md"
    text = path.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    old, after = rest.split(END)
    new = subprocess.run([program, "config", "reference"], check=True, capture_output=True, text=True,
                         env={"PATH": "/usr/bin:/bin"}).stdout.strip() + "\n"
    if old == new:
        return ""
    if update:
        path.write_text(before + BEGIN + new + END + after, encoding="utf-8")
        return ""
    return "config/README.md: the reference is old; python3 tests/readmes/run.py --program PROGRAM --update"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, type=lambda p: pathlib.Path(p).resolve())
    parser.add_argument("--update", action="store_true", help="write the reference of all settings")
    parser.add_argument("readmes", nargs="*", help="only these, such as config/README.md")
    args = parser.parse_args()
    failures = [check_reference(args.program, args.update)]
    if args.update:
        return 0
    prefix = without_network()
    for name in args.readmes or list(all_readmes()):
        begin = time.monotonic()
        failures.append(check_length(name))
        try:
            failure, skipped = run_examples(name, args.program, prefix)
        except Wrong as wrong:
            failure, skipped = str(wrong), []
        failures.append(failure)
        print(f"{'FAILED' if failure else 'ok':6} {time.monotonic() - begin:5.1f} s  {name}", flush=True)
        for line in skipped:
            print(f"         {line}")
    failures = [f for f in failures if f]
    print("\n".join(["", *failures]) if failures else "all examples run as they stand")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
