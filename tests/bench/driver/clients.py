"""Other clients for comparison. They are installed in the build directory."""
import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass


@dataclass
class Client:
    """A program that sends the requests of a file. `missing`: why it cannot run."""

    name: str
    requests: int  # In one round: so many that a run takes seconds, not minutes.
    command: list
    missing: str = ""


def _installed(stamp, wanted, install):
    """Runs `install`, unless `stamp` shows that `wanted` is installed. @returns the error."""
    mark = hashlib.sha256(wanted).hexdigest()
    if stamp.exists() and stamp.read_text() == mark:
        return ""
    try:
        for command, cwd in install:
            done = subprocess.run([str(w) for w in command], cwd=cwd, capture_output=True,
                                  text=True, stdin=subprocess.DEVNULL, timeout=300, check=False)
            if done.returncode != 0:
                lines = (done.stderr or done.stdout).strip().splitlines()
                return f"{command[0]} failed: {lines[-1][:200] if lines else done.returncode}"
    except (OSError, subprocess.TimeoutExpired) as e:
        return str(e)[:200]
    stamp.write_text(mark)
    return ""


def _prepare_node(bench, scripts, folder):
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return node, "node or npm is not installed"
    for file in scripts.glob("*.mjs"):
        shutil.copy(file, folder)
    shutil.copy(scripts / "package.json", folder)
    return node, _installed(folder / "installed", (scripts / "package.json").read_bytes(), [
        ([npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-progress"], folder)])


def _prepare_python(scripts, folder, requirement):
    """Each client has its own virtual environment, so one can fail alone."""
    pins = [line for line in (scripts / "requirements.txt").read_text().splitlines() if line]
    pins = [line.partition("#")[0].strip() for line in pins if requirement in line]
    python = folder / "bin/python"
    missing = _installed(folder.with_suffix(".installed"), " ".join(pins).encode(), [
        ([sys.executable, "-m", "venv", folder], None),
        ([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *pins], None)])
    return python, missing


def prepare(bench):
    """Tries to install all clients. @returns all of them, also the missing ones."""
    scripts = bench.source / "tests/bench/clients"
    base = bench.build / "bench-clients"
    node_folder = base / "node"
    node_folder.mkdir(parents=True, exist_ok=True)
    node, no_node = _prepare_node(bench, scripts, node_folder)
    aiohttp, no_aiohttp = _prepare_python(scripts, base / "aiohttp", "aiohttp")
    litellm, no_litellm = _prepare_python(scripts, base / "litellm", "litellm")
    size = bench.size
    return [
        Client("undici", size(30_000, 5_000), [node, node_folder / "undici_pool.mjs"], no_node),
        Client("openai-sdk", size(5_000, 1_000), [node, node_folder / "openai_sdk.mjs"], no_node),
        Client("aiohttp", size(20_000, 3_000), [aiohttp, scripts / "aiohttp_client.py"],
               no_aiohttp),
        Client("litellm", size(1_000, 300), [litellm, scripts / "litellm_client.py"], no_litellm),
    ]
