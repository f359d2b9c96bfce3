#!/usr/bin/env python3
"""How fast and how small the FOCUS import is, beside DuckDB summing the same file exactly, in turns.

    python3 -m venv /tmp/duck && /tmp/duck/bin/pip install duckdb
    /tmp/duck/bin/python benches/focus_import/run.py [--rows 5000000] [--rounds 5]

Builds in release, generates an export of FOCUS 1.0's 43 columns (5,000,000 hourly rows, 1.76 GB,
120,000 groups) in a temporary folder, and lets gpucost and DuckDB (two threads each, sums as DECIMAL(38,10)) read it
in turns. gpucost also classifies each row, hashes the file and checks it; DuckDB sums and groups. The sums must agree
to the last digit. "usage import" is the whole command: the same reading, then the groups into a new SQLite ledger. Prints rows/s, CPU seconds and peak memory (medians), and gpucost's time over DuckDB's: on a
busy machine only that ratio means anything.
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

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
AMOUNTS = {"PricingQuantity", "ListCost", "BilledCost", "EffectiveCost", "ListUnitPrice"}


def built(command, name):
    """Builds; the path of the program of that name."""
    build = ["cargo", *command, "--no-default-features", "--message-format=json"]
    lines = subprocess.run(build, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    messages = [json.loads(line) for line in lines if line.startswith("{")]
    return next(m["executable"] for m in messages if m.get("executable") and m["target"]["name"] == name)


def duckdb_sums(path):
    """In a process of its own: sums as the importer does, printed as JSON."""
    import duckdb

    with open(path, encoding="utf-8") as export:
        header = export.readline().strip().split(",")
    kinds = {
        name: "DECIMAL(38,10)" if name in AMOUNTS else "TIMESTAMP" if name.startswith("ChargePeriod") else "VARCHAR"
        for name in header
    }
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    rows, records, quantity, billed, *_ = connection.execute(
        f"""SELECT sum(n), count(*), sum(quantity), sum(billed), sum(list), sum(effective) FROM (
            SELECT SubAccountId, RegionId, ResourceId, SkuPriceId, ListUnitPrice, CAST(ChargePeriodStart AS DATE) AS day,
                   sum(PricingQuantity) AS quantity, sum(ListCost) AS list, sum(BilledCost) AS billed,
                   sum(EffectiveCost) AS effective, count(*) AS n
            FROM read_csv(?, header = true, auto_detect = false, delim = ',', quote = '"', escape = '"', columns = {kinds!r})
            WHERE ServiceName = 'Amazon Elastic Compute Cloud' GROUP BY ALL)""",
        [str(path)],
    ).fetchone()
    print(json.dumps({"rows": int(rows), "records": records, "quantity": str(quantity), "billed": str(billed)}))


def measured(command):
    """Runs a command: its JSON, wall and CPU seconds, peak MiB."""
    began = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{command[0]} failed with {child.returncode}")
    wall = time.monotonic() - began
    return json.loads(output) if output.startswith("{\"") else output, {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "mib": usage.ru_maxrss / 1024}


def same(left, right):
    """Equal as decimals, however many zeros they end in."""
    from decimal import Decimal

    counts = all(left[name] == right[name] for name in ("rows", "records"))
    return counts and all(Decimal(left[name]) == Decimal(right[name]) for name in ("quantity", "billed"))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=5_000_000)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--duckdb", metavar="FILE", help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    if chosen.duckdb:
        return duckdb_sums(chosen.duckdb)

    program = built(["bench", "--bench", "focus_import", "--no-run"], "focus_import")
    gpucost = built(["build", "--release", "--bin", "gpucost"], "gpucost")
    seen = {"gpucost": [], "usage import": [], "DuckDB": []}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "export.csv"
        subprocess.run([program, "generate", path, str(chosen.rows)], check=True)
        size = path.stat().st_size
        ledger = pathlib.Path(folder) / "ledger.db"
        commands = {
            "gpucost": [program, "import", path, "2"],
            "usage import": [gpucost, "usage", "import", path, "--ledger", ledger],
            "DuckDB": [sys.executable, __file__, "--duckdb", path],
        }
        for command in commands.values():
            measured(command)  # once unmeasured: the file is in memory then, the programs too
        for _ in range(chosen.rounds):
            results = {}
            for name, command in commands.items():
                for old in pathlib.Path(folder).glob("ledger.db*"):
                    old.unlink()
                results[name], figures = measured(command)
                seen[name].append(figures)
            if not same(results["gpucost"], results["DuckDB"]):
                raise SystemExit(f"the sums differ: {results}")

    print(f"{chosen.rows:,} rows, {size / 1e9:.2f} GB, {results['gpucost']['records']:,} groups; sums agree exactly")
    print(f"{'':12} {'wall s':>8} {'rows/s':>12} {'CPU s':>8} {'peak MiB':>9}")
    for name, runs in seen.items():
        wall, cpu = (statistics.median(run[figure] for run in runs) for figure in ("wall", "cpu"))
        peak = max(run["mib"] for run in runs)
        print(f"{name:12} {wall:8.2f} {chosen.rows / wall:12,.0f} {cpu:8.2f} {peak:9.0f}")
    for name in ("gpucost", "usage import"):
        for figure in ("wall", "cpu"):
            ratios = [ours[figure] / theirs[figure] for ours, theirs in zip(seen[name], seen["DuckDB"])]
            print(f"{figure} ratio {name} / DuckDB: median {statistics.median(ratios):.2f}, rounds "
                  + " ".join(f"{ratio:.2f}" for ratio in ratios))


if __name__ == "__main__":
    main()
