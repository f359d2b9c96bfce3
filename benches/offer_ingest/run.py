#!/usr/bin/env python3
"""How fast the GPU and EBS rates are picked from an offer file, beside DuckDB and pandas picking the same, in turns.

    python3 benches/offer_ingest/run.py [--rows 405009] [--rounds 5]

Makes a virtual environment with DuckDB and pandas, builds in release without the AWS clients, generates an offer file
in AWS's layout (91 columns, 405,009 rows, 320 MB) in a temporary folder, and lets all read it in turns on two cores:
DuckDB and pandas as one writes it down, and once more told all they can use (`pick.py` says what). Their rates must be
equal. Prints wall and CPU seconds of the whole process and peak memory (medians), the wall seconds without the start of
Python and its imports, and each one's over gpucost's: on a busy machine only those ratios mean anything.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import venv

sys.dont_write_bytecode = True
import generate  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]


def built():
    build = ["cargo", "bench", "--bench", "offer_ingest", "--no-run", "--no-default-features", "--message-format=json"]
    lines = subprocess.run(build, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    messages = [json.loads(line) for line in lines if line.startswith("{")]
    return next(m["executable"] for m in messages if m.get("executable") and m["target"]["name"] == "offer_ingest")


def python_with(folder, *packages):
    """A Python of its own, kept for the next time."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    return python


def measured(command):
    """Runs a command: its JSON, wall and CPU seconds, peak MiB."""
    began = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - began
    if child.returncode:
        raise SystemExit(f"{command[0]} failed with {child.returncode}")
    found = json.loads(output)
    peak = found.get("peak_kib") or usage.ru_maxrss
    return found["rates"], {
        "wall": wall, "CPU": usage.ru_utime + usage.ru_stime, "reading": found["seconds"], "MiB": peak / 1024}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=405_009)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--file", type=pathlib.Path, help="an offer file of us-west-2 instead of a generated one")
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    arguments.add_argument("--venv", type=pathlib.Path, default=cache / "gpucost-bench" / "offer_ingest")
    chosen = arguments.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])

    python = python_with(chosen.venv, "duckdb", "pandas")
    program = built()
    engines = ["duckdb", "pandas", "duckdb-tuned", "pandas-tuned"]
    seen = {name: [] for name in ("gpucost", *engines)}
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.file or pathlib.Path(folder) / "index.csv"
        if not chosen.file:
            generate.generate(path, chosen.rows)
        commands = {"gpucost": [program, path, generate.REGION]}
        commands |= {engine: [python, HERE / "pick.py", engine, path, generate.REGION] for engine in engines}
        for command in commands.values():
            measured(command)  # once unmeasured: the file is in memory then, the programs too
        for _ in range(chosen.rounds):
            results = {}
            for name, command in commands.items():
                results[name], figures = measured(command)
                seen[name].append(figures)
            for name in engines:
                if results[name] != results["gpucost"]:
                    differ = set(results[name].items()) ^ set(results["gpucost"].items())
                    raise SystemExit(f"{name} and gpucost differ: {sorted(differ)[:10]}")
        size = path.stat().st_size

    print(f"{chosen.rows:,} rows, {size / 1e6:.0f} MB, {len(results['gpucost']):,} rates; all agree")
    print(f"{'':12} {'wall s':>8} {'CPU s':>8} {'reading s':>10} {'peak MiB':>9}")
    for name, runs in seen.items():
        wall, cpu, alone = (statistics.median(run[figure] for run in runs) for figure in ("wall", "CPU", "reading"))
        print(f"{name:12} {wall:8.3f} {cpu:8.3f} {alone:10.3f} {max(run['MiB'] for run in runs):9.1f}")
    for name in engines:
        for figure in ("wall", "CPU", "reading"):
            ratios = [theirs[figure] / ours[figure] for ours, theirs in zip(seen["gpucost"], seen[name])]
            print(f"{figure} {name} / gpucost: median {statistics.median(ratios):.1f}, rounds "
                  + " ".join(f"{ratio:.1f}" for ratio in ratios))


if __name__ == "__main__":
    main()
