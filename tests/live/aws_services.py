"""What moto lacks of AWS, in JSON 1.1: the Pricing API, CloudTrail's LookupEvents, Service Quotas; and a spot price history."""

import json
import re
import secrets
import time
from datetime import datetime, timedelta, timezone

from aws_offers import Edition


class Refused(Exception):
    """An error as AWS says it."""

    def __init__(self, code, message, status=400):
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


QUOTAS = {  # what a new account has of vCPUs: AWS's default
    "L-1216C47A": ("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 5.0),
    "L-417A185B": ("Running On-Demand P instances", 0.0),
    "L-DB2E81BA": ("Running On-Demand G and VT instances", 0.0),
    "L-1945791B": ("Running On-Demand Inf instances", 0.0),
    "L-2C3B7624": ("Running On-Demand Trn instances", 0.0),
    "L-6E869C2A": ("Running On-Demand DL instances", 0.0),
    "L-7212CCBC": ("All P4, P3 and P2 Spot Instance Requests", 0.0),
    "L-3819A6DF": ("All G and VT Spot Instance Requests", 0.0),
}


class Account:
    """What one account of one test sees, apart from moto's part."""

    def __init__(self):
        self.edition = Edition()
        self.events = []
        self.spot = []
        self.images = []
        self.quotas = {}
        self.now = None
        self.page = 100
        self.snapshot_state = None
        self.edits = []
        self.called = set()
        self.tokens = {}
        self.requests = {}

    def edited(self, action, found):
        """moto's answer as this account is to see it."""
        if action == "DescribeSnapshots" and self.snapshot_state:
            found = found.replace(b"<status>completed<", b"<status>" + self.snapshot_state.encode() + b"<")
        for edit in self.edits:
            if edit["action"] == action and ("after" not in edit or edit["after"] in self.called):
                found = re.sub(edit["pattern"].encode(), edit["put"].encode(), found)
        return found

    def clock(self):
        return self.now or datetime.now(timezone.utc)

    def at_most(self, what, a_second):
        """AWS's rate limit, on the real clock."""
        now = time.monotonic()
        recent = [at for at in self.requests.get(what, []) if now - at < 1.0]
        if len(recent) >= a_second:
            raise Refused("ThrottlingException", "Rate exceeded")
        self.requests[what] = [*recent, now]

    def paged(self, found, size, token, expired):
        """One page and the token of the next; `expired` is raised for a token that is none (any more)."""
        start = 0
        if token:
            if token not in self.tokens:
                raise expired
            start = self.tokens[token]
        size = min(size, self.page)
        following = None
        if start + size < len(found):
            following = secrets.token_urlsafe(24)
            self.tokens[following] = start + size
        return found[start:start + size], following


def whole_number(asked, name, highest, default):
    size = asked.get(name, default)
    if not 1 <= size <= highest:
        raise Refused("InvalidParameterException" if highest == 100 else "InvalidMaxResultsException",
                      f"{name} must be from 1 to {highest}")
    return size


# Pricing: https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html

PRICING_REGIONS = ("us-east-1", "eu-central-1", "ap-south-1")


def values_of(p):
    return p["attributes"] | {"productFamily": p["family"], "sku": p["sku"], "serviceCode": "AmazonEC2"}


def matches(p, wanted):
    value, kind, asked = values_of(p).get(wanted["Field"]), wanted["Type"], wanted["Value"]
    if kind in ("TERM_MATCH", "EQUALS"):
        return value == asked
    if kind == "CONTAINS":
        return value is not None and asked in value
    if kind == "ANY_OF":
        return value in asked.split(",")
    if kind == "NONE_OF":
        return value not in asked.split(",")
    raise Refused("InvalidParameterException", f"unknown filter type {kind}")


def pricing(account, action, asked, region):
    if region not in PRICING_REGIONS:
        raise Refused("UnrecognizedClientException", f"there is no Pricing API in {region}")
    account.at_most("pricing", 5)
    size = whole_number(asked, "MaxResults", 100, 100)
    if action != "DescribeServices" and asked.get("ServiceCode") != "AmazonEC2":
        raise Refused("NotFoundException", f"no service code {asked.get('ServiceCode')}")
    if action == "GetProducts":
        found = [p for p in account.edition.products() if all(matches(p, f) for f in asked.get("Filters", []))]
    elif action == "DescribeServices":
        names = sorted({name for p in account.edition.products() for name in values_of(p)} | {"termType"})
        found = [{"ServiceCode": "AmazonEC2", "AttributeNames": names}]
    elif action == "GetAttributeValues":
        name = asked["AttributeName"]
        found = sorted({values_of(p)[name] for p in account.edition.products() if name in values_of(p)})
        found = [{"Value": value} for value in found]
    else:
        raise Refused("UnknownOperationException", action)
    expired = Refused("ExpiredNextTokenException", "The pagination token expired. Try again without a pagination token.")
    page, token = account.paged(found, size, asked.get("NextToken"), expired)
    more = {"NextToken": token} if token else {}
    if action == "GetProducts":
        return {"FormatVersion": "aws_v1", "PriceList": [account.edition.api(p) for p in page]} | more
    if action == "DescribeServices":
        return {"FormatVersion": "aws_v1", "Services": page} | more
    return {"AttributeValues": page} | more


# CloudTrail: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html


def event_time(event):
    return datetime.fromisoformat(event["eventTime"].replace("Z", "+00:00"))


def resources(event):
    """The instances and volumes that an event names."""
    found = []

    def walk(value):
        if isinstance(value, dict):
            for key, inner in value.items():
                if key in ("instanceId", "volumeId", "snapshotId") and isinstance(inner, str):
                    kind = {"instanceId": "Instance", "volumeId": "Volume", "snapshotId": "Snapshot"}[key]
                    found.append((f"AWS::EC2::{kind}", inner))
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk([event.get("requestParameters"), event.get("responseElements")])
    return list(dict.fromkeys(found))


def looked_up(event, wanted):
    key, value = wanted["AttributeKey"], wanted["AttributeValue"]
    known = {"EventName": "eventName", "EventId": "eventID", "EventSource": "eventSource"}
    if key in known:
        return event.get(known[key]) == value
    if key == "ReadOnly":
        return str(event.get("readOnly", False)).lower() == value
    if key == "ResourceName":
        return any(name == value for _, name in resources(event))
    if key == "ResourceType":
        return any(kind == value for kind, _ in resources(event))
    if key == "Username":
        return event.get("userIdentity", {}).get("userName") == value
    raise Refused("InvalidLookupAttributesException", f"unknown attribute {key}")


def cloudtrail(account, action, asked, region):
    if action != "LookupEvents":
        raise Refused("UnknownOperationException", action)
    account.at_most(f"cloudtrail {region}", 2)
    size = whole_number(asked, "MaxResults", 50, 50)
    attributes = asked.get("LookupAttributes", [])
    if len(attributes) > 1:
        raise Refused("InvalidLookupAttributesException", "You can specify only one attribute.")
    now = account.clock()
    start = datetime.fromtimestamp(asked["StartTime"], timezone.utc) if "StartTime" in asked else None
    end = datetime.fromtimestamp(asked["EndTime"], timezone.utc) if "EndTime" in asked else now
    if start and start > end:
        raise Refused("InvalidTimeRangeException", "The start time is after the end time.")
    start = max(start or now, now - timedelta(days=90)) if start else now - timedelta(days=90)
    found = [e for e in account.events if e.get("awsRegion") == region and start <= event_time(e) <= end
             and all(looked_up(e, wanted) for wanted in attributes)]
    found.sort(key=event_time, reverse=True)
    invalid = Refused("InvalidNextTokenException", "The pagination token is not valid.")
    page, token = account.paged(found, size, asked.get("NextToken"), invalid)
    events = [{
        "EventId": e["eventID"], "EventName": e["eventName"], "ReadOnly": str(e.get("readOnly", False)).lower(),
        "EventTime": event_time(e).timestamp(), "EventSource": e["eventSource"],
        "Username": e.get("userIdentity", {}).get("userName", "root"),
        "Resources": [{"ResourceType": kind, "ResourceName": name} for kind, name in resources(e)],
        "CloudTrailEvent": json.dumps(e)} for e in page]
    return {"Events": events} | ({"NextToken": token} if token else {})


# Service Quotas: https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html


def quota(account, region, code, default):
    name, value = QUOTAS[code]
    if not default:
        value = account.quotas.get(region, {}).get(code, value)
    return {"ServiceCode": "ec2", "ServiceName": "Amazon Elastic Compute Cloud (Amazon EC2)", "QuotaCode": code,
            "QuotaArn": f"arn:aws:servicequotas:{region}:{'' if default else '123456789012'}:ec2/{code}",
            "QuotaName": name, "Value": value, "Unit": "None", "Adjustable": True, "GlobalQuota": False}


def service_quotas(account, action, asked, region):
    if asked.get("ServiceCode") != "ec2":
        raise Refused("NoSuchResourceException", "The request failed because the specified service does not exist.")
    applied = account.quotas.get(region, {})
    if action == "ListServiceQuotas":
        size = whole_number(asked, "MaxResults", 100, 100)
        found = [quota(account, region, code, False) for code in QUOTAS]
        invalid = Refused("InvalidPaginationTokenException", "The pagination token is not valid.")
        page, token = account.paged(found, size, asked.get("NextToken"), invalid)
        return {"Quotas": page} | ({"NextToken": token} if token else {})
    code = asked.get("QuotaCode")
    # `None` in a test's quotas: AWS knows no value applied to this account, only its default.
    unknown = code not in QUOTAS or (action == "GetServiceQuota" and code in applied and applied[code] is None)
    if action not in ("GetServiceQuota", "GetAWSDefaultServiceQuota"):
        raise Refused("UnknownOperationException", action)
    if unknown:
        raise Refused("NoSuchResourceException", "The request failed because the specified quota does not exist.")
    return {"Quota": quota(account, region, code, action == "GetAWSDefaultServiceQuota")}


# Images: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html


def listed(form, name):
    return [value for key, value in sorted(form.items()) if key.split(".")[0] == name]


def filters_of(form):
    found = {}
    for key, value in form.items():
        parts = key.split(".")
        if parts[0] == "Filter" and parts[2] == "Value":
            found.setdefault(form[f"Filter.{parts[1]}.Name"], []).append(value)
    return found


def describe_images(account, form, region):
    """moto keeps no platform, product codes or deprecation of an image."""
    wanted, filters = listed(form, "ImageId"), filters_of(form)
    here = [i for i in account.images if i["region"] == region]
    if missing := [name for name in wanted if name not in [i["id"] for i in here]]:
        raise Refused("InvalidAMIID.NotFound", f"The image id '[{missing[0]}]' does not exist")
    shown = [i for i in here if (not wanted or i["id"] in wanted) and i["id"] in filters.get("image-id", [i["id"]])
             and (wanted or form.get("IncludeDeprecated") == "true" or "deprecated" not in i)]
    items = "".join(
        f"<item><imageId>{i['id']}</imageId><name>{i['name']}</name><imageState>available</imageState>"
        f"<architecture>{i.get('architecture', 'x86_64')}</architecture><rootDeviceType>ebs</rootDeviceType>"
        f"<platformDetails>{i.get('platform', 'Linux/UNIX')}</platformDetails>"
        f"<usageOperation>{i.get('operation', 'RunInstances')}</usageOperation>"
        + "".join(f"<productCodes><item><productCode>{code}</productCode><type>marketplace</type></item></productCodes>"
                  for code in i.get("product_codes", []))
        + (f"<deprecationTime>{i['deprecated']}</deprecationTime>" if "deprecated" in i else "")
        + "<rootDeviceName>/dev/sda1</rootDeviceName><blockDeviceMapping>"
        + "".join(f"<item><deviceName>/dev/sd{'abcdef'[n]}{'1' if n == 0 else ''}</deviceName><ebs><snapshotId>snap-{n}"
                  f"</snapshotId><volumeSize>{gb}</volumeSize><volumeType>gp3</volumeType></ebs></item>"
                  for n, gb in enumerate(i.get("volumes_gb", [8])))
        + "</blockDeviceMapping></item>" for i in shown)
    return ('<?xml version="1.0" encoding="UTF-8"?><DescribeImagesResponse '
            f'xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>images</requestId><imagesSet>{items}'
            "</imagesSet></DescribeImagesResponse>")


# Spot: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html


def spot_history(account, form, region):
    """In XML, newest first; the price in force at StartTime is its last change before."""
    filters = filters_of(form)
    types = listed(form, "InstanceType") + filters.get("instance-type", [])
    products = listed(form, "ProductDescription") + filters.get("product-description", [])
    zones = listed(form, "AvailabilityZone") + filters.get("availability-zone", [])
    start, end = form.get("StartTime", ""), form.get("EndTime", "9999")
    rows = [r for r in account.spot if r["region"] == region and (not types or r["type"] in types)
            and (not zones or r["zone"] in zones) and (not products or r["product"] in products) and r["at"][:19] <= end[:19]]
    rows.sort(key=lambda r: r["at"], reverse=True)
    found, in_force = [], set()
    for r in rows:
        which = (r["zone"], r["type"], r["product"])
        if r["at"][:19] >= start[:19] or which not in in_force:
            found.append(r)
        if r["at"][:19] <= start[:19]:
            in_force.add(which)
    invalid = Refused("InvalidNextToken", "The token is not valid.")
    page, token = account.paged(found, int(form.get("MaxResults", 1000)), form.get("NextToken"), invalid)
    items = "".join(
        f"<item><instanceType>{r['type']}</instanceType><productDescription>{r['product']}</productDescription>"
        f"<spotPrice>{r['price']}</spotPrice><timestamp>{r['at']}</timestamp><availabilityZone>{r['zone']}"
        f"</availabilityZone>" + (f"<availabilityZoneId>{r['zone_id']}</availabilityZoneId>" if "zone_id" in r else "")
        + "</item>" for r in page)
    return ('<?xml version="1.0" encoding="UTF-8"?><DescribeSpotPriceHistoryResponse '
            'xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>spot</requestId><spotPriceHistorySet>'
            f"{items}</spotPriceHistorySet><nextToken>{token or ''}</nextToken></DescribeSpotPriceHistoryResponse>")
