"""As much of CBOR (RFC 8949) as smithy's rpc-v2-cbor takes: maps, lists, texts, numbers, times."""

import struct


def decode(data):
    value, at = item(data, 0)
    if at != len(data):
        raise ValueError("more than one item")
    return value


def item(data, at):
    kind, small, at = data[at] >> 5, data[at] & 31, at + 1
    if small == 31:
        return endless(kind, data, at)
    if kind == 7:
        if small in (20, 21, 22, 23):
            return {20: False, 21: True}.get(small), at
        width, form = {25: (2, ">e"), 26: (4, ">f"), 27: (8, ">d")}[small]
        return struct.unpack(form, data[at:at + width])[0], at + width
    if small >= 24:
        width = 1 << (small - 24)
        number, at = int.from_bytes(data[at:at + width], "big"), at + width
    else:
        number = small
    if kind == 0:
        return number, at
    if kind == 1:
        return -1 - number, at
    if kind in (2, 3):
        text = data[at:at + number]
        return (text.decode() if kind == 3 else text), at + number
    if kind == 6:  # a time is its seconds
        return item(data, at)
    if kind == 4:
        found = []
        for _ in range(number):
            value, at = item(data, at)
            found.append(value)
        return found, at
    found = {}
    for _ in range(number):
        key, at = item(data, at)
        found[key], at = item(data, at)
    return found, at


def endless(kind, data, at):
    parts = []
    while data[at] != 0xFF:
        value, at = item(data, at)
        parts.append(value)
    if kind == 5:
        return dict(zip(parts[::2], parts[1::2])), at + 1
    return ("".join(parts) if kind == 3 else parts), at + 1


def head(kind, number):
    for width, small in ((0, number), (1, 24), (2, 25), (4, 26), (8, 27)):
        if (width == 0 and number < 24) or (width and number < 1 << (8 * width)):
            return bytes([kind << 5 | small]) + (number.to_bytes(width, "big") if width else b"")
    raise ValueError(number)


def encode(value, key=None):
    """`key` tells times and doubles from other numbers, as the service's model does."""
    if isinstance(value, dict):
        return head(5, len(value)) + b"".join(encode(k) + encode(v, k) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return head(4, len(value)) + b"".join(encode(v, key) for v in value)
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if value is None:
        return b"\xf6"
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if key == "Timestamps":
        return b"\xc1\xfb" + struct.pack(">d", value)
    if key == "Values" or isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    return head(0, value) if value >= 0 else head(1, -1 - value)
