"""What the verifiers in Python share: the corpus, and the verdict over a verifier's verdicts."""

import pathlib
import sys


def missing(what, package):
    """A verifier that is not there is a failure, not a test less."""
    sys.exit(f"{what} is missing: install Debian's package {package}")


class Corpus:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        lines = (self.folder / "records").read_text().splitlines()
        self.records = dict(line.split("\t", 1) for line in lines)

    def messages(self):
        """name, content, whether all signatures must pass, [(algorithm, selector)], traits"""
        for line in (self.folder / "manifest").read_text().splitlines():
            name, expected, signatures, traits = line.split("\t")
            yield (name, (self.folder / name).read_bytes(), expected == "pass",
                   [tuple(one.split(":")) for one in signatures.split(",")],
                   set(traits.split(",")) - {""})


def judge(folder, verify, cannot=()):
    """verify(content, records) -> for each signature in order, whether it passes. `cannot`: traits of
    messages that this verifier does not take for mail. Exits 1 unless it agrees about all others."""
    corpus = Corpus(folder)
    wrong, judged, left_out = [], {}, 0
    for name, content, must_pass, signatures, traits in corpus.messages():
        if traits & set(cannot):
            left_out += 1
            continue
        verdicts = verify(content, corpus.records)
        if must_pass:
            right = verdicts == [True] * len(signatures)
        else:
            right = not any(verdicts)
        if not right:
            wrong.append(f"{name}: {'pass' if must_pass else 'fail'} expected of {signatures}, "
                         f"got {verdicts}")
        for algorithm, selector in signatures:
            key = (algorithm, selector, "pass" if must_pass else "fail")
            judged[key] = judged.get(key, 0) + 1
    for key in sorted(judged):
        print(*key, judged[key])
    print(f"{left_out} messages left out: {', '.join(cannot) or 'none'}")
    print(*wrong[:40], sep="\n")
    if wrong:
        sys.exit(f"{len(wrong)} verdicts are wrong")
    if len(judged) != 8 or min(judged.values()) < 30:
        sys.exit("too little was judged")
