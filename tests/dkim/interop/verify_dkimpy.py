#!/usr/bin/python3
"""verify_dkimpy.py FOLDER: the corpus before dkimpy. Debian: python3-dkim, python3-nacl."""

import sys

import judge

try:
    import dkim
except ImportError:
    judge.missing("dkimpy", "python3-dkim")
try:
    import nacl.signing  # noqa: F401 - dkimpy says no more than "fail" without it
except ImportError:
    judge.missing("PyNaCl, which dkimpy needs for Ed25519,", "python3-nacl")


def verify(content, records):
    def txt(name, **_):
        return records.get(name.decode().rstrip("."), "").encode()

    try:
        message = dkim.DKIM(content)
        count = sum(name.lower() == b"dkim-signature" for name, _ in message.headers)
    except dkim.DKIMException:
        return [False]
    verdicts = []
    for index in range(count):
        try:
            verdicts.append(dkim.DKIM(content).verify(index, dnsfunc=txt))
        except dkim.DKIMException:
            verdicts.append(False)
    return verdicts


# dkimpy takes no blank between a field's name and its colon (RFC 5322 section 4.5 does), and takes
# blanks for text when the body ends after them; on the wire a line end follows.
judge.judge(sys.argv[1], verify, cannot=["blank-before-colon", "blank-without-line-end"])
