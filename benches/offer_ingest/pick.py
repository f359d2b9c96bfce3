"""`pick.py ENGINE FILE REGION`: the region's GPU and EBS rates as JSON, as the Rust program beside it prints them.

`duckdb` and `pandas` read the file as one writes it down: all columns as text, then the filter. `duckdb-tuned` is told
the columns and that nothing is to be guessed, `pandas-tuned` which 16 of the 91 columns to keep at all.
"""

import json
import sys
import time
from decimal import Decimal

KEYS = ["SKU", "OfferTermCode", "TermType", "Unit", "PricePerUnit", "PurchaseOption", "OfferingClass", "Instance Type",
        "usageType", "MarketOption"]
FILTERS = ["Product Family", "Tenancy", "Operating System", "CapacityStatus", "Pre Installed S/W", "Region Code"]
COMPUTE = ("Compute Instance", "Compute Instance (bare metal)")
EBS = {"EBS:VolumeP-IOPS.gp3": "gp3 iops", "EBS:VolumeP-IOPS.piops": "io1 iops", "EBS:VolumeP-IOPS.io2": "io2 iops-tier-1",
       "EBS:VolumeP-IOPS.io2.tier2": "io2 iops-tier-2", "EBS:VolumeP-IOPS.io2.tier3": "io2 iops-tier-3",
       "EBS:VolumeP-Throughput.gp3": "gp3 throughput", "EBS:VolumeIOUsage": "standard io-request",
       "EBS:VolumeUsage": "standard storage", "EBS:VolumeUsage.gp2": "gp2 storage", "EBS:VolumeUsage.gp3": "gp3 storage",
       "EBS:VolumeUsage.piops": "io1 storage", "EBS:VolumeUsage.io2": "io2 storage", "EBS:VolumeUsage.st1": "st1 storage",
       "EBS:VolumeUsage.sc1": "sc1 storage", "EBS:SnapshotUsage": "snapshot standard",
       "EBS:SnapshotArchiveStorage": "snapshot archive", "EBS:SnapshotArchiveRetrieval": "snapshot archive-retrieval",
       "EBS:SnapshotArchiveEarlyDelete": "snapshot archive-early-delete", "EBS:FastSnapshotRestore": "snapshot fast-restore"}
PREFIX = "USW2-"


def with_duckdb(path, region, tuned=False):
    import duckdb

    began = time.perf_counter()
    options = "all_varchar = true"
    if tuned:
        with open(path, encoding="utf-8") as file:
            header = [file.readline() for _ in range(6)][5]
        columns = {name: "VARCHAR" for name in header.strip().strip('"').split('","')}
        options = f"""auto_detect = false, delim = ',', quote = '"', escape = '"', columns = {columns!r}"""
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    wanted = ", ".join(f'"{name}"' for name in KEYS)
    usage_types = [PREFIX + name for name in EBS]
    rows = connection.execute(
        f"""SELECT {wanted}
            FROM read_csv(?, skip = 5, header = true, {options})
            WHERE "Region Code" = ? AND (
                "Product Family" IN {COMPUTE} AND "Operating System" = 'Linux' AND "Tenancy" = 'Shared'
                AND "Pre Installed S/W" = 'NA' AND "CapacityStatus" = 'Used'
                AND regexp_matches("Instance Type", '^(p|gr?)[0-9]')
                OR "TermType" = 'OnDemand' AND "usageType" IN {tuple(usage_types)})""",
        [path, region],
    ).fetchall()
    return rows, began


def with_pandas(path, region, tuned=False):
    import pandas

    began = time.perf_counter()
    columns = KEYS + FILTERS if tuned else None
    read = pandas.read_csv(path, skiprows=5, usecols=columns, dtype=str, keep_default_na=False)
    here = read["Region Code"] == region
    linux = (read["Operating System"] == "Linux") & (read["Tenancy"] == "Shared") & (read["Pre Installed S/W"] == "NA")
    used = read["Product Family"].isin(COMPUTE) & (read["CapacityStatus"] == "Used")
    gpu = read["Instance Type"].str.match("(?:p|gr?)[0-9]")
    storage = (read["TermType"] == "OnDemand") & read["usageType"].isin([PREFIX + name for name in EBS])
    rows = read[here & (linux & used & gpu | storage)][KEYS]
    return list(rows.itertuples(index=False, name=None)), began


def plain(number):
    return f"{Decimal(number).normalize():f}"


def rates(rows):
    """What the rows say, in the words of the Rust program."""
    found, terms = {}, {}
    for sku, term, kind, unit, usd, option, offering, instance, usage, market in rows:
        if not instance:
            found[EBS[usage.removeprefix(PREFIX)]] = plain(usd)
        elif kind == "Reserved":
            terms.setdefault(f"{sku}.{term} {option} {offering}", {"Quantity": "0", "Hrs": "0"})[unit] = plain(usd)
        elif market == "CapacityBlock":
            found.setdefault(instance, "capacity block")
        else:
            found[instance] = plain(usd)
    return found | {key: f"{parts['Quantity']} + {parts['Hrs']}" for key, parts in terms.items()}


if __name__ == "__main__":
    engine, path, region = sys.argv[1:]
    name, _, tuned = engine.partition("-")
    rows, began = {"duckdb": with_duckdb, "pandas": with_pandas}[name](path, region, bool(tuned))
    found = rates(rows)
    print(json.dumps({"rates": found, "seconds": time.perf_counter() - began}))
