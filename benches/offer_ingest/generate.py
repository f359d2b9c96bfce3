"""An offer file in AWS's layout: five lines of metadata, the names of 91 columns, every field quoted, the rates of GPU
instances and EBS among hundreds of thousands of others. Prices are made up, the mix is that of a large region."""

import csv
import hashlib
import itertools

REGION, ZONE = "us-west-2", "us-west-2-lax-1"
COLUMNS = (
    "SKU,OfferTermCode,RateCode,TermType,PriceDescription,EffectiveDate,StartingRange,EndingRange,Unit,PricePerUnit,"
    "Currency,RelatedTo,LeaseContractLength,PurchaseOption,OfferingClass,Product Family,serviceCode,Location,"
    "Location Type,Instance Type,Current Generation,Instance Family,vCPU,Physical Processor,Clock Speed,Memory,Storage,"
    "Network Performance,Processor Architecture,Storage Media,Volume Type,Max Volume Size,Max IOPS/volume,"
    "Max IOPS Burst Performance,Max throughput/volume,Provisioned,Tenancy,EBS Optimized,Operating System,License Model,"
    "Group,Group Description,Transfer Type,From Location,From Location Type,To Location,To Location Type,usageType,"
    "operation,AvailabilityZone,CapacityStatus,ClassicNetworkingSupport,Dedicated EBS Throughput,ECU,"
    "Elastic Graphics Type,Enhanced Networking Supported,From Region Code,GPU,GPU Memory,Instance,"
    "Instance Capacity - 10xlarge,Instance Capacity - 12xlarge,Instance Capacity - 16xlarge,"
    "Instance Capacity - 18xlarge,Instance Capacity - 24xlarge,Instance Capacity - 2xlarge,"
    "Instance Capacity - 32xlarge,Instance Capacity - 4xlarge,Instance Capacity - 8xlarge,Instance Capacity - 9xlarge,"
    "Instance Capacity - large,Instance Capacity - medium,Instance Capacity - metal,Instance Capacity - xlarge,"
    "instanceSKU,Intel AVX2 Available,Intel AVX Available,Intel Turbo Available,MarketOption,Normalization Size Factor,"
    "Physical Cores,Pre Installed S/W,Processor Features,Product Type,Region Code,Resource Type,serviceName,"
    "SnapshotArchiveFeeType,To Region Code,Volume API Name,VPCNetworkingSupport"
).split(",")
ON_DEMAND, HOURLY, FEE = "JRTCKXETXF", "6YS6EN2CT7", "2TG2D8R56U"
SIZES = ["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge"]
GPU_TYPES = (
    "p2.xlarge p2.8xlarge p2.16xlarge p3.2xlarge p3.8xlarge p3.16xlarge p3dn.24xlarge p4d.24xlarge p4de.24xlarge "
    "p5.4xlarge p5.48xlarge p5e.48xlarge p5en.48xlarge p6-b200.48xlarge p6e-gb200.36xlarge g3s.xlarge g3.4xlarge "
    "g3.8xlarge g3.16xlarge gr6.4xlarge gr6.8xlarge g5g.metal "
    + " ".join(f"{family}.{size}" for family in ("g4dn", "g4ad", "g5", "g5g", "g6", "g6e") for size in SIZES[1:])
).split()
FAMILIES = [f"{letter}{generation}{kind}" for letter in "cmr" for generation in (5, 6, 7, 8)
            for kind in ("", "a", "ad", "d", "g", "i", "n")] + ["i3", "i4i", "x2idn", "t3", "t4g", "hpc7a", "u-6tb1"]
BLOCK_ONLY = {"p5e.48xlarge", "p6e-gb200.36xlarge"}
SYSTEMS = [("Linux", "NA", "RunInstances"), ("Windows", "NA", "RunInstances:0002"), ("RHEL", "NA", "RunInstances:0010"),
           ("SUSE", "NA", "RunInstances:000g")] + [
    (system, f"SQL {edition}", f"RunInstances:0{code}") for system in ("Linux", "Windows")
    for edition, code in (("Web", "200"), ("Std", "006"), ("Ent", "102"))]
TERMS = list(itertools.product(("1yr", "3yr"), ("No Upfront", "Partial Upfront", "All Upfront"), ("standard", "convertible")))
# usage type, family, unit, volume
STORAGE = [(f"EBS:VolumeUsage{suffix}", "Storage", "GB-month" if name == "io2" else "GB-Mo", name) for suffix, name in (
    (".gp2", "gp2"), (".gp3", "gp3"), (".piops", "io1"), (".io2", "io2"), (".st1", "st1"), (".sc1", "sc1"), ("", "standard"))]
STORAGE += [(f"EBS:VolumeP-IOPS.{suffix}", "System Operation", "IOPS-Mo", name) for suffix, name in (
    ("gp3", "gp3"), ("piops", "io1"), ("io2", "io2"), ("io2.tier2", "io2"), ("io2.tier3", "io2"))]
STORAGE += [("EBS:VolumeP-Throughput.gp3", "Provisioned Throughput", "GiBps-mo", "gp3"),
            ("EBS:VolumeIOUsage", "System Operation", "IOs", "standard"),
            ("EBS:SnapshotUsage", "Storage Snapshot", "GB-Mo", ""),
            ("EBS:SnapshotUsageUnderBilling", "Storage Snapshot", "GB-Mo", ""),
            ("EBS:SnapshotArchiveStorage", "Storage Snapshot", "GB-Mo", ""),
            ("EBS:SnapshotArchiveRetrieval", "Storage Snapshot", "GB", ""),
            ("EBS:SnapshotArchiveEarlyDelete", "Storage Snapshot", "GB", ""),
            ("EBS:FastSnapshotRestore", "Fast Snapshot Restore", "DSU-Hours", "")]


def digest(*of):
    return hashlib.blake2b("|".join(of).encode(), digest_size=8).hexdigest().upper()


def made_up(sku, most):
    """A price that depends on the SKU alone."""
    return f"{int(sku[:6], 16) % most / 10_000 + 0.01:.10f}"


class File:
    def __init__(self, path, most_rows):
        self.out = open(path, "w", newline="")
        self.write = csv.writer(self.out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow
        self.rows, self.most = 0, most_rows
        self.at = {name: index for index, name in enumerate(COLUMNS)}
        assert len(self.at) == 91
        for line in (["FormatVersion", "v1.0"],
                     ["Disclaimer", "This pricing list is for informational purposes only. All prices are subject to "
                      "the additional terms included in the pricing pages on http://aws.amazon.com."],
                     ["Publication Date", "2026-09-10T19:55:14Z"], ["Version", "20260910195514"],
                     ["OfferCode", "AmazonEC2"], COLUMNS):
            self.write(line)

    def row(self, **fields):
        if self.rows == self.most:
            return
        row = [""] * len(COLUMNS)
        for name, value in fields.items():
            row[self.at[name.replace("_", " ").replace("0", "/")]] = value
        self.write(row)
        self.rows += 1


def priced(sku, term, rate, unit, usd, description, **more):
    upfront = unit == "Quantity"
    return {"SKU": sku, "OfferTermCode": term, "RateCode": f"{sku}.{term}.{rate}", "Unit": unit, "PricePerUnit": usd,
            "PriceDescription": description, "Currency": "USD", "EffectiveDate": "2026-09-01", "serviceCode": "AmazonEC2",
            "serviceName": "Amazon Elastic Compute Cloud", "StartingRange": "" if upfront else "0",
            "EndingRange": "" if upfront else "Inf"} | more


def instance(file, kind, gpu):
    family = kind.split(".")[0]
    for (system, software, operation), tenancy in itertools.product(SYSTEMS, ("Shared", "Dedicated")):
        usage = "BoxUsage" if tenancy == "Shared" else "DedicatedUsage"
        common = {
            "Product_Family": "Compute Instance (bare metal)" if kind.endswith("metal") else "Compute Instance",
            "Location": "US West (Oregon)", "Location_Type": "AWS Region", "Region_Code": REGION, "Instance_Type": kind,
            "Current_Generation": "Yes", "Instance_Family": "GPU instance" if gpu else "General purpose", "vCPU": "16",
            "Physical_Processor": "Intel Xeon 8375C (Ice Lake)", "Clock_Speed": "3.5 GHz", "Memory": "1,952 GiB",
            "Storage": "EBS only", "Network_Performance": "Up to 12500 Megabit", "Processor_Architecture": "64-bit",
            "Tenancy": tenancy, "Operating_System": system, "License_Model": "No License required",
            "operation": operation, "AvailabilityZone": "NA", "ClassicNetworkingSupport": "false",
            "Dedicated_EBS_Throughput": "Up to 10000 Mbps", "ECU": "NA", "Enhanced_Networking_Supported": "Yes",
            "GPU": "1" if gpu else "", "GPU_Memory": "16 GB" if gpu else "NA", "Intel_AVX2_Available": "Yes",
            "Intel_AVX_Available": "Yes", "Intel_Turbo_Available": "Yes", "Normalization_Size_Factor": "8",
            "Pre_Installed_S0W": software, "Processor_Features": "Intel AVX; Intel AVX2; Intel AVX512; Intel Turbo",
            "VPCNetworkingSupport": "true"}
        sku = digest(kind, system, software, tenancy)
        words = f"{system} with {software}, {kind}" if software != "NA" else f"{system}, {kind}"
        used = common | {"usageType": f"USW2-{usage}:{kind}", "CapacityStatus": "Used", "MarketOption": "OnDemand"}
        if kind not in BLOCK_ONLY:
            file.row(**priced(sku, ON_DEMAND, HOURLY, "Hrs", made_up(sku, 300_000),
                              f"$ per On Demand {words} Instance Hour", TermType="OnDemand", **used))
            for number, (length, option, offering) in enumerate(TERMS):
                term = f"{number:02}{digest(length, option, offering)[:8]}"
                about = {"TermType": "Reserved", "LeaseContractLength": length, "PurchaseOption": option,
                         "OfferingClass": offering}
                hours = "0.0000000000" if option == "All Upfront" else made_up(digest(sku, term), 200_000)
                file.row(**priced(sku, term, HOURLY, "Hrs", hours,
                                  f"{words} reserved instance \"applied\", {family}", **about, **used))
                if option != "No Upfront":
                    file.row(**priced(sku, term, FEE, "Quantity", str(int(sku[:4], 16) + 100), "Upfront Fee", **about, **used))
            for status, name in (("UnusedCapacityReservation", "UnusedBox"), ("AllocatedCapacityReservation", "Reservation")):
                other = digest(sku, status)
                usd = made_up(sku, 300_000) if name == "UnusedBox" else "0.0000000000"
                file.row(**priced(other, ON_DEMAND, HOURLY, "Hrs", usd, f"$ per {name} {words} Instance Hour",
                                  TermType="OnDemand", usageType=f"USW2-{name}:{kind}", CapacityStatus=status,
                                  MarketOption="OnDemand", instanceSKU=sku, **common))
        if family.startswith(("p4", "p5", "p6")) and (system, software, tenancy) == ("Linux", "NA", "Shared"):
            block = digest(sku, "block")
            file.row(**priced(block, ON_DEMAND, HOURLY, "Hrs", "0.0000000000", f"$0.00 per Capacity Block {words}",
                              TermType="OnDemand", **(used | {"MarketOption": "CapacityBlock", "operation": "RunInstances:CB"})))


def storage(file, region, location_type, prefix):
    for usage, family, unit, volume in STORAGE:
        sku = digest(region, usage)
        usd = f"{int(sku[:4], 16) % 900 / 10_000 + 0.001:.10f}"
        file.row(**priced(sku, ON_DEMAND, HOURLY, unit, usd, f"$ per {unit} of {usage}, {location_type}", TermType="OnDemand",
                          Product_Family=family, Region_Code=region, Location_Type=location_type,
                          usageType=f"{prefix}{usage}", Volume_API_Name=volume))


def generate(path, rows):
    """Every wanted row, then others until there are that many."""
    file = File(path, rows)
    others = [f"{family}.{size}" for family in FAMILIES for size in SIZES]
    step = max(1, len(others) // len(GPU_TYPES))
    for number, kind in enumerate(GPU_TYPES):
        instance(file, kind, True)
        for other in others[number * step:(number + 1) * step]:
            instance(file, other, False)
    storage(file, REGION, "AWS Region", "USW2-")
    storage(file, ZONE, "AWS Local Zone", "LAX1-")
    for number in range(rows - file.rows):
        sku = digest("transfer", str(number))
        file.row(**priced(sku, ON_DEMAND, HOURLY, "GB", made_up(sku, 900), f"$ per GB - data, out, to \"elsewhere\" {number}",
                          TermType="OnDemand", Product_Family="Data Transfer", Transfer_Type="InterRegion Outbound",
                          From_Location="US West (Oregon)", From_Location_Type="AWS Region", To_Location="EU (Ireland)",
                          To_Location_Type="AWS Region", Region_Code=REGION, usageType=f"USW2-EUW1-AWS-Out-Bytes-{number}"))
    file.out.close()
