#!/usr/bin/python3
"""A disk that answers EIO to a sync: the client gets a 4xx, the relay ends with an exit code that tells systemd to
start it again, and after the restart, on a disk that works, everything that was acknowledged arrives once. While the
disk stays bad it does not start.

    tests/fault/bad_disk.py LIBRARY        # build/release/tests/fault/libbad_disk.so
"""

import os
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))
import harness  # noqa: E402


def content(number):
    return (f"From: orders@shop.example\r\nTo: r{number}@receiver.example\r\nSubject: {number}\r\n"
            f"Message-ID: <{number}@shop.example>\r\nDate: Fri, 21 Nov 1997 09:55:06 -0600\r\n\r\nThank you.\r\n").encode()


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="signpost-disk-"))
    bad = folder / "bad"
    dns = harness.NameServer(folder / "dns", harness.address(1))
    sink = harness.Sink(folder / "sink", harness.address(2), options=("--delay-ms", "20"))
    dns.mx("receiver.example", (10, "mx.receiver.example", sink.host))
    relay = harness.Relay(folder / "relay", harness.address(3), dns=dns, certificate=harness.Certificate(folder))
    relay.environment = {**os.environ, "LD_PRELOAD": str(pathlib.Path(sys.argv[1]).resolve()), "SIGNPOST_BAD_DISK": str(bad)}
    try:
        dns.start()
        relay.start()
        acknowledged = 0
        for number in range(100):
            relay.send("orders@shop.example", f"r{number}@receiver.example", content(number))
            acknowledged += 1

        bad.touch()
        client = relay.smtp()
        client.ehlo()
        for _ in range(2):  # the second one finds that the first failure does not pass
            client.mail("orders@shop.example")
            client.rcpt("late@receiver.example")
            code, text = client.data(content("late"))
            print(f"{acknowledged} acknowledged, then: {code} {text.decode()}")
            assert code == 451, text
        client.close()
        code = relay.process.wait()
        print(f"the relay ended with {code}")
        assert code == 1, code
        assert "Input/output error" in relay.events("queue_write_failed")[-1]["error"]
        assert "only after a restart" in relay.events("stopping")[-1]["detail"]

        again = harness.Process([harness.BIN / "signpost", "serve", "-c", relay.config], folder / "again",
                                env=relay.environment)
        assert again.wait() != 0, "it starts on a disk that cannot be written"
        said = [line for line in again.log_text().splitlines() if line.startswith("signpost: ")]
        assert said and "Input/output error" in said[-1], again.log_text()
        print(said[-1])

        bad.unlink()
        relay.launch()
        relay.wait_empty()
        arrived = [envelope["recipients"][0]["address"] for envelope, _ in sink.saved()]
        missing = {f"r{number}@receiver.example" for number in range(acknowledged)} - set(arrived)
        # What was refused may have reached the disk before its sync failed: then it is delivered, and the client,
        # which was told to come back, sends it once more. That is the safe side.
        print(f"{len(set(arrived))} arrived, {len(arrived) - len(set(arrived))} duplicates, "
              f"the refused one {'came too' if 'late@receiver.example' in arrived else 'did not come'}")
        assert not missing, missing
        relay.send("orders@shop.example", "after@receiver.example", content("after"))
        sink.message_to("after@receiver.example")
        return 0
    finally:
        relay.kill()
        for one in (sink, dns):
            one.stop()


if __name__ == "__main__":
    sys.exit(main())
