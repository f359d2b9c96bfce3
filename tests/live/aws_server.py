#!/usr/bin/env python3
"""A local AWS for the live tests: `aws_server.py http://127.0.0.1:MOTO` prints the port it listens on.

It answers what moto lacks (`aws_services.py`, `aws_offers.py`), forwards EC2, STS, Cost Explorer, CloudWatch and `/moto-api/` to
moto, writes down every call, and misbehaves when told to. Tests do not meet: each has an account of its own, named by its
access key (`AKIA` and the twelve digits of the account); moto keeps accounts apart too.

Without credentials, below `/as/ACCOUNT` (GPUCOST_OFFERS_URL):
  GET /offers/v1.0/aws/AmazonEC2/current/region_index.json
  GET /offers/v1.0/aws/AmazonEC2/{current|VERSION}/REGION/index.csv
  GET /savingsPlan/v1.0/aws/AWSComputeSavingsPlan/current/region_index.json
  GET /savingsPlan/v1.0/aws/AWSComputeSavingsPlan/{current|VERSION}/REGION/index.{csv|json}
with ETag, Last-Modified, If-None-Match (304), Range and If-Range (206).

Controls, below `/_ACCOUNT/`:
  GET  calls      [{service, action, region}], oldest first
  POST misbehave  {mode, service?, action?, region?, times?, skip?, seconds?, code?, message?, status?}; see `Handler.misbehave`
  POST reset      nothing recorded, nothing published, every token expired
  POST events     CloudTrail events, appended
  POST quotas     {region: {code: value, or null where AWS knows only its default}}
  POST spot       [{region, zone, type, product, price, at, zone_id?}]
  POST images     [{region, id, name, architecture?, platform?, operation?, product_codes?, deprecated?, volumes_gb?}]
  POST publish    {version?, published?, prices?: {SKU: USD}, gone?: [SKU], reserved_only?: [SKU], filler?: rows}
  POST clock      {now}: what CloudTrail takes for now
  POST pages      {size}: at most this many a page
  POST snapshots  {state}: what DescribeSnapshots says of every snapshot that moto calls completed; null: as moto does
  POST edits      [{action, pattern, put, after?}]: in moto's answers to this action each match is replaced (`re.sub`), once
                  `after`, an action (`DryRun:` before it: as a question), was called: what moto cannot be
  POST expire     every NextToken
"""

import hashlib
import http.client
import json
import re
import secrets
import socket
import struct
import sys
import threading
import time
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import aws_cbor
import aws_offers
import aws_services
from aws_services import Account, Refused

JSON_SERVICES = {  # prefix of X-Amz-Target: name of the service in a credential's scope, who answers
    "AWSPriceListService": ("pricing", aws_services.pricing),
    "CloudTrail_20131101": ("cloudtrail", aws_services.cloudtrail),
    "ServiceQuotasV20190624": ("servicequotas", aws_services.service_quotas),
}
CREDENTIAL = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/")
HTML = b"<html><head><title>500 Internal Server Error</title></head><body><h1>Internal Server Error</h1></body></html>"
LOCK = threading.RLock()
ACCOUNTS, CALLS, FAULTS = {}, [], []


def account_of(name):
    return ACCOUNTS.setdefault(name, Account())


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "local-aws"
    # Headers and body go out in two writes: without this each answer waits for the client's delayed ACK.
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer(b"")

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    do_PUT = do_DELETE = do_HEAD = do_GET

    def answer(self, body):
        path = urlsplit(self.path).path
        if control := re.fullmatch(r"/_(\w+)/(\w+)", path):
            return self.control(control[1], control[2], json.loads(body or b"null"))
        if path.startswith("/moto-api/"):
            return self.forward(body, None)
        if files := re.fullmatch(r"/as/(\w+)(/.*)", path):
            return self.recorded(files[1], "bulk", files[2], "", lambda account: self.file(account, files[2]))
        credential = CREDENTIAL.search(self.headers.get("Authorization", ""))
        if not credential:
            return self.reply(403, b'{"__type":"MissingAuthenticationTokenException"}', "application/x-amz-json-1.1")
        key, region, service = credential.groups()
        prefix, _, action = self.headers.get("X-Amz-Target", "").rpartition(".")
        if asked := re.fullmatch(r"/service/(\w+)/operation/(\w+)", path):
            # Smithy's rpc-v2-cbor, which moto does not speak: it is asked in JSON.
            return self.recorded(key.removeprefix("AKIA"), "cloudwatch", asked[2], region,
                                 lambda account: self.cbor(asked[1], asked[2], body, key.removeprefix("AKIA")))
        form = {} if prefix else dict(parse_qsl(body.decode(), keep_blank_values=True))
        action = action or form.get("Action", path)
        service, answers = JSON_SERVICES.get(prefix, (service, None))
        number = key.removeprefix("AKIA")
        self.dry_run = form.get("DryRun") == "true"

        def respond(account):
            if answers:
                self.json(lambda: answers(account, action, json.loads(body), region))
            elif action == "DescribeSpotPriceHistory" and account.spot:
                self.xml(lambda: aws_services.spot_history(account, form, region))
            elif action == "DescribeImages" and account.images:
                self.xml(lambda: aws_services.describe_images(account, form, region))
            else:
                self.forward(body, number, lambda found: account.edited(action, found))

        return self.recorded(number, service, action, region, respond)

    def recorded(self, number, service, action, region, respond):
        with LOCK:
            CALLS.append({"account": number, "service": service, "action": action, "region": region,
                          "dry_run": getattr(self, "dry_run", False)})
            account = account_of(number)
            account.called.add(("DryRun:" if getattr(self, "dry_run", False) else "") + action)
            fault = next((f for f in FAULTS if f["account"] == number and f["times"] > 0 and all(
                f.get(name) in (None, value)
                for name, value in (("service", service), ("action", action), ("region", region)))), None)
            if fault and fault["skip"] > 0:
                fault["skip"] -= 1
                fault = None
            elif fault:
                fault["times"] -= 1
        self.fault = fault
        if not (fault and self.misbehave(fault, service)):
            respond(account)

    # What it is told to do wrong.

    def misbehave(self, fault, service):
        """True: that was the answer. False: the right answer comes, `reply` spoils its way."""
        mode = fault["mode"]
        if mode in ("reset_mid_body", "truncate", "slow", "ignore_dry_run"):
            return False
        if mode == "refuse":
            self.hang_up()
        elif mode == "hang":
            # Until the client has enough of it, or the test is over.
            self.connection.settimeout(fault.get("seconds", 120))
            try:
                self.connection.recv(1)
            except OSError:
                pass
            self.close_connection = True
        elif mode == "html500":
            self.reply(500, HTML, "text/html")
        elif mode == "garbage":
            self.reply(200, b"\x00\xff" + secrets.token_bytes(200) + b"<", "application/octet-stream")
        else:
            code, message, status = {
                "throttle": {"ec2": ("RequestLimitExceeded", "Request limit exceeded.", 503),
                             "ce": ("LimitExceededException", "Rate exceeded", 400),
                             "bulk": ("SlowDown", "Please reduce your request rate.", 503)}.get(
                                 service, ("ThrottlingException", "Rate exceeded", 400)),
                "access_denied": {"ec2": ("UnauthorizedOperation", "You are not authorized to perform this operation.", 403),
                                  "sts": ("AccessDenied", "User is not authorized to perform this action", 403),
                                  "sns": ("AuthorizationError", "User is not authorized to perform: SNS:Publish", 403),
                                  "bulk": ("AccessDenied", "Access Denied", 403)}.get(
                                      service, ("AccessDeniedException",
                                                "User is not authorized to perform this action", 400)),
                "expired_token": {"ec2": ("RequestExpired", "Request has expired.", 400),
                                  "sts": ("ExpiredToken", "The security token included in the request is expired", 403)}.get(
                                      service, ("ExpiredTokenException",
                                                "The security token included in the request is expired", 400)),
                "error": (None, None, 400),
            }[mode]
            self.refusal(service, fault.get("code") or code, fault.get("message") or message or "As the test asked.",
                         fault.get("status") or status)
        return True

    def hang_up(self):
        """A TCP reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The file that reads holds the socket too.
        self.rfile.close()
        self.connection.close()
        self.close_connection = True

    def refusal(self, service, code, message, status):
        if service == "cloudwatch":
            body = aws_cbor.encode({"__type": code, "message": message})
            self.reply(status, body, "application/cbor", {"smithy-protocol": "rpc-v2-cbor"})
        elif service in ("ec2", "sts", "sns"):
            self.xml_error(service, code, message, status)
        elif service == "bulk":
            self.reply(status, f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode(), "application/xml")
        else:
            body = json.dumps({"__type": code, "message": message, "Message": message}).encode()
            self.reply(status, body, "application/x-amz-json-1.1", {"x-amzn-ErrorType": code})

    def xml_error(self, service, code, message, status):
        error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        if service == "ec2":
            body = f"<Response><Errors>{error}</Errors><RequestID>local</RequestID></Response>"
        else:
            body = f"<ErrorResponse>{error}<RequestId>local</RequestId></ErrorResponse>"
        self.reply(status, f'<?xml version="1.0" encoding="UTF-8"?>{body}'.encode(), "text/xml")

    # Right answers.

    def json(self, answer):
        try:
            with LOCK:
                found = answer()
        except Refused as refused:
            return self.refusal("json", refused.code, refused.message, refused.status)
        return self.reply(200, json.dumps(found).encode(), "application/x-amz-json-1.1")

    def cbor(self, service, action, body, number):
        moto = http.client.HTTPConnection(self.server.moto, timeout=60)
        headers = {"Authorization": self.headers["Authorization"], "Content-Type": "application/x-amz-json-1.0",
                   "X-Amz-Target": f"{service}.{action}", "x-moto-account-id": number}
        try:
            moto.request("POST", "/", json.dumps(aws_cbor.decode(body)), headers)
            answer = moto.getresponse()
            found = json.loads(answer.read())
        finally:
            moto.close()
        return self.reply(answer.status, aws_cbor.encode(found), "application/cbor", {"smithy-protocol": "rpc-v2-cbor"})

    def xml(self, answer):
        try:
            with LOCK:
                found = answer()
        except Refused as refused:
            return self.xml_error("ec2", refused.code, refused.message, refused.status)
        return self.reply(200, found.encode(), "text/xml")

    def forward(self, body, number, change=lambda found: found):
        moto = http.client.HTTPConnection(self.server.moto, timeout=60)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("connection", "content-length")}
        if number:
            headers["x-moto-account-id"] = number
        if (getattr(self, "fault", None) or {}).get("mode") == "ignore_dry_run":
            body = body.replace(b"DryRun=true", b"DryRun=false")
        try:
            moto.request(self.command, self.path, body, headers)
            answer = moto.getresponse()
            found = change(answer.read())
        finally:
            moto.close()
        more = {k: v for k, v in answer.getheaders() if k.lower().startswith("x-amz")}
        return self.reply(answer.status, found, answer.getheader("Content-Type") or "text/plain", more)

    def file(self, account, path):
        edition, found = account.edition, None
        part = re.fullmatch(r"/(offers|savingsPlan)/v1\.0/aws/(AmazonEC2|AWSComputeSavingsPlan)/(\w+)/(.+)", path)
        kind = (part[1], part[2]) if part and part[3] in ("current", edition.version) else None
        region, _, name = part[4].rpartition("/") if part else ("", "", "")
        known = region in aws_offers.LOCATIONS
        if kind == ("offers", "AmazonEC2"):
            if (region, name) == ("", "region_index.json"):
                found = json.dumps(edition.region_index()).encode()
            elif known and name == "index.csv":
                found = edition.csv(region)
        elif kind == ("savingsPlan", "AWSComputeSavingsPlan"):
            if (region, name) == ("", "region_index.json"):
                found = json.dumps(aws_offers.savings_plan_index(edition)).encode()
            elif known and name == "index.csv":
                found = aws_offers.savings_plan_csv(edition, region)
            elif known and name == "index.json":
                found = json.dumps(aws_offers.savings_plan_json(edition, region)).encode()
        if found is None:
            # As S3 does for a key that is not there.
            return self.refusal("bulk", "AccessDenied", "Access Denied", 403)
        return self.part(found, "text/csv" if name.endswith(".csv") else "application/json")

    def part(self, found, kind):
        """A file as CloudFront hands it out: whole, the rest of it, or not again."""
        etag = f'"{hashlib.md5(found).hexdigest()}"'
        more = {"ETag": etag, "Accept-Ranges": "bytes", "Last-Modified": "Thu, 10 Sep 2026 19:55:14 GMT"}
        if self.headers.get("If-None-Match") == etag:
            return self.reply(304, b"", kind, more)
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if wanted and self.headers.get("If-Range", etag) == etag:
            start, end = int(wanted[1]), int(wanted[2] or len(found) - 1)
            if start >= len(found):
                return self.reply(416, b"", kind, more | {"Content-Range": f"bytes */{len(found)}"})
            more["Content-Range"] = f"bytes {start}-{end}/{len(found)}"
            return self.reply(206, found[start:end + 1], kind, more)
        return self.reply(200, found, kind, more)

    def reply(self, status, body, kind, more=None):
        mode = (getattr(self, "fault", None) or {}).get("mode")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        for name, value in (more or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        try:
            if mode in ("reset_mid_body", "truncate"):
                self.wfile.write(body[:len(body) // 2])
                self.wfile.flush()
                if mode == "truncate":
                    self.close_connection = True
                else:
                    time.sleep(0.2)  # a reset throws away what the client has not read yet
                    self.hang_up()
            elif mode == "slow":
                seconds, pieces = self.fault.get("seconds", 5), 20
                size = max(1, len(body) // pieces)
                for at in range(0, len(body), size):
                    self.wfile.write(body[at:at + size])
                    self.wfile.flush()
                    time.sleep(seconds / pieces)
            else:
                self.wfile.write(body)
        except OSError:
            self.close_connection = True

    # What the tests say to it.

    def control(self, number, what, said):
        with LOCK:
            account, found = account_of(number), {}
            if what == "calls":
                found = [{k: v for k, v in c.items() if k != "account"} for c in CALLS if c["account"] == number]
            elif what == "misbehave":
                FAULTS.append({"times": 1, "skip": 0} | said | {"account": number})
            elif what == "reset":
                CALLS[:] = [c for c in CALLS if c["account"] != number]
                FAULTS[:] = [f for f in FAULTS if f["account"] != number]
                ACCOUNTS[number] = Account()
            elif what == "events":
                account.events += said
            elif what == "quotas":
                for region, values in said.items():
                    account.quotas.setdefault(region, {}).update(values)
            elif what == "spot":
                account.spot += said
            elif what == "images":
                account.images += said
            elif what == "publish":
                account.edition = aws_offers.Edition(**said)
            elif what == "clock":
                account.now = datetime.fromisoformat(said["now"].replace("Z", "+00:00"))
            elif what == "pages":
                account.page = said["size"]
            elif what == "snapshots":
                account.snapshot_state = said["state"]
            elif what == "edits":
                account.edits += said
            elif what == "expire":
                account.tokens.clear()
            else:
                return self.reply(404, b"no such control", "text/plain")
        self.fault = None
        return self.reply(200, json.dumps(found).encode(), "application/json")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception() if hasattr(sys, "exception") else sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def main():
    server = Server(("127.0.0.1", 0), Handler)
    server.moto = urlsplit(sys.argv[1]).netloc
    print(server.server_address[1], flush=True)
    # The test that started it holds its stdin: when that closes the test is gone, however it went.
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
