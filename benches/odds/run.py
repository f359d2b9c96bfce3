#!/usr/bin/env python3
"""A million futures of 60 months: gpucost's odds beside numpy doing the same, in one run.

    python3 -m venv /tmp/numpy && /tmp/numpy/bin/pip install numpy
    /tmp/numpy/bin/python benches/odds/run.py

Builds the bench in release without the AWS clients. The best of three runs of each; on a busy machine only the ratio
means anything. numpy draws in blocks of 50,000 futures, which keeps it in the cache and is faster than all at once.
"""

import pathlib
import re
import subprocess
import time

import numpy

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PATHS, MONTHS, BLOCK = 1_000_000, 60, 50_000


def gpucost():
    command = ["cargo", "bench", "--bench", "odds", "--no-default-features", "--", str(PATHS)]
    said = subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True).stdout
    print(said.strip())
    return min(float(seconds) for seconds in re.findall(r"([0-9.]+) s,", said))


def with_numpy():
    random = numpy.random.Generator(numpy.random.SFC64(1))
    measured = numpy.array([(month % 8) * 0.4 + 0.4 for month in range(24)])
    month = 1.08 ** (1 / 12) - 1
    worth = (1 + month) ** -numpy.arange(1, MONTHS + 1)
    saved = 2.14 - 0.45 * 0.12
    npvs = []
    for _ in range(PATHS // BLOCK):
        price = random.uniform(2000, 2600, BLOCK)
        hours = measured[random.integers(0, len(measured), (BLOCK, MONTHS), dtype=numpy.uint32)]
        npvs.append(hours @ worth * (365 / 12) * saved - price)
    npvs = numpy.concatenate(npvs)
    quantiles = numpy.quantile(npvs, [0.05, 0.1, 0.5, 0.9])
    return (npvs > 0).mean(), quantiles


def main():
    ours = gpucost()
    theirs = []
    for _ in range(3):
        began = time.perf_counter()
        wins, quantiles = with_numpy()
        theirs.append(time.perf_counter() - began)
    print(f"numpy {min(theirs):.3f} s, own wins {wins:.6f}, P50 {quantiles[2]:.2f}")
    print(f"gpucost {ours:.3f} s is {ours / min(theirs):.2f} of numpy's {min(theirs):.3f} s")


if __name__ == "__main__":
    main()
