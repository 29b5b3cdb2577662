#!/usr/bin/env python3
"""Official SDKs against the HTTP service with the mock behind it: only their base URL is changed.

  python3 tests/integration/clients/run.py --program build/release/apps/penstock/penstock --packages FOLDER

The SDKs are installed into FOLDER once. Exit code 77: they cannot be installed here, and nothing was tested.
"""
import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

PINNED = ["openai==3.57.0", "anthropic==2.15.0", "langchain-openai==1.7.4"]
HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77


def python_with_sdks(folder):
    """The Python of an environment that has the SDKs, or None."""
    python, mark = folder / "bin" / "python", folder / "installed"
    if mark.exists() and mark.read_text() == "\n".join(PINNED):
        return python
    steps = [[sys.executable, "-m", "venv", "--clear", folder],
             [python, "-m", "pip", "install", "-q", "--retries", "1", "--timeout", "15", *PINNED]]
    for step in steps:
        try:
            done = subprocess.run(step, capture_output=True, text=True, timeout=300)
        except (OSError, subprocess.TimeoutExpired) as fault:
            print(f"skipped: {fault}")
            return None
        if done.returncode != 0:
            print("skipped: the SDKs cannot be installed here:", (done.stderr or done.stdout).strip()[-300:])
            return None
    mark.write_text("\n".join(PINNED))
    return python


class Program:
    """A penstock that says as JSON where it listens."""

    def __init__(self, *words, env=None):
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PENSTOCK_") and not k.endswith("_API_KEY")}
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=kept | (env or {}))
        self.said = self.process.stdout.readline()
        if not self.said:
            raise SystemExit(f"{words} did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(timeout=60) != 0:
            raise SystemExit(f"{self.process.args} ended with {self.process.returncode}")


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--program", required=True)
    options.add_argument("--packages", required=True, type=pathlib.Path)
    options = options.parse_args()
    python = python_with_sdks(options.packages.resolve())
    if not python:
        return SKIPPED
    failed = 0
    with tempfile.TemporaryDirectory() as work, Program(options.program, "mock") as mock:
        address = mock.said.split()[-1]
        for upstream, base, script in (("openai", address + "/v1", "openai_sdk.py"),
                                       ("anthropic", address, "anthropic_sdk.py")):
            store = os.path.join(work, upstream + ".db")
            made = subprocess.run([options.program, "keys", "create", "--store", store, "--name", "sdk"],
                                  capture_output=True, text=True, check=True)
            with Program(options.program, "serve", "--upstream", upstream, "--base-url", base, "--store", store,
                         "--http", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--json",
                         env={f"{upstream.upper()}_API_KEY": "a-key-of-the-test"}) as service:
                url = json.loads(service.said)["http"]
                failed += subprocess.run([python, HERE / script, url, made.stdout.strip()]).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
