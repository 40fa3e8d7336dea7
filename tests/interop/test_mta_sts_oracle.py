"""MTA-STS policies and records, read by another implementation: mailauth, which is strict when asked to be. Without node, npm
or its registry it is skipped, with the reason."""

import json
import subprocess

import pytest

import harness

MAILAUTH = harness.PEERS / "npm/mailauth/node_modules/mailauth/lib/mta-sts.js"
VECTORS = json.loads((harness.ROOT / "tests/vectors/mta_sts.json").read_text())

# Reads the vectors, and writes what mailauth makes of each.
PROGRAM = r"""
const { parsePolicy, resolvePolicy, validateMx } = require(process.argv[1]);
const vectors = JSON.parse(require('fs').readFileSync(0));
const policy = ({ text }) => {
  try {
    const { mode, maxAge, mx } = parsePolicy(text, { strict: true });
    return { mode, max_age: maxAge, mx: mx || [] };
  } catch (error) {
    return null;
  }
};
const record = async ({ texts }) => {
  const resolver = async () => texts.map(text => [text]);
  return (await resolvePolicy('a.example', { strict: true, resolver }).catch(() => false)) || null;
};
const host = ({ pattern, host }) => validateMx(host, { mode: 'enforce', mx: [pattern] }).valid;
(async () => {
  console.log(JSON.stringify({
    policies: vectors.policies.map(policy),
    records: await Promise.all(vectors.records.map(record)),
    hosts: vectors.hosts.map(host),
  }));
})();
"""


@pytest.fixture(scope="module")
def read_by_mailauth():
    if not MAILAUTH.exists():
        pytest.skip("mailauth from npm is not among the unpacked packages: that needs node 20, npm and its registry")
    done = subprocess.run(["node", "-e", PROGRAM, str(MAILAUTH)], input=json.dumps(VECTORS), capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(("kind", "expected"), [("policies", "policy"), ("records", "id"), ("hosts", "lists")])
def test_mailauth_reads_the_vectors_as_we_do(read_by_mailauth, kind, expected):
    assert len(read_by_mailauth[kind]) == len(VECTORS[kind]) >= 10
    for vector, read in zip(VECTORS[kind], read_by_mailauth[kind]):
        # Where it differs, the vector says how: a difference that is gone is not to be claimed any longer.
        assert (read == vector[expected]) == ("mailauth" not in vector), (vector, read)
