"""Reports on TLS (RFC 8460): what the relay has counted is sent to those who ask for it."""

import contextlib
import datetime
import email
import email.policy
import gzip
import http.server
import json
import os
import re
import ssl
import threading

import pytest

import harness
from conftest import field, message
from test_dkim import dkimpy_verdicts

SENDER = "tls-reports@shop.example"
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
TODAY = datetime.datetime.now(datetime.timezone.utc).date()
YESTERDAY = TODAY - datetime.timedelta(days=1)


def number(day):
    return (day - datetime.date(1970, 1, 1)).days


def seconds(day):
    return number(day) * 86400


def policy(domain, successful, failures=()):
    """What the relay has counted under one policy, in its file."""
    return {"type": "sts", "strings": ["version: STSv1", "mode: enforce"], "domain": domain, "mx": ["*.mx.example"],
            "ok": successful, "failed": sum(sessions for _, sessions in failures),
            "failures": [{"type": kind, "from": "192.0.2.1", "mx": "a.mx.example", "ip": "203.0.113.7", "helo": "a.mx.example",
                          "code": "", "sessions": sessions} for kind, sessions in failures]}


def counted(domain, *policies, day=YESTERDAY, due=None):
    return {"day": number(day), "domain": domain, "state": "waiting", "due": seconds(day) + 86400 if due is None else due,
            "delivered": [], "refused": [], "detail": "", "left_out": 0, "policies": policies}


def arranged(world, *counts, settings=""):
    """A relay that has counted that before it starts."""
    relay = world.add_relay(extra=f'[tlsrpt]\nfrom = "{SENDER}"\n{settings}')
    relay.add_key("shop.example", "r1", "rsa")
    data = pathlib_of(relay)
    lines = ["signpost tls reports 1", *(json.dumps(one) for one in counts)]
    (data / "tls-reports").write_text("\n".join(lines) + "\n")
    return relay


def pathlib_of(relay):
    data = relay.folder / "data"
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    return data


def checked(report, domain):
    """The members that RFC 8460 section 4.4 asks for have the forms that it gives them."""
    assert set(report) == {"organization-name", "date-range", "contact-info", "report-id", "policies"}, report
    assert all(DATE_TIME.fullmatch(report["date-range"][end]) for end in ("start-datetime", "end-datetime"))
    assert report["date-range"]["start-datetime"] == f"{YESTERDAY}T00:00:00Z"
    assert report["date-range"]["end-datetime"] == f"{YESTERDAY}T23:59:59Z"
    assert domain in report["report-id"] and "@" in report["report-id"]
    assert report["policies"]
    for one in report["policies"]:
        assert set(one) <= {"policy", "summary", "failure-details"}
        assert one["policy"]["policy-type"] in ("tlsa", "sts", "no-policy-found")
        assert isinstance(one["policy"]["policy-domain"], str)
        assert all(isinstance(text, str) for text in one["policy"].get("policy-string", []) + one["policy"].get("mx-host", []))
        assert set(one["summary"]) == {"total-successful-session-count", "total-failure-session-count"}
        details = one.get("failure-details", [])
        assert all(isinstance(detail["failed-session-count"], int) and detail["result-type"] for detail in details)
        assert sum(detail["failed-session-count"] for detail in details) == one["summary"]["total-failure-session-count"]
    return report


class Receiver(contextlib.AbstractContextManager):
    """A server that takes reports by HTTPS; `status` is what it responds with."""

    def __init__(self, folder, address):
        self.certificate = harness.Certificate(folder, name="reports.example", addresses=[address])
        self.posts = []
        self.status = 201
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posts.append((self.path, dict(self.headers), body))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer((address, 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate.certificate, self.certificate.key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://{address}:{self.server.server_port}/v1/tls"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def https(world, tmp_path):
    with Receiver(tmp_path, world.address()) as receiver:
        yield receiver


def listed(relay):
    done = relay.run("tlsrpt", "list", "--json")
    assert done.returncode == 0, done.stderr
    return {one["domain"]: one for one in json.loads(done.stdout)["reports"]}


def test_a_domain_that_asks_for_mail_gets_a_signed_report(world):
    """The message, its parts, the archive and the document are those of the RFC; a domain without a record gets nothing."""
    sink = world.receiver("reports.example")
    world.dns.add('_smtp._tls.receiver.example. 60 IN TXT "v=TLSRPTv1; rua=mailto:tls@reports.example"')
    relay = arranged(world, counted("receiver.example", policy("receiver.example", 5, [("certificate-expired", 2)])),
                     counted("silent.example", policy("silent.example", 1)), settings='organization = "Shop & Söhne"\n')
    world.start()
    envelope, content = sink.wait_for(1)[0]
    assert envelope["mail_from"] == "" and [one["address"] for one in envelope["recipients"]] == ["tls@reports.example"], envelope
    assert dkimpy_verdicts(content, world.dns) == {"rsa-sha256": True}
    assert b"d=shop.example" in content
    mail = email.message_from_bytes(content, policy=email.policy.SMTP)
    assert mail["From"].addresses[0].addr_spec == SENDER and mail["To"] == "tls@reports.example"
    assert mail["TLS-Report-Domain"] == "receiver.example" and mail["TLS-Report-Submitter"] == "shop.example"
    assert mail["TLS-Required"] == "No" and mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "multipart/report" and mail.get_param("report-type") == "tlsrpt"
    text, archive = mail.iter_parts()
    assert "shop.example" in text.get_content()
    assert archive.get_content_type() == "application/tlsrpt+gzip"
    name = archive.get_filename().split("!")
    assert name[:4] == ["shop.example", "receiver.example", str(seconds(YESTERDAY)), str(seconds(TODAY) - 1)]
    assert re.fullmatch(r"[0-9a-f]+\.json\.gz", name[4])
    report = checked(json.loads(gzip.decompress(archive.get_content())), "receiver.example")
    assert report["organization-name"] == "Shop & Söhne" and report["contact-info"] == SENDER
    assert report["policies"][0]["summary"] == {"total-successful-session-count": 5, "total-failure-session-count": 2}
    assert field(content, "Subject") == f"Report Domain: receiver.example Submitter: shop.example Report-ID: <{report['report-id']}>"
    event = relay.wait_event("tls_report_sent")
    assert event["to"] == "mailto:tls@reports.example" and event["sessions"] == 7 and event["failed"] == 2
    assert relay.wait_event("delivered")["id"] == event["id"]
    assert {name: one["state"] for name, one in listed(relay).items()} == {"receiver.example": "sent", "silent.example": "no-record"}
    assert relay.metric("signpost_tls_reports_total", result="mailed") == 1
    assert relay.metric("signpost_tls_reports_total", result="no_record") == 1
    shown = relay.run("tlsrpt", "show", "receiver.example")
    assert json.loads(shown.stdout) == report
    # Once, also across a restart.
    assert relay.stop() == 0
    relay.launch()
    harness.wait_until(lambda: listed(relay)["receiver.example"]["state"] == "sent", "the list after the restart")
    assert relay.metric("signpost_tls_reports_total", result="mailed") == 0
    assert len(sink.saved()) == 1


def test_a_server_that_takes_reports_by_https_gets_the_archive(world, https, tmp_path):
    """Its certificate is verified; the body is the archive itself."""
    world.dns.add(f'_smtp._tls.receiver.example. 60 IN TXT "v=TLSRPTv1; rua={https.url}"')
    relay = arranged(world, counted("receiver.example", policy("receiver.example", 5)))
    relay.environment = dict(os.environ, SSL_CERT_FILE=str(https.certificate.certificate))
    world.start()
    harness.wait_until(lambda: https.posts, "the report")
    path, headers, body = https.posts[0]
    assert path == "/v1/tls" and headers["Content-Type"] == "application/tlsrpt+gzip"
    checked(json.loads(gzip.decompress(body)), "receiver.example")
    assert relay.wait_event("tls_report_sent")["to"] == https.url
    assert relay.metric("signpost_tls_reports_total", result="posted") == 1
    assert len(https.posts) == 1


def test_a_server_that_nobody_vouches_for_gets_nothing(world, https):
    """The report waits to be tried again, and says why; when it can be sent, a command sends it."""
    world.dns.add(f'_smtp._tls.receiver.example. 60 IN TXT "v=TLSRPTv1; rua={https.url}"')
    relay = arranged(world, counted("receiver.example", policy("receiver.example", 5)))
    world.start()
    harness.wait_until(lambda: listed(relay)["receiver.example"]["detail"], "the attempt")
    shown = listed(relay)["receiver.example"]
    assert shown["state"] == "waiting" and "certificate" in shown["detail"], shown
    assert not https.posts
    assert relay.stop() == 0
    relay.environment = dict(os.environ, SSL_CERT_FILE=str(https.certificate.certificate))
    relay.launch()
    done = relay.run("tlsrpt", "send", "receiver.example")
    assert done.returncode == 0 and done.stdout == "1 report will be sent now, if the domain asks for it\n", done.stderr
    harness.wait_until(lambda: https.posts, "the report")


def test_a_server_that_refuses_ends_the_report(world, https):
    world.dns.add(f'_smtp._tls.receiver.example. 60 IN TXT "v=TLSRPTv1; rua={https.url}"')
    https.status = 410
    relay = arranged(world, counted("receiver.example", policy("receiver.example", 5)))
    relay.environment = dict(os.environ, SSL_CERT_FILE=str(https.certificate.certificate))
    world.start()
    event = relay.wait_event("tls_report_failed")
    assert event["to"] == https.url and event["detail"].endswith("responds with 410"), event
    assert listed(relay)["receiver.example"]["state"] == "failed"
    assert relay.metric("signpost_tls_reports_total", result="failed") == 1


def test_a_report_waits_for_its_time_or_for_an_operator(world):
    sink = world.receiver("receiver.example")
    world.dns.add('_smtp._tls.receiver.example. 60 IN TXT "v=TLSRPTv1; rua=mailto:tls@receiver.example"')
    later = int(datetime.datetime.now().timestamp()) + 3000
    relay = arranged(world, counted("receiver.example", policy("receiver.example", 5), due=later),
                     counted("receiver.example", policy("receiver.example", 1), day=TODAY))
    world.start()
    done = relay.run("tlsrpt", "send", "receiver.example", "--day", str(TODAY))
    assert done.returncode == 1 and "once it is over" in done.stderr, done.stderr
    done = relay.run("tlsrpt", "send", "other.example")
    assert done.returncode == 1 and "no report to send to other.example" in done.stderr, done.stderr
    assert relay.run("tlsrpt", "send").returncode == 2
    assert "waiting" in relay.run("tlsrpt", "list").stdout
    assert not sink.saved()
    assert relay.run("tlsrpt", "send", "--all").returncode == 0
    sink.wait_for(1)


def test_what_is_counted_outlives_a_kill(world):
    """The file is as it was read; one that is damaged costs what was counted, and nothing else."""
    counts = counted("receiver.example", policy("receiver.example", 5, [("tlsa-invalid", 1)]), day=TODAY)
    relay = arranged(world, counts)
    world.start()
    assert listed(relay)["receiver.example"]["failed"] == 1
    relay.kill()
    relay.launch()
    harness.wait_until(lambda: listed(relay)["receiver.example"]["sessions"] == 6, "the counts")
    relay.kill()
    (pathlib_of(relay) / "tls-reports").write_text("signpost tls reports 1\n{\n")
    relay.launch()
    assert relay.wait_event("tls_reports_lost")["detail"] == "line 2 is damaged"
    assert listed(relay) == {}
    relay.send("a@shop.example", ["b@receiver.example"], message())


def test_without_a_sender_there_are_no_reports(world):
    """The commands say so, and nothing is looked up."""
    relay = world.add_relay()
    pathlib_of(relay)
    (pathlib_of(relay) / "tls-reports").write_text(
        "signpost tls reports 1\n" + json.dumps(counted("receiver.example", policy("receiver.example", 5))) + "\n")
    world.start()
    done = relay.run("tlsrpt", "list")
    assert done.returncode == 0 and done.stdout.endswith("Reports on TLS are off: set tlsrpt.from to send them\n"), done.stdout
    for words in (["show", "receiver.example"], ["send", "--all"]):
        done = relay.run("tlsrpt", *words)
        assert done.returncode == 1 and "reports on TLS are off: set tlsrpt.from" in done.stderr, done.stderr
    # A reload switches them on.
    relay.extra = f'[tlsrpt]\nfrom = "{SENDER}"\n'
    relay.write_config()
    assert relay.run("reload").returncode == 0
    unsigned = "no [[dkim]] key is for shop.example or a domain above it"
    harness.wait_until(lambda: [event for event in relay.events("config_doubtful") if event["detail"].endswith(unsigned)], "the warning")
    harness.wait_until(lambda: listed(relay)["receiver.example"]["state"] == "no-record", "the look-up")
