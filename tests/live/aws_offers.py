"""AWS's published rates, from one truth (data/*.csv) in both shapes: the Pricing API's JSON and the offer files' CSV."""

import base64
import csv
import hashlib
import io
import json
from decimal import Decimal
from pathlib import Path

DATA = Path(__file__).parent / "data"
VERSION, PUBLISHED = "20260910195514", "2026-09-10T19:55:14Z"
EFFECTIVE = "2026-09-01T00:00:00Z"
ON_DEMAND, HOURLY, FEE = "JRTCKXETXF", "6YS6EN2CT7", "2TG2D8R56U"
LOCATIONS = {
    # region: name, kind, prefix of its usage types, region whose offer file lists it too
    "us-east-1": ("US East (N. Virginia)", "AWS Region", "", None),
    "us-west-2": ("US West (Oregon)", "AWS Region", "USW2-", None),
    "eu-west-1": ("EU (Ireland)", "AWS Region", "EU-", None),
    "us-east-1-atl-1": ("US East (Atlanta)", "AWS Local Zone", "ATL1-", "us-east-1"),
    "us-west-2-lax-1": ("US West (Los Angeles)", "AWS Local Zone", "LAX1-", "us-west-2"),
}
VOLUME_NAMES = {"gp2": "General Purpose", "gp3": "General Purpose", "io1": "Provisioned IOPS", "io2": "Provisioned IOPS",
                "st1": "Throughput Optimized HDD", "sc1": "Cold HDD", "standard": "Magnetic"}
# The header of the offer file, and the attribute of the API's JSON that each column shows.
COLUMNS = [
    ("SKU", None), ("OfferTermCode", None), ("RateCode", None), ("TermType", None), ("PriceDescription", None),
    ("EffectiveDate", None), ("StartingRange", None), ("EndingRange", None), ("Unit", None), ("PricePerUnit", None),
    ("Currency", None), ("RelatedTo", None), ("LeaseContractLength", None), ("PurchaseOption", None),
    ("OfferingClass", None), ("Product Family", None), ("serviceCode", "servicecode"), ("Location", "location"),
    ("Location Type", "locationType"), ("Instance Type", "instanceType"), ("Current Generation", "currentGeneration"),
    ("Instance Family", "instanceFamily"), ("vCPU", "vcpu"), ("Physical Processor", "physicalProcessor"),
    ("Clock Speed", "clockSpeed"), ("Memory", "memory"), ("Storage", "storage"),
    ("Network Performance", "networkPerformance"), ("Processor Architecture", "processorArchitecture"),
    ("Storage Media", "storageMedia"), ("Volume Type", "volumeType"), ("Max Volume Size", "maxVolumeSize"),
    ("Max IOPS/volume", "maxIopsvolume"), ("Max IOPS Burst Performance", "maxIopsBurstPerformance"),
    ("Max throughput/volume", "maxThroughputvolume"), ("Provisioned", "provisioned"), ("Tenancy", "tenancy"),
    ("EBS Optimized", "ebsOptimized"), ("Operating System", "operatingSystem"), ("License Model", "licenseModel"),
    ("Group", "group"), ("Group Description", "groupDescription"), ("Transfer Type", "transferType"),
    ("From Location", "fromLocation"), ("From Location Type", "fromLocationType"), ("To Location", "toLocation"),
    ("To Location Type", "toLocationType"), ("usageType", "usagetype"), ("operation", "operation"),
    ("AvailabilityZone", "availabilityzone"), ("CapacityStatus", "capacitystatus"),
    ("ClassicNetworkingSupport", "classicnetworkingsupport"), ("Dedicated EBS Throughput", "dedicatedEbsThroughput"),
    ("ECU", "ecu"), ("Elastic Graphics Type", "elasticGraphicsType"),
    ("Enhanced Networking Supported", "enhancedNetworkingSupported"), ("From Region Code", "fromRegionCode"),
    ("GPU", "gpu"), ("GPU Memory", "gpuMemory"), ("Instance", "instance"),
    *[(f"Instance Capacity - {size}", None) for size in
      "10xlarge 12xlarge 16xlarge 18xlarge 24xlarge 2xlarge 32xlarge 4xlarge 8xlarge 9xlarge large medium metal xlarge".split()],
    ("instanceSKU", "instancesku"), ("Intel AVX2 Available", "intelAvx2Available"),
    ("Intel AVX Available", "intelAvxAvailable"), ("Intel Turbo Available", "intelTurboAvailable"),
    ("MarketOption", "marketoption"), ("Normalization Size Factor", "normalizationSizeFactor"),
    ("Physical Cores", "physicalCores"), ("Pre Installed S/W", "preInstalledSw"),
    ("Processor Features", "processorFeatures"), ("Product Type", "productType"), ("Region Code", "regionCode"),
    ("Resource Type", "resourceType"), ("serviceName", "servicename"),
    ("SnapshotArchiveFeeType", "snapshotarchivefeetype"), ("To Region Code", "toRegionCode"),
    ("Volume API Name", "volumeApiName"), ("VPCNetworkingSupport", "vpcnetworkingsupport"),
]


def invented_sku(*of):
    return base64.b32encode(hashlib.sha256("|".join(of).encode()).digest()).decode()[:16]


def usd(price):
    return f"{Decimal(price):.10f}"


def rows(name):
    with open(DATA / name, newline="") as file:
        return list(csv.DictReader(file))


def term(sku, code, dimensions, kind="OnDemand", attributes=None):
    """`dimensions`: (rate code, unit, price, description, from, to)"""
    return {"kind": kind, "code": code, "attributes": attributes or {}, "dimensions": [
        {"rateCode": f"{sku}.{code}.{rate}", "unit": unit, "usd": usd(price), "description": text, "beginRange": begin,
         "endRange": end} for rate, unit, price, text, begin, end in dimensions]}


def on_demand(sku, price, unit, description):
    return term(sku, ON_DEMAND, [(HOURLY, unit, price, description, "0", "Inf")])


def product(sku, family, region, terms, **attributes):
    name, kind, _, _ = LOCATIONS[region]
    common = {"servicecode": "AmazonEC2", "servicename": "Amazon Elastic Compute Cloud", "location": name,
              "locationType": kind, "regionCode": region}
    return {"sku": sku, "family": family, "attributes": common | attributes, "terms": terms}


def reserved_terms(sku, row, reserved):
    found = []
    for r in reserved.get((row["region"], row["instance_type"]), []):
        about = f"Linux/UNIX (Amazon VPC), {row['instance_type']} reserved instance applied"
        dimensions = [(HOURLY, "Hrs", r["usd_per_hour"], about, "0", "Inf")]
        if r["payment_option"] != "No Upfront":
            dimensions.append((FEE, "Quantity", r["upfront_usd"], "Upfront Fee", "", ""))
        if r["payment_option"] == "All Upfront":
            dimensions.reverse()
        attributes = {"LeaseContractLength": r["term"], "OfferingClass": r["offering_class"],
                      "PurchaseOption": r["payment_option"]}
        found.append(term(sku, r["offer_term_code"], dimensions, "Reserved", attributes))
    return found


def compute_products(row, reserved):
    """One instance type of one region: its Linux rate and the SKUs one must not take for it."""
    region, kind, prefix = row["region"], row["instance_type"], LOCATIONS[row["region"]][2]
    gpu = row["gpu"] not in ("", "0")
    base = {
        "instanceType": kind, "vcpu": row["vcpu"], "memory": f"{row['memory_gib']} GiB", "storage": row["storage"],
        "instanceFamily": "GPU instance" if gpu else "General purpose", "currentGeneration": "Yes",
        "gpuMemory": f"{row['gpu_memory_gib']} GB" if gpu else "NA", "licenseModel": "No License required",
        "operatingSystem": "Linux", "tenancy": "Shared", "preInstalledSw": "NA", "capacitystatus": "Used",
        "marketoption": "OnDemand", "operation": "RunInstances", "usagetype": f"{prefix}BoxUsage:{kind}",
        "availabilityzone": "NA", "ecu": "NA", "processorArchitecture": "64-bit", "networkPerformance": "Up to 25 Gigabit",
        "processorFeatures": "Intel AVX; Intel AVX2; Intel AVX512; Intel Turbo", "clockSpeed": "2.5 GHz",
    } | ({"gpu": row["gpu"]} if gpu else {})
    linux = row["sku"] or invented_sku(region, kind)
    price = Decimal(row["usd_per_hour"] or 0)

    def other(name, price, text, **changes):
        sku = changes.pop("sku", None) or invented_sku(region, kind, name)
        about = f"${price} per {text} {kind} Instance Hour"
        return product(sku, "Compute Instance", region, [on_demand(sku, price, "Hrs", about)], **(base | changes))

    found = []
    if price:
        about = f"${price} per On Demand Linux {kind} Instance Hour"
        terms = [on_demand(linux, price, "Hrs", about), *reserved_terms(linux, row, reserved)]
        found = [
            other("windows", price + Decimal("0.184") * int(row["vcpu"]) / 4, "On Demand Windows",
                  operatingSystem="Windows", operation="RunInstances:0002"),
            other("rhel", price + Decimal("0.0144") * int(row["vcpu"]), "On Demand RHEL", operatingSystem="RHEL",
                  operation="RunInstances:0010"),
            other("sql", price + Decimal("0.48"), "On Demand Linux with SQL Std", preInstalledSw="SQL Std",
                  operation="RunInstances:0004"),
            other("dedicated", price * Decimal("1.1"), "Dedicated Linux", tenancy="Dedicated",
                  usagetype=f"{prefix}DedicatedUsage:{kind}"),
            other("unused", price, "Unused Reservation Linux", capacitystatus="UnusedCapacityReservation",
                  instancesku=linux, usagetype=f"{prefix}UnusedBox:{kind}"),
            other("reservation", 0, "Reservation Linux", capacitystatus="AllocatedCapacityReservation",
                  instancesku=linux, usagetype=f"{prefix}Reservation:{kind}"),
            product(linux, "Compute Instance", region, terms, **base),
        ]
    if kind.startswith(("p4", "p5")):
        true_sku = {"p5.48xlarge us-east-1": "5Q7AP3RH7KTVUNCJ"}.get(f"{kind} {region}")
        # AWS lists it at $0: the fee of a block is charged upfront.
        found.insert(0, other("block", 0, "Capacity Block Linux", sku=true_sku, marketoption="CapacityBlock",
                              operation="RunInstances:CB"))
    return found


def storage_product(row):
    region, kind = row["region"], row["volume_api_name"]
    name, _, prefix, _ = LOCATIONS[region]
    what = {"GB-Mo": f"GB-month of {VOLUME_NAMES.get(kind, 'snapshot')} ({kind or 'standard tier'}) storage",
            "IOPS-Mo": f"IOPS-month provisioned ({kind})", "GiBps-mo": f"GiBps-month provisioned ({kind})",
            "IOs": "1 million I/O requests"}[row["unit"]]
    if row["group"] == "EBS IOPS Tier 2":
        what += " over 32,000, up to 64,000 IOPS"
    about = f"${row['usd']} per {what} - {name}"
    attributes = {"usagetype": prefix + row["usage_type"], "operation": row["operation"]}
    if kind:
        attributes |= {"volumeApiName": kind, "volumeType": VOLUME_NAMES[kind]}
        attributes |= {"storageMedia": "HDD-backed" if kind in ("st1", "sc1", "standard") else "SSD-backed"}
    else:
        attributes |= {"storageMedia": "Amazon S3"}
    if row["group"]:
        attributes |= {"group": row["group"], "groupDescription": row["group"].removeprefix("EBS "), "provisioned": "Yes"}
    return product(row["sku"], row["product_family"], region, [on_demand(row["sku"], row["usd"], row["unit"], about)],
                   **attributes)


def load():
    reserved = {}
    for row in rows("reserved.csv"):
        reserved.setdefault((row["region"], row["instance_type"]), []).append(row)
    products = [p for row in rows("compute.csv") for p in compute_products(row, reserved)]
    return products + [storage_product(row) for row in rows("storage.csv")]


PRODUCTS = load()


class Edition:
    """What one account sees: a publication, with what a test changed in it."""

    def __init__(self, version=VERSION, published=PUBLISHED, prices=None, gone=(), reserved_only=(), filler=200):
        """`prices`: by SKU or rate code. `gone`, `reserved_only`: SKUs."""
        self.version, self.published = version, published
        self.prices, self.gone, self.reserved_only = prices or {}, set(gone), set(reserved_only)
        self.filler = filler

    def products(self):
        for p in PRODUCTS:
            if p["sku"] in self.reserved_only:
                yield p | {"terms": [t for t in p["terms"] if t["kind"] == "Reserved"]}
            elif p["sku"] not in self.gone:
                yield p

    def usd(self, p, dimension):
        changed = self.prices.get(dimension["rateCode"]) or self.prices.get(p["sku"])
        of_on_demand = dimension["rateCode"].split(".")[1] == ON_DEMAND or dimension["rateCode"] in self.prices
        return usd(changed) if changed and of_on_demand else dimension["usd"]

    def api(self, p):
        """A product as GetProducts gives it: a JSON document in a string."""
        terms = {}
        for t in p["terms"]:
            dimensions = {d["rateCode"]: {
                "unit": d["unit"], "description": d["description"], "appliesTo": [], "rateCode": d["rateCode"],
                "pricePerUnit": {"USD": self.usd(p, d)}} | ({"beginRange": d["beginRange"], "endRange": d["endRange"]}
                                                             if d["endRange"] else {}) for d in t["dimensions"]}
            terms.setdefault(t["kind"], {})[f"{p['sku']}.{t['code']}"] = {
                "priceDimensions": dimensions, "sku": p["sku"], "effectiveDate": EFFECTIVE,
                "offerTermCode": t["code"], "termAttributes": t["attributes"]}
        return json.dumps({
            "product": {"productFamily": p["family"], "attributes": p["attributes"], "sku": p["sku"]},
            "serviceCode": "AmazonEC2", "terms": terms, "version": self.version, "publicationDate": self.published,
        }, separators=(",", ":"))

    def csv(self, region):
        """The region's offer file: five lines of metadata, the header, a row for each price."""
        out = io.StringIO()
        write = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow
        write(["FormatVersion", "v1.0"])
        write(["Disclaimer", "This pricing list is for informational purposes only. All prices are subject to the "
                             "additional terms included in the pricing pages on http://aws.amazon.com."])
        write(["Publication Date", self.published])
        write(["Version", self.version])
        write(["OfferCode", "AmazonEC2"])
        write([column for column, _ in COLUMNS])
        for p in self.products():
            here = p["attributes"]["regionCode"]
            if here != region and LOCATIONS[here][3] != region:
                continue
            for t in p["terms"]:
                for d in t["dimensions"]:
                    write(self.row(p, t, d))
        for number in range(self.filler):
            write(self.filler_row(region, number))
        return out.getvalue().encode()

    def row(self, p, t, d):
        length = t["attributes"]
        known = {
            "SKU": p["sku"], "OfferTermCode": t["code"], "RateCode": d["rateCode"], "TermType": t["kind"],
            "PriceDescription": d["description"], "EffectiveDate": EFFECTIVE[:10], "StartingRange": d["beginRange"],
            "EndingRange": d["endRange"], "Unit": d["unit"], "PricePerUnit": self.usd(p, d), "Currency": "USD",
            "LeaseContractLength": length.get("LeaseContractLength", ""), "Product Family": p["family"],
            "PurchaseOption": length.get("PurchaseOption", ""), "OfferingClass": length.get("OfferingClass", ""),
        }
        return [known.get(column, p["attributes"].get(attribute, "")) for column, attribute in COLUMNS]

    def filler_row(self, region, number):
        """A row that nobody asks for: most of an offer file is such rows."""
        sku = invented_sku(region, "filler", str(number))
        t = on_demand(sku, "0.02", "GB", f"$0.02 per GB - data, out, {LOCATIONS[region][0]} to \"elsewhere\", {number}")
        filler = product(sku, "Data Transfer", region, [t], usagetype=f"DataTransfer-{number}", transferType="InterRegion")
        return self.row(filler, t, t["dimensions"][0])

    def region_index(self):
        files = {region: {"regionCode": region,
                          "currentVersionUrl": f"/offers/v1.0/aws/AmazonEC2/{self.version}/{region}/index.json"}
                 for region in LOCATIONS}
        return {"formatVersion": "v1.0", "disclaimer": "For information only.", "publicationDate": self.published,
                "regions": files}


SAVINGS_PLAN_COLUMNS = [
    "SKU", "RateCode", "Unit", "EffectiveDate", "DiscountedRate", "Currency", "DiscountedSKU", "DiscountedServiceCode",
    "DiscountedUsageType", "DiscountedOperation", "PurchaseOption", "LeaseContractLength", "LeaseContractLengthUnit",
    "ServiceCode", "UsageType", "Operation", "Description", "ID", "Location", "Location Type", "Instance Family",
    "Product Family", "DiscountedRegionCode", "DiscountedInstanceType"]


def savings_plan_rates(edition, region):
    """(plan, product, hourly rate): a plan each for 1 and 3 years and each way to pay, of made-up discounts."""
    for years, percent in ((1, 27), (3, 50)):
        for option, more in (("No Upfront", 0), ("Partial Upfront", 2), ("All Upfront", 4)):
            plan = {"sku": invented_sku("plan", str(years), option), "years": years, "option": option,
                    "usage": f"ComputeSP:{years}yr{option.replace(' ', '')}"}
            for p in edition.products():
                a = p["attributes"]
                linux = p["family"] == "Compute Instance" and a["operation"] == "RunInstances"
                if a["regionCode"] == region and linux and a["tenancy"] == "Shared" and a["capacitystatus"] == "Used":
                    price = Decimal(edition.usd(p, p["terms"][0]["dimensions"][0])) * (100 - percent - more) / 100
                    yield plan, p, f"{price:.4f}"


def savings_plan_csv(edition, region):
    out = io.StringIO()
    write = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow
    for line in (["FormatVersion", "v1.0"], ["Disclaimer", "For information only."],
                 ["Publication Date", edition.published], ["Version", edition.version],
                 ["OfferCode", "AWSComputeSavingsPlan"], SAVINGS_PLAN_COLUMNS):
        write(line)
    for plan, p, rate in savings_plan_rates(edition, region):
        a, years = p["attributes"], plan["years"]
        write([plan["sku"], f"{plan['sku']}.{p['sku']}", "Hrs", EFFECTIVE[:10], rate, "USD", p["sku"], "AmazonEC2",
               a["usagetype"], a["operation"], plan["option"], years, "year", "ComputeSavingsPlans", plan["usage"], "",
               f"{years} year {plan['option']} Compute Savings Plan", "", "Any", "AWS Region", "", "ComputeSavingsPlans",
               region, a["instanceType"]])
    return out.getvalue().encode()


def savings_plan_json(edition, region):
    products, terms = {}, {}
    for plan, p, rate in savings_plan_rates(edition, region):
        a, years = p["attributes"], plan["years"]
        products[plan["sku"]] = {
            "sku": plan["sku"], "productFamily": "ComputeSavingsPlans", "serviceCode": "ComputeSavingsPlans",
            "usageType": plan["usage"], "operation": "", "attributes": {
                "purchaseOption": plan["option"], "granularity": "hourly", "locationType": "AWS Region",
                "purchaseTerm": f"{years}yr", "location": "Any"}}
        of_plan = terms.setdefault(plan["sku"], {
            "sku": plan["sku"], "description": f"{years} year {plan['option']} Compute Savings Plan",
            "effectiveDate": EFFECTIVE, "leaseContractLength": {"duration": years, "unit": "year"}, "rates": []})
        of_plan["rates"].append({
            "discountedSku": p["sku"], "discountedUsageType": a["usagetype"], "discountedOperation": a["operation"],
            "discountedServiceCode": "AmazonEC2", "rateCode": f"{plan['sku']}.{p['sku']}", "unit": "Hrs",
            "discountedRate": {"price": rate, "currency": "USD"}, "discountedRegionCode": region,
            "discountedInstanceType": a["instanceType"]})
    return {"version": edition.version, "publicationDate": edition.published, "regionCode": region,
            "products": list(products.values()), "terms": {"savingsPlan": list(terms.values())}}


def savings_plan_index(edition):
    files = [{"regionCode": region,
              "versionUrl": f"/savingsPlan/v1.0/aws/AWSComputeSavingsPlan/{edition.version}/{region}/index.json"}
             for region in LOCATIONS]
    return {"disclaimer": "For information only.", "publicationDate": edition.published, "regions": files}
