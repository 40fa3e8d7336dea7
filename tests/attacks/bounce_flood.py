"""One message to many domains that fail, in the name of somebody else: each failure makes a report to that somebody,
with the whole message in it if that is asked for.

Before (--full: 843 KiB, 1,000 domains): 1,000 reports, 826 MiB, to the forged sender; in the short form 100 reports.
After: one report names all that failed together, and returns the header section alone; the sender's next messages have
reports up to bounces.per_sender, then none.
"""

import arena
import harness


def letter(octets):
    line = "x" * 70 + "\r\n"
    return arena.LETTER.format("flood") + line * (octets // len(line))


def send(relay, domains, content):
    return relay.send("victim@victim.example", [f"nobody@{domain}.example" for domain in domains], content,
                      options=("RET=FULL",))


def main():
    sizes = arena.options(__doc__, domains=(100, 1000), kibibytes=(200, 843), messages=(12, 12))
    settings = {}
    if harness.ALLOW_LOOPBACK:
        settings["bounces"] = 'per_sender = "8/h"'
    scene = arena.Arena("bounces", settings=settings)
    victim = harness.Sink(scene.folder / "victim", scene.address())
    scene.dns.mx("victim.example", (10, "mx.victim.example", victim.host))
    try:
        with scene:
            with scene.watch() as seen:
                domains = [f"missing-{number}" for number in range(sizes.domains)]
                flood = send(scene.relay, domains, letter(sizes.kibibytes << 10))
                harness.wait_until(lambda: len(scene.relay.events("bounced", id=flood)) == sizes.domains,
                                   lambda: f"{sizes.domains} failures", deadline=120 * harness.PATIENCE)
                quiet(scene.relay, [flood])
                reports = victim.saved()
            octets = sum(len(content) for _, content in reports)
            seen.tell(f"{sizes.domains} failing domains, {sizes.kibibytes} KiB: {len(reports)} reports, "
                      f"{octets / (1 << 20):.2f} MiB")
            assert 1 <= len(reports) <= 4, len(reports)
            assert octets < sizes.domains * 2000 + (200 << 10), octets
            named = b"".join(content for _, content in reports)
            missing = [domain for domain in domains if f"nobody@{domain}.example".encode() not in named]
            assert not missing, missing[:5]
            many_messages(scene, victim, sizes.messages, len(reports))
            seen.check()
    finally:
        victim.stop()


def many_messages(scene, victim, count, before):
    """Single ones are reported at once, until the sender has had its share."""
    ids = [send(scene.relay, [f"missing-{number}"], letter(1000)) for number in range(count)]
    for one in ids:
        scene.relay.wait_event("bounced", id=one)
    quiet(scene.relay, ids)
    reports = len(victim.saved())
    dropped = scene.relay.metric("signpost_notifications_dropped_total", reason="per_sender")
    print(f"{count} more messages: {reports - before} reports, {dropped:.0f} dropped", flush=True)
    assert reports == 8, reports
    assert dropped == count - (8 - before), dropped


def quiet(relay, ids):
    """Until these are settled and no report is on its way."""
    def reported():
        about = {one["about"] for one in relay.events("notification")}
        return about | {one["id"] for one in relay.events("notification_dropped")}
    harness.wait_until(lambda: set(ids) <= reported(), "reports, or their end", deadline=60 * harness.PATIENCE)
    harness.wait_until(lambda: not [job for job in relay.queued_jobs() if job["id"] in ids], "the end of the failed jobs",
                       deadline=60 * harness.PATIENCE)
    harness.wait_until(lambda: len(relay.events("notification")) == len(relay.events("delivered", to="victim@victim.example")),
                       "the reports", deadline=120 * harness.PATIENCE)


if __name__ == "__main__":
    main()
