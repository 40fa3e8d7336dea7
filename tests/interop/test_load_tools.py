"""signpost-load against signpost-sink directly: the judges are judged first."""

import json
import re
import signal
import socket
import subprocess

import pytest

import harness
from harness import BIN


@pytest.fixture
def sink(world):
    return world.sink(save=False)


def load(sink, *options):
    done = subprocess.run(
        [str(BIN / "signpost-load"), "--to", f"{sink.host}:{sink.port}", "--json", *map(str, options)],
        capture_output=True, text=True, timeout=harness.DEADLINE)
    return done.returncode, json.loads(done.stdout)


def test_every_message_arrives_once_and_whole(sink):
    code, report = load(sink, "--messages", 2000, "--connections", 20, "--threads", 2)
    counts = sink.counts()
    assert (code, report["acknowledged"], report["failed"]) == (0, 2000, 0)
    assert (counts["unique"], counts["duplicates"], counts["corrupt"], counts["connections"]) == (2000, 0, 0, 20)
    assert report["replies"]["354"] == 2000
    assert 0 < report["reply_ms"]["p50"] <= report["reply_ms"]["p99"] <= report["reply_ms"]["max"]


def test_a_client_that_writes_line_by_line(sink):
    code, report = load(sink, "--messages", 3, "--connections", 3, "--line-writes")
    assert (code, report["acknowledged"]) == (0, 3)
    assert sink.counts()["unique"] == 3 and sink.counts()["corrupt"] == 0


def test_large_messages_arrive_whole(sink):
    assert load(sink, "--messages", 5, "--size", 3_000_000, "--connections", 2)[0] == 0
    counts = sink.counts()
    assert counts["unique"] == 5 and counts["corrupt"] == 0
    assert counts["bytes"] == pytest.approx(15_000_000, rel=0.01)


@pytest.mark.parametrize("pipelining", ["--pipelining", "--no-pipelining"])
@pytest.mark.parametrize("chunk_size", [0, 1000])
def test_chunks(world, chunk_size, pipelining):
    sink = world.sink("--ehlo", "CHUNKING", save=False)
    code, report = load(sink, "--messages", 50, "--bdat", "--chunk-size", chunk_size, pipelining)
    counts = sink.counts()
    assert (code, report["acknowledged"]) == (0, 50) and "354" not in report["replies"]
    assert (counts["unique"], counts["corrupt"], counts["protocol_errors"]) == (50, 0, 0)


def test_refused_chunks_leave_the_connection_usable(world):
    sink = world.sink("--ehlo", "CHUNKING", "--refuse-rcpt", "0.5", save=False)
    code, report = load(sink, "--messages", 40, "--connections", 1, "--bdat", "--chunk-size", 1500)
    counts = sink.counts()
    assert code == 1 and report["connections"] == counts["connections"] == 1
    assert 0 < report["failed"] < 40 and counts["unique"] == report["acknowledged"] == 40 - report["failed"]


def test_chunks_need_a_server_that_takes_them(sink):
    code, report = load(sink, "--messages", 1, "--bdat")
    assert code == 1 and report["errors"] == {"no session: CHUNKING is not offered": 10}


def test_without_pipelining(world):
    sink = world.sink("--no-pipelining", save=False)
    assert load(sink, "--messages", 50)[0] == 0
    assert sink.counts()["pipelining_errors"] == 0


@pytest.mark.parametrize("option, sink_option", [("--starttls", ()), ("--implicit-tls", ("--implicit-tls",))])
def test_tls(world, certificate, option, sink_option):
    sink = world.sink("--tls-cert", certificate.certificate, "--tls-key", certificate.key, *sink_option, save=False)
    code, _ = load(sink, option, "--messages", 100, "--connections", 4, "--size", 50_000)
    counts = sink.counts()
    assert code == 0 and counts["tls_handshakes"] == 4
    assert counts["unique"] == 100 and counts["corrupt"] == 0


def test_a_connection_for_each_message(sink):
    code, report = load(sink, "--messages", 100, "--connections", 3, "--messages-per-connection", 1)
    assert code == 0
    assert report["connections"] == sink.counts()["connections"] == pytest.approx(100, abs=3)


def test_open_loop_keeps_its_rate(sink):
    code, report = load(sink, "--messages", 200, "--rate", "200/s", "--connections", 5)
    assert code == 0 and 0.99 <= report["seconds"] < 5


def test_recipients_are_spread_as_asked(world):
    sink = world.sink()
    assert load(sink, "--messages", 2, "--recipients-per-message", 3, "--recipient-domains", "a.example,b.example")[0] == 0
    domains = {tuple(r["address"].split("@")[1] for r in envelope["recipients"]) for envelope, _ in sink.wait_for(2)}
    assert domains == {("a.example",) * 3, ("b.example",) * 3}


def test_failures_are_counted_and_shown_by_the_exit_code(world):
    sink = world.sink("--refuse-rcpt", "0.1:550", "--defer-data", "0.1", "--drop-after-dot", "0.1", save=False)
    code, report = load(sink, "--messages", 500, "--connections", 5)
    counts = sink.counts()
    assert code == 1
    assert report["acknowledged"] == counts["unique"] > 0
    assert report["acknowledged"] + report["failed"] == 500
    assert counts["dropped"] > 0 and counts["deferred_messages"] > 0
    assert report["refused_recipients"] == counts["refused_recipients"] > 0


def test_ledgers_of_both_ends_agree(world, tmp_path):
    sink = world.sink("--ledger", tmp_path / "received", save=False)
    assert load(sink, "--messages", 300, "--ledger", tmp_path / "acknowledged", "--id-prefix", "run")[0] == 0
    acknowledged = [line.split()[0] for line in (tmp_path / "acknowledged").read_text().splitlines()]
    assert sorted(acknowledged) == sorted((tmp_path / "received").read_text().split())
    assert len(set(acknowledged)) == 300


def test_an_interrupted_load_finishes_what_it_began_and_reports_it(world, tmp_path):
    sink = world.sink("--ledger", tmp_path / "received", save=False)
    running = subprocess.Popen([str(BIN / "signpost-load"), "--to", f"{sink.host}:{sink.port}", "--json", "--duration", "1h",
                                "--ledger", tmp_path / "acknowledged"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    ledger = tmp_path / "acknowledged"
    harness.wait_until(lambda: ledger.exists() and ledger.stat().st_size, "the first acknowledged message")
    running.send_signal(signal.SIGINT)
    report, said = running.communicate(timeout=harness.DEADLINE)
    report = json.loads(report)
    assert running.returncode == 0 and "interrupted" in said
    assert report["ended"] == "interrupted" and report["failed"] == 0
    received = (tmp_path / "received").read_text().split()
    assert report["messages"] == report["acknowledged"] == len(received) == len(ledger.read_text().splitlines()) > 0


def test_a_second_signal_ends_the_load_at_once(world):
    with socket.create_server((world.address(), 0)) as silent:
        host, port = silent.getsockname()
        running = subprocess.Popen([str(BIN / "signpost-load"), "--to", f"{host}:{port}", "--timeout", "3600"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        connection, _ = silent.accept()
        running.send_signal(signal.SIGTERM)
        assert "interrupted" in running.stderr.readline()
        assert running.poll() is None, "it waits for the greeting"
        running.send_signal(signal.SIGTERM)
        assert running.wait(harness.DEADLINE) == -signal.SIGTERM
        running.stderr.close()
        connection.close()


def test_stages_have_their_messages(sink):
    code, report = load(sink, "--stage", "200ms:100/s", "--stage", "200ms:0", "--stage", "200ms:200/s")
    assert (code, report["acknowledged"], report["ended"]) == (0, 60, "complete")
    assert report["seconds"] >= 0.59


def test_thresholds_decide_the_exit_code(world):
    sink = world.sink("--refuse-data", "0.1", save=False)
    assert load(sink, "--messages", 200, "--fail-if", "failed>50%")[0] == 0
    assert load(sink, "--messages", 200, "--fail-if", "failed>50%", "--fail-if", "failed>0")[0] == 3
    assert load(sink, "--messages", 200, "--fail-if", "p99>1h")[0] == 1  # says nothing about failures


def test_refusals_are_told_in_the_servers_words(world):
    sink = world.sink("--refuse-data", "1:552", save=False)
    code, report = load(sink, "--messages", 20)
    assert code == 1
    assert {"command": "message", "reply": "552 5.7.1 Not this message", "count": 20} in report["refusals"], report["refusals"]


def test_times_of_a_session_are_measured_apart(world, certificate):
    sink = world.sink("--tls-cert", certificate.certificate, "--tls-key", certificate.key, save=False)
    _, report = load(sink, "--starttls", "--messages", 20, "--connections", 2)
    assert report["connect_ms"]["max"] > 0 and report["tls_ms"]["max"] > 0 and report["auth_ms"]["max"] == 0


def test_the_body_of_a_file_is_sent(world, tmp_path):
    sink = world.sink()
    (tmp_path / "body.html").write_text("<p>Grüße\n.\n</p>\n")
    assert load(sink, "--messages", 1, "--body", tmp_path / "body.html", "--content-type", "text/html; charset=utf-8")[0] == 0
    envelope, content = sink.wait_for(1)[0]
    assert content.endswith("\r\n\r\n<p>Grüße\r\n.\r\n</p>\r\n".encode())
    assert envelope["mail_parameters"] == "BODY=8BITMIME" and sink.counts()["corrupt"] == 0


def test_a_page_shows_the_run(sink, tmp_path):
    assert load(sink, "--messages", 50, "--report", tmp_path / "load.html")[0] == 0
    page = (tmp_path / "load.html").read_text()
    assert page.count("<svg") == 2 and "50 of 50 messages acknowledged" in page


@pytest.mark.parametrize("option", ["--ledger", "--report", "stdout"])
def test_what_the_load_cannot_write_is_an_error(sink, option):
    with open("/dev/full", "w") as full:
        options = [] if option == "stdout" else [option, "/dev/full"]
        done = subprocess.run([str(BIN / "signpost-load"), "--to", f"{sink.host}:{sink.port}", "--messages", "20", *options],
                              stdout=full if option == "stdout" else subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              timeout=harness.DEADLINE)
    assert done.returncode == 1 and "No space left on device" in done.stderr


def test_a_report_that_cannot_be_written_is_noticed_before_the_run(sink, tmp_path):
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "file").write_text("")
    for report, why in ((folder / "none/load.html", "No such file or directory"), (folder, "is a folder; name a file"),
                        (folder / "file/load.html", "Not a directory")):
        done = subprocess.run([str(BIN / "signpost-load"), "--to", f"{sink.host}:{sink.port}", "--messages", "5", "--report",
                               str(report)], capture_output=True, text=True, timeout=harness.DEADLINE)
        assert (done.returncode, done.stdout) == (1, "") and f"{report}: {why}" in done.stderr, done.stderr
    assert sink.counts()["connections"] == 0
    (folder / "load.html").write_text("before")
    assert load(sink, "--messages", 1, "--report", folder / "load.html")[0] == 0
    assert sorted(path.name for path in folder.iterdir()) == ["file", "load.html"]


def test_the_sink_accepts_nothing_that_its_ledger_cannot_take(world):
    sink = world.sink("--ledger", "/dev/full", save=False)
    code, report = load(sink, "--messages", 5, "--connections", 1)
    assert (code, report["acknowledged"]) == (1, 0)
    assert sink.process.wait() == 1 and "/dev/full: No space left on device" in sink.process.log_text()


@pytest.mark.parametrize("what", ["save", "count"])
def test_the_sink_says_what_it_could_not_write(world, what):
    sink = world.sink(*(["--save", "/proc/self/fdinfo"] if what == "save" else []), save=False)
    if what == "count":
        (sink.folder / "counts.json.new").mkdir()  # in its way
    assert load(sink, "--messages", 1)[0] == 0
    sink.process.process.send_signal(signal.SIGTERM)
    assert sink.process.wait() == 1
    assert ("/proc/self/fdinfo/000000.eml" if what == "save" else "counts.json.new: Is a directory") in sink.process.log_text()


def test_a_missing_server_is_an_error_and_ends(world):
    done = subprocess.run([str(BIN / "signpost-load"), "--to", f"{world.address()}:1", "--messages", "3"],
                          capture_output=True, text=True, timeout=harness.DEADLINE)
    assert done.returncode == 1 and "Connection refused" in done.stdout


def test_the_local_part_scripts_the_sink(world):
    sink = world.sink()
    talk = harness.RawClient(sink.host, sink.port)
    talk.reply()
    talk.say("EHLO a.example")
    talk.say("MAIL FROM:<>")
    assert talk.say("RCPT TO:<bounce-a@x.example>")[1] == ["550 5.1.1 Not here"]
    assert talk.say("RCPT TO:<tempfail1-a@x.example>")[0] == 451
    assert talk.say("RCPT TO:<tempfail1-a@x.example>")[0] == 250
    assert talk.say("RCPT TO:<dropdot1-a@x.example>")[0] == 250
    assert talk.say("DATA")[0] == 354
    talk.write(b"a\r\n.\r\n")
    with pytest.raises(EOFError):
        talk.reply()


def test_the_sink_ends_after_as_many_messages_as_asked(world):
    sink = world.sink("--exit-after", "10", save=False)
    assert load(sink, "--messages", 10, "--connections", 1)[0] in (0, 1)  # QUIT may find nobody
    sink.process.wait()
    assert json.loads(sink.count_file.read_text())["messages"] == 10


@pytest.mark.parametrize("tool", ["signpost-load", "signpost-sink"])
def test_the_manual_names_every_option(tool):
    usage = subprocess.run([str(BIN / tool), "--help"], capture_output=True, text=True).stdout
    options = set(re.findall(r"--[a-z0-9][a-z0-9-]+", usage)) - {"--help"}
    manual = (harness.ROOT / f"docs/man/{tool}.1").read_text().replace("\\-", "-")
    assert len(options) > 15
    assert [option for option in sorted(options) if option not in manual] == []


@pytest.mark.parametrize("tool", ["signpost-load", "signpost-sink"])
def test_the_tools_name_their_version(tool):
    version = subprocess.run([str(BIN / tool), "--version"], capture_output=True, text=True).stdout
    assert re.fullmatch(rf"{tool} \d+\.\d+\.\d+\n", version)
