"""DANE (RFC 7672): what Signpost makes of a receiver's TLSA records, beside what Postfix makes of them."""

import concurrent.futures
import dataclasses
import smtplib

import pytest

import dane_world
import harness
from conftest import message
from dane_world import association
from harness import MX_PORT

# At debug, since a connection may have failed, and been reported, before the mail was all there.
SETTINGS = {"retry": 'schedule = ["1h"]\ndelay_notice = "0s"', "log": 'level = "debug"\nformat = "json"'}
PROVEN, ENCRYPTED, CLEAR, REFUSED = "proven", "encrypted", "in clear", "refused"


@dataclasses.dataclass
class Case:
    """A host that is a receiver by that name, with TLSA records at its own name."""
    name: str
    verdict: str
    receiver: str = "good"
    records: tuple = ()     # data of TLSA records: what an operator would publish, or not
    host: str = ""          # the MX host if it is not the case's own
    lines: tuple = ()       # further records


class DaneWorld:
    """One name server, one resolver, one relay, and receivers for every kind of certificate."""

    def __init__(self, made):
        self.made = made
        self.folder = made.folder
        self.zones = dane_world.SignedZones(made.folder / "zones", made.address())
        root = dane_world.Authority("root authority")
        middle = dane_world.Authority("middle authority", root)
        self.root, self.middle = root, middle
        identity = self.identity
        self.identities = {
            "good": identity("good", root),
            "long": identity("long", middle),
            "bare": identity("bare", root, shown=[]),
            "expired": identity("expired", root, days=(-30, -2)),
            "wrong": identity("wrong", root, names=["mx.elsewhere.test"]),
            "self": identity("self"),
        }
        self.receivers = {}

    def identity(self, name, issuer=None, **more):
        return dane_world.Identity(self.folder, name, issuer, **more)

    def start_receivers(self):
        """Postfix and Exim where nothing but the certificate is special, sinks elsewhere."""
        made, own = self.made, self.identities
        behind = made.sink()
        postfix = harness.Postfix(self.folder, made.address(), smtp_port=MX_PORT, settings={
            "relayhost": f"[{behind.host}]:{behind.port}", "smtpd_tls_security_level": "may",
            "smtpd_tls_cert_file": own["good"].certificate, "smtpd_tls_key_file": own["good"].key})
        made.others.append(postfix)
        exim = harness.Exim(self.folder, made.address(), settings={
            "tls_advertise_hosts": "*", "tls_certificate": own["expired"].certificate,
            "tls_privatekey": own["expired"].key})
        made.others.append(exim)
        self.receivers = {"good": postfix.host, "expired": exim.host}
        for name in ("long", "bare", "wrong", "self"):
            sink = made.sink("--tls-cert", own[name].certificate, "--tls-key", own[name].key)
            self.receivers[name] = sink.host
        self.receivers["without TLS"] = made.sink().host
        self.receivers["with broken TLS"] = made.sink("--tls-broken").host

    def tlsa(self, usage, selector, matching, certificate):
        return f"{usage} {selector} {matching} {association(certificate, selector, matching)}"

    def publish(self, case):
        domain, host = domain_of(case), case.host or f"{case.name}.mx.example"
        self.zones.add(f"{domain}. MX 10 {host}.")
        if not case.host:
            self.zones.add(f"{host}. A {self.receivers[case.receiver]}")
        self.zones.add(*(f"_{MX_PORT}._tcp.{host}. TLSA {record}" for record in case.records), *case.lines)

    def start(self, cases, but=None, **options):
        """`but`: the name of a table of the configuration, and a line of it."""
        for case in cases:
            self.publish(case)
        self.zones.start()
        self.resolver = dane_world.Unbound(self.folder / "unbound", self.made.address(), self.zones)
        relay = self.made.add_relay(settings=SETTINGS, **options)
        relay.dns = None
        relay.tables["dns"] = f'servers = ["{self.resolver.host}:{self.resolver.port}"]'
        if but:
            relay.tables[but[0]] += f"\n{but[1]}"
        relay.start()
        return relay

    def stop(self):
        self.made.stop()
        self.zones.stop()
        if hasattr(self, "resolver"):
            self.resolver.stop()


def domain_of(case):
    return f"{case.name}.example"


def cases_of(world):
    """The table: what is published, and what follows."""
    good, bare, long = (world.identities[name].x509 for name in ("good", "bare", "long"))
    expired, wrong, own = (world.identities[name].x509 for name in ("expired", "wrong", "self"))
    root, middle = world.root.certificate, world.middle.certificate
    stale = dane_world.Authority("another authority").certificate
    tlsa = world.tlsa
    fits, stray = tlsa(3, 1, 1, good), tlsa(3, 1, 1, stale)
    cases = []

    def case(name, verdict, *records, **more):
        cases.append(Case(name, verdict, records=records, **more))

    for selector in (0, 1):
        for matching in (0, 1, 2):
            kind = f"{selector}{matching}"
            case(f"ee{kind}", PROVEN, tlsa(3, selector, matching, good))
            case(f"ta{kind}", PROVEN, tlsa(2, selector, matching, root))
            case(f"stale-ee{kind}", REFUSED, tlsa(3, selector, matching, stale))
            case(f"stale-ta{kind}", REFUSED, tlsa(2, selector, matching, stale))
        for usage in (0, 1):
            case(f"pkix{usage}{selector}", ENCRYPTED, tlsa(usage, selector, 1, good))

    # Records that cannot be used: TLS, with whatever certificate.
    case("usage4", ENCRYPTED, f"4 1 1 {'ab' * 32}")
    case("usage255", ENCRYPTED, f"255 1 1 {'ab' * 32}")
    case("selector2", ENCRYPTED, f"3 2 1 {'ab' * 32}")
    case("matching3", ENCRYPTED, f"3 1 3 {'ab' * 32}")
    case("short256", ENCRYPTED, f"3 1 1 {'ab' * 31}")
    case("long256", ENCRYPTED, f"3 1 1 {'ab' * 33}")
    case("short512", ENCRYPTED, f"3 1 2 {'ab' * 32}")
    case("no-key", ENCRYPTED, f"3 1 0 {'ab' * 64}")
    case("no-certificate", ENCRYPTED, f"3 0 0 {'ab' * 200}")
    case("cut-authority", ENCRYPTED, tlsa(2, 0, 0, root)[:-20])
    case("unusable-clear", REFUSED, f"3 1 3 {'ab' * 32}", receiver="without TLS")
    case("unusable-broken", REFUSED, f"3 1 3 {'ab' * 32}", receiver="with broken TLS")

    # Several records.
    case("stale-and-fitting", PROVEN, stray, fits)
    case("unusable-and-fitting", PROVEN, f"0 0 1 {'ab' * 32}", fits)
    case("unusable-and-stale", REFUSED, f"0 0 1 {'ab' * 32}", stray)
    case("strong-hash-stale", REFUSED, fits, tlsa(3, 1, 2, stale))  # RFC 7671 section 9
    case("weak-hash-stale", PROVEN, stray, tlsa(3, 1, 2, good))

    # Certificates.
    case("expired-ee", PROVEN, tlsa(3, 1, 1, expired), receiver="expired")
    case("expired-ta", REFUSED, tlsa(2, 0, 1, root), receiver="expired")
    case("wrong-name-ee", PROVEN, tlsa(3, 1, 1, wrong), receiver="wrong")
    case("wrong-name-ta", REFUSED, tlsa(2, 1, 1, root), receiver="wrong")
    case("self-ee", PROVEN, tlsa(3, 1, 1, own), receiver="self")
    case("self-stale", REFUSED, stray, receiver="self")
    case("middle-authority", PROVEN, tlsa(2, 1, 1, middle), receiver="long")
    case("above-the-middle", PROVEN, tlsa(2, 1, 1, root), receiver="long")
    case("authority-not-shown", REFUSED, tlsa(2, 1, 1, root), receiver="bare")
    case("authority-not-shown-either", REFUSED, tlsa(2, 0, 1, root), receiver="bare")
    case("authority-published", PROVEN, tlsa(2, 0, 0, root), receiver="bare")
    case("authority-key-published", PROVEN, tlsa(2, 1, 0, root), receiver="bare")

    # TLS that does not come about.
    case("clear", REFUSED, fits, receiver="without TLS")
    case("broken", REFUSED, fits, receiver="with broken TLS")
    case("no-records", ENCRYPTED)
    case("no-records-clear", CLEAR, receiver="without TLS")

    # Aliases.
    address = world.receivers["good"]
    case("alias", PROVEN, host="alias.mx.example", lines=(
        "alias.mx.example. CNAME all-alias.mx.example.", f"all-alias.mx.example. A {address}",
        f"_{MX_PORT}._tcp.all-alias.mx.example. TLSA {fits}"))
    case("alias-own", PROVEN, host="own.mx.example", lines=(
        "own.mx.example. CNAME all-own.mx.example.", f"all-own.mx.example. A {address}",
        f"_{MX_PORT}._tcp.own.mx.example. TLSA {fits}"))
    case("alias-both", REFUSED, host="both.mx.example", lines=(
        "both.mx.example. CNAME all-both.mx.example.", f"all-both.mx.example. A {address}",
        f"_{MX_PORT}._tcp.all-both.mx.example. TLSA {stray}", f"_{MX_PORT}._tcp.both.mx.example. TLSA {fits}"))
    case("alias-out", PROVEN, host="out.mx.example", lines=(
        "out.mx.example. CNAME all-out.insecure.example.", f"all-out.insecure.example. A {address}",
        f"_{MX_PORT}._tcp.out.mx.example. TLSA {fits}"))
    case("alias-out-stale", REFUSED, host="out2.mx.example", lines=(
        "out2.mx.example. CNAME all-out.insecure.example.", f"_{MX_PORT}._tcp.out2.mx.example. TLSA {stray}"))
    case("alias-out-only", ENCRYPTED, host="out3.mx.example", lines=(
        "out3.mx.example. CNAME all-out3.insecure.example.", f"all-out3.insecure.example. A {address}",
        f"_{MX_PORT}._tcp.all-out3.insecure.example. TLSA {stray}"))
    case("alias-in", ENCRYPTED, host="mx-in.insecure.example", lines=(
        "mx-in.insecure.example. CNAME all-in.mx.example.", f"all-in.mx.example. A {address}",
        f"_{MX_PORT}._tcp.all-in.mx.example. TLSA {stray}"))
    case("alias-of-records", PROVEN, lines=(
        f"_{MX_PORT}._tcp.alias-of-records.mx.example. CNAME _dane.example.", f"_dane.example. TLSA {fits}"))
    case("alias-of-records-out", ENCRYPTED, lines=(
        f"_{MX_PORT}._tcp.alias-of-records-out.mx.example. CNAME _dane.insecure.example.",
        f"_dane.insecure.example. TLSA {stray}"))

    # Zones.
    case("unproven", ENCRYPTED, host="mx.insecure.example", lines=(
        f"mx.insecure.example. A {address}", f"_{MX_PORT}._tcp.mx.insecure.example. TLSA {stray}"))
    case("unproven-clear", CLEAR, host="clear.insecure.example", lines=(
        f"clear.insecure.example. A {world.receivers['without TLS']}",
        f"_{MX_PORT}._tcp.clear.insecure.example. TLSA {stray}"))
    case("named-by.insecure", PROVEN, host="named.mx.example", lines=(
        f"named.mx.example. A {address}", f"_{MX_PORT}._tcp.named.mx.example. TLSA {fits}"))
    case("named-stale-by.insecure", REFUSED, host="named2.mx.example", lines=(
        f"named2.mx.example. A {address}", f"_{MX_PORT}._tcp.named2.mx.example. TLSA {stray}"))
    case("forged-address", REFUSED, host="mx.bogus.example", lines=(f"mx.bogus.example. A {address}",))
    world.zones.zone("_tcp.forged.mx.example", ds=dane_world.WRONG_DS)
    case("forged", REFUSED, fits)
    world.zones.zone("_tcp.failing.mx.example", signed=False, missing=True)
    case("failing", REFUSED)
    return cases


def our_verdict(relay, case):
    """Once the mail to the case's domain is delivered or deferred."""
    address = f"someone@{domain_of(case)}"
    ended = harness.wait_until(lambda: relay.events("delivered", to=address) or relay.events("deferred", to=address),
                               f"what becomes of mail to {address}")[0]
    if ended["event"] == "deferred":
        return REFUSED, ended["reply"]
    return {"": CLEAR, "unverified": ENCRYPTED, "verified": PROVEN}[ended.get("tls", "").rpartition(" ")[2]], ""


def postfix_verdict(postfix, case):
    status, secured, why = postfix.result(f"someone@{domain_of(case)}")
    if status != "sent":
        return REFUSED, why
    # No authority is known: whatever is trusted, too, is so by its TLSA records.
    return {"": CLEAR, "Untrusted": ENCRYPTED, "Trusted": PROVEN, "Verified": PROVEN}[secured], ""


@pytest.fixture(scope="module")
def judged(tmp_path_factory, certificate):
    """Every case, by us and by Postfix: (case, our verdict, why, Postfix' verdict, why, what posttls-finger says)."""
    from conftest import World
    world = DaneWorld(World(tmp_path_factory.mktemp("dane"), certificate))
    try:
        world.start_receivers()
        cases = cases_of(world)
        relay = world.start(cases)
        postfix = dane_world.SendingPostfix(world.folder, world.made.address(), world.resolver)
        world.made.others.append(postfix)
        with smtplib.SMTP(postfix.host, postfix.port) as session:
            for case in cases:
                recipient = f"someone@{domain_of(case)}"
                relay.send("a@shop.example", recipient, message())
                session.sendmail("a@shop.example", recipient, message())
        finger = dane_world.Finger(world.folder / "finger", world.resolver)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            outputs = list(pool.map(lambda case: finger.output(domain_of(case)), cases))
        yield world, [(case, *our_verdict(relay, case), *postfix_verdict(postfix, case), output)
                      for case, output in zip(cases, outputs)]
    finally:
        world.stop()


def test_each_host_is_judged_as_its_records_demand(judged):
    wrong = [(case.name, case.verdict, verdict, why) for case, verdict, why, *_ in judged[1] if verdict != case.verdict]
    assert not wrong
    assert len(judged[1]) >= 40


def test_postfix_judges_alike(judged):
    assert not [(case.name, verdict, postfix, why) for case, verdict, _, postfix, why, _ in judged[1]
                if postfix != verdict]


def test_posttls_finger_finds_the_same_proofs(judged):
    assert not [(case.name, verdict, output) for case, verdict, _, _, _, output in judged[1]
                if ("Matched DANE" in output and "verification failed" not in output) != (verdict == PROVEN)]


@pytest.fixture
def dane_world_of_one(tmp_path, certificate):
    from conftest import World
    made = DaneWorld(World(tmp_path, certificate))
    own = made.identities["good"]
    made.sink = made.made.sink("--tls-cert", own.certificate, "--tls-key", own.key)
    made.receivers["good"] = made.sink.host
    yield made
    made.stop()


def test_a_continued_session_keeps_its_proof(dane_world_of_one):
    world = dane_world_of_one
    relay = world.start([Case("one", PROVEN, records=(world.tlsa(2, 1, 1, world.root.certificate),))], workers=1,
                      extra='[[destination]]\nmatch = ["one.example"]\nconnections = 1\nmessages_per_connection = 1\n')
    for number in range(3):
        queue_id = relay.send("a@shop.example", f"r{number}@one.example", message())
        assert relay.wait_event("delivered", id=queue_id)["tls"] == "TLSv1.3 verified"
    assert relay.metric("signpost_tls_handshakes_total", direction="out", trust="dane") == 3
    assert relay.metric("signpost_tls_resumed_total", direction="out") == 2
    assert relay.metric("signpost_dns_queries_total", type="TLSA", result="ok") == 1


def test_a_host_without_its_records_is_reported_once(dane_world_of_one):
    world = dane_world_of_one
    world.zones.zone("_tcp.lost.mx.example", signed=False, missing=True)
    relay = world.start([Case("lost", REFUSED)])
    for number in range(3):
        relay.send("a@shop.example", f"r{number}@lost.example", message())
    relay.wait_events(1, "connection_failed", level="info", mx="lost.mx.example", kind="tls")
    failed = relay.events("connection_failed", level="info")
    assert len(failed) == 1 and failed[0]["reply"].startswith(
        f"4.4.3 looking up the TLSA records of _{MX_PORT}._tcp.lost.mx.example failed: "), failed
    assert not world.sink.saved()


@pytest.mark.parametrize("off", ["[delivery]", "[[destination]]", "[dns]"])
def test_whoever_does_not_want_it_asks_nothing(dane_world_of_one, off):
    world = dane_world_of_one
    options = {"extra": '[[destination]]\nmatch = ["stale.example"]\ndane = false\n'} if off == "[[destination]]" else {}
    relay = world.start([Case("stale", ENCRYPTED, records=(world.tlsa(3, 1, 1, world.root.certificate),))],
                      but={"[delivery]": ("delivery", "dane = false"), "[dns]": ("dns", "trust_ad = false")}.get(off),
                      **options)
    queue_id = relay.send("a@shop.example", "someone@stale.example", message())
    assert relay.wait_event("delivered", id=queue_id)["tls"] == "TLSv1.3 unverified"
    assert relay.metric("signpost_dns_queries_total", type="TLSA") == 0


def test_check_says_whether_the_name_servers_validate(dane_world_of_one):
    world = dane_world_of_one
    relay = world.start([Case("one", ENCRYPTED)])
    done = relay.run("check", "--dns")
    assert "  dane      on\n" in done.stdout, done.stdout + done.stderr
    plain = dane_world.Unbound(world.folder / "plain", world.made.address(), world.zones, validates=False)
    world.made.others.append(plain)
    relay.tables["dns"] = f'servers = ["{plain.host}:{plain.port}"]'
    relay.write_config()
    assert "  dane      off: the name servers do not validate" in relay.run("check", "--dns").stdout
    relay.tables["dns"] += "\ntrust_ad = false"
    relay.write_config()
    assert "  dane      off: name servers are not believed" in relay.run("check", "--dns").stdout
