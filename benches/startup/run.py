#!/usr/bin/env python3
"""How long an offline command takes as a whole process, beside `aws --version`, the floor that tools on the AWS CLI pay.

    python3 -m venv /tmp/awscli && /tmp/awscli/bin/pip install awscli
    python3 benches/startup/run.py --aws /tmp/awscli/bin/aws [--runs 40]

Builds gpucost in release without the AWS clients, runs the commands in turns, and prints medians and their ratio to
`aws --version` of the same round: on a busy machine only the ratio means anything.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def built():
    build = ["cargo", "build", "--release", "--no-default-features", "--bin", "gpucost", "--message-format=json"]
    lines = subprocess.run(build, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    messages = [json.loads(line) for line in lines if line.startswith("{")]
    return next(m["executable"] for m in messages if m.get("executable"))


def milliseconds(command, environment):
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    return (time.perf_counter() - began) * 1000


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--aws", required=True, help="the AWS CLI to compare with")
    arguments.add_argument("--runs", type=int, default=40)
    chosen = arguments.parse_args()
    gpucost = built()
    with tempfile.TemporaryDirectory() as home:
        environment = {"HOME": home, "PATH": os.environ["PATH"], "GPUCOST_LEDGER": f"{home}/ledger.db"}
        notes = REPOSITORY / "data" / "demo" / "notes.csv"
        milliseconds([gpucost, "usage", "import", notes, "--observed-at", "2026-11-01"], environment)
        commands = {
            "aws --version": [chosen.aws, "--version"],
            "gpucost quote": [gpucost, "quote", "p2.xlarge", "--volume", "gp2:75"],
            "gpucost rates": [gpucost, "rates", "p3*"],
            "gpucost break-even": [gpucost, "break-even", "--machine-usd", "1000", "--hours-per-day", "2", "--instance", "p2.xlarge"],
            "gpucost bill": [gpucost, "bill", "--month", "2026-10", "--as-of", "2026-11-01"],
        }
        seen = {name: [] for name in commands}
        for _ in range(chosen.runs):
            for name, command in commands.items():
                seen[name].append(milliseconds(command, environment))
    floor = seen["aws --version"]
    print(f"{'':20} {'median ms':>10} {'of aws --version':>17}")
    for name, runs in seen.items():
        ratio = statistics.median(ours / theirs for ours, theirs in zip(runs, floor))
        print(f"{name:20} {statistics.median(runs):10.1f} {ratio:17.4f}")


if __name__ == "__main__":
    main()
