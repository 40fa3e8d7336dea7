#!/usr/bin/python3
"""Fails when the program lacks what makes a memory error hard to exploit, according to readelf.

    tests/check_hardening.py PROGRAM
"""

import re
import subprocess
import sys


def readelf(option, program):
    return subprocess.run(["readelf", "-W", option, program], capture_output=True, text=True, check=True).stdout


def weaknesses(program):
    header, segments = readelf("-h", program), readelf("-l", program)
    dynamic, symbols = readelf("-d", program), readelf("--dyn-syms", program)
    if not re.search(r"Type:\s+DYN", header) or "PIE" not in dynamic:
        yield "it is loaded where everybody expects it: no PIE"
    if "GNU_RELRO" not in segments or not re.search(r"\(FLAGS\).*BIND_NOW|\(FLAGS_1\).*\bNOW\b", dynamic):
        yield "its table of functions stays writable: no full RELRO"
    stack = re.search(r"GNU_STACK.*", segments)
    if not stack or re.search(r"\bRWE\b", stack[0]):
        yield "its stack is executable"
    if re.search(r"LOAD.*\bRWE\b", segments):
        yield "a part of it is writable and executable"
    if "__stack_chk_fail" not in symbols:
        yield "no stack protector"
    if not re.search(r"__\w+_chk@", symbols):
        yield "no _FORTIFY_SOURCE"
    if re.search(r"\((RPATH|RUNPATH)\)", dynamic):
        yield "it looks for libraries in a folder of its own"


def main():
    program = sys.argv[1]
    found = list(weaknesses(program))
    for one in found:
        print(f"{program}: {one}")
    if not found:
        print(f"{program}: PIE, full RELRO, stack protector, FORTIFY, nothing writable and executable")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
