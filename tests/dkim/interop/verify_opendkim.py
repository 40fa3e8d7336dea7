#!/usr/bin/python3
"""verify_opendkim.py FOLDER PEERS: the corpus before OpenDKIM's library, unpacked under PEERS.
Debian: libopendkim11."""

import ctypes
import os
import pathlib
import sys

import judge

# From OpenDKIM's dkim.h, 2.11.
SETOPT, QUERYMETHOD, QUERYINFO, QUERY_FILE = 1, 6, 7, 1
PASSED, BODY_MATCH, FEATURE_ED25519 = 0x04, 0, 11


def load(peers):
    """The library and, before it, those that it needs and this machine lacks."""
    folders = [pathlib.Path(line)
               for line in pathlib.Path(peers, "libraries").read_text().splitlines()]
    for folder in folders:
        for file in sorted(folder.glob("lib*.so.*")):
            if "opendkim" not in file.name:
                try:
                    ctypes.CDLL(str(file), mode=ctypes.RTLD_GLOBAL)
                except OSError:
                    pass  # of another package; what really lacks shows below
    for folder in folders:
        for file in folder.glob("libopendkim.so.11"):
            return ctypes.CDLL(str(file))
    return judge.missing("libopendkim.so.11", "libopendkim11")


class Verifier:
    def __init__(self, library, records_file):
        self.library = library
        for name in ("dkim_init", "dkim_verify"):
            getattr(library, name).restype = ctypes.c_void_p
        self.handle = ctypes.c_void_p(library.dkim_init(None, None))
        if not library.dkim_libfeature(self.handle, FEATURE_ED25519):
            sys.exit("this libopendkim knows no Ed25519")
        method = ctypes.c_int(QUERY_FILE)
        path = os.fsencode(records_file)
        for option, value, size in ((QUERYMETHOD, ctypes.byref(method), ctypes.sizeof(method)),
                                    (QUERYINFO, path, len(path))):
            if library.dkim_options(self.handle, SETOPT, option, value, ctypes.c_size_t(size)):
                sys.exit("dkim_options failed")

    def verify(self, content, _records):
        status = ctypes.c_int()
        message = ctypes.c_void_p(self.library.dkim_verify(self.handle, b"test", None,
                                                           ctypes.byref(status)))
        try:
            return self.verdicts(message, content)
        finally:
            self.library.dkim_free(message)

    def verdicts(self, message, content):
        library = self.library
        if library.dkim_chunk(message, content, ctypes.c_size_t(len(content))):
            return [False]
        if library.dkim_chunk(message, None, ctypes.c_size_t(0)):
            return [False]
        test_key = ctypes.c_bool()
        library.dkim_eom(message, ctypes.byref(test_key))
        signatures = ctypes.POINTER(ctypes.c_void_p)()
        count = ctypes.c_int()
        if library.dkim_getsiglist(message, ctypes.byref(signatures), ctypes.byref(count)):
            return [False]
        found = [ctypes.c_void_p(signatures[i]) for i in range(count.value)]
        return [bool(library.dkim_sig_getflags(one) & PASSED) and
                library.dkim_sig_getbh(one) == BODY_MATCH for one in found]


verifier = Verifier(load(sys.argv[2]), pathlib.Path(sys.argv[1], "records"))
# OpenDKIM wants every line ended, and refuses fields with a semicolon in their names.
judge.judge(sys.argv[1], verifier.verify, cannot=["no-line-end", "semicolon-in-name"])
