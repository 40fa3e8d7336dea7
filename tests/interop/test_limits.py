"""Limits on recipients: by login, tenant, address and server, as real clients meet them."""

import concurrent.futures
import functools
import json
import os
import smtplib
import subprocess

import harness
from conftest import message
from harness import SUBMISSION_PORT, TRUSTED_PORT

USED_UP = (b"4.7.1 The login shop may send to %d recipients a day and has no more left; "
           b"send this recipient again after 00:00 UTC, in ")


def start(world, users="", tenants="", **limits):
    """A relay whose login shop has `users` and whose [limits] has `limits`."""
    world.receiver("receiver.example")
    relay = world.add_relay(
        settings={"limits": "\n".join(f"{key} = {json.dumps(value)}" for key, value in limits.items())}, extra=tenants)
    relay.add_user("shop")
    relay.users.write_text(relay.users.read_text() + users)
    return world.start()


def change(relay, old, new):
    relay.users.write_text(relay.users.read_text().replace(old, new))
    done = relay.run("reload")
    assert done.returncode == 0, done.stderr


def rcpt(relay, *recipients, port=SUBMISSION_PORT, user="shop"):
    """The replies to these recipients of a message that is then given up."""
    client = relay.smtp(port, user=user, starttls=user is not None)
    client.ehlo_or_helo_if_needed()
    assert client.mail("orders@shop.example")[0] == 250
    replies = [client.rcpt(recipient) for recipient in recipients]
    client.close()
    return replies


def send(relay, *recipients, **session):
    session = session or dict(port=SUBMISSION_PORT, user="shop", starttls=True)
    return relay.send("orders@shop.example", recipients, message(to=recipients[0]), **session)


def shown(relay, name="shop"):
    done = relay.run("user", "show", name, "--json")
    assert done.returncode == 0, done.stderr
    return {(limit["scope"], limit["limit"]): limit for limit in json.loads(done.stdout)["limits"]}


def test_a_login_has_its_day_which_outlives_reloads_and_restarts(world):
    relay = start(world, users="daily = 5\n")
    send(relay, "a@receiver.example", "b@receiver.example", "c@receiver.example")
    assert not relay.events("quota_warning")
    replies = rcpt(relay, "d@receiver.example", "e@receiver.example", "f@receiver.example")
    assert [code for code, _ in replies] == [250, 250, 450]
    assert replies[2][1].startswith(USED_UP % 5), replies[2]
    reached = relay.wait_event("quota_reached")
    assert (reached["scope"], reached["name"], reached["limit"], reached["most"]) == ("login", "shop", "daily", 5)
    assert reached["again"].endswith("T00:00:00Z")
    send(relay, "d@receiver.example", "e@receiver.example")  # what was given up did not count
    warning = relay.wait_event("quota_warning")
    assert (warning["used"], warning["most"], warning["level"]) == (5, 5, "warning")
    assert rcpt(relay, "f@receiver.example")[0][0] == 450
    assert relay.metric("signpost_messages_rejected_total", reason="limit") == 2
    assert relay.wait_event("rejected", reason="limit")["user"] == "shop"
    assert len(relay.events("quota_reached")) == 1

    change(relay, "daily = 5", "daily = 7")
    used = shown(relay)["login", "daily"]
    assert (used["used"], used["left"]) == (5, 2)
    assert relay.stop() == 0
    relay.launch()
    assert shown(relay)["login", "daily"]["used"] == 5
    assert [code for code, _ in rcpt(relay, *(f"{c}@receiver.example" for c in "abc"))] == [250, 250, 450]

    text = relay.run("user", "show", "shop").stdout
    assert "Login shop\n" in text and "7 a day" in text, text
    missing = relay.run("user", "show", "nobody")
    assert missing.returncode == 1 and "there is no login nobody in " in missing.stderr


def test_a_rate_says_how_long_to_wait_and_the_client_may_then_send(world):
    relay = start(world, users='rate = "2/s"\n')
    replies = rcpt(relay, "a@receiver.example", "b@receiver.example", "c@receiver.example")
    assert [code for code, _ in replies] == [250, 250, 450]
    assert b"2 recipients a second and has no more left; send this recipient again in 1 second" in replies[2][1]
    recipients = [f"{name}@receiver.example" for name in "abcde"]
    for recipient in recipients:
        harness.wait_until(functools.partial(try_to_send, relay, recipient), "room in the rate")
    for recipient in recipients:
        world.sinks[0].message_to(recipient)


def try_to_send(relay, recipient):
    client = relay.smtp(SUBMISSION_PORT, user="shop", starttls=True)
    try:
        client.sendmail("orders@shop.example", [recipient], message(to=recipient))
        return True
    except smtplib.SMTPRecipientsRefused as refusal:
        assert refusal.recipients[recipient][0] == 450
        return False
    finally:
        client.close()


def test_workers_share_one_count(world):
    """Exactly as many as allowed are taken from clients that all send at once."""
    relay = start(world, users="daily = 40\n")

    def run(number):
        client = relay.smtp(SUBMISSION_PORT, user="shop", starttls=True)
        taken = 0
        for each in range(10):
            try:
                client.sendmail("orders@shop.example", [f"r{number}-{each}@receiver.example"], message())
                taken += 1
            except smtplib.SMTPRecipientsRefused as refusal:
                assert set(code for code, _ in refusal.recipients.values()) == {450}
            except smtplib.SMTPDataError as refusal:
                assert refusal.smtp_code == 450 and b"send this message again" in refusal.smtp_error
                client.rset()
        client.close()
        return taken

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(run, range(8))) == 40
    assert shown(relay)["login", "daily"]["left"] == 0


def test_the_tree_is_login_tenant_server(world):
    relay = start(world, users='daily = 100\ntenant = "acme"\n', daily=5, client_daily=4, login_daily=50,
                  tenants='[[tenant]]\nname = "acme"\ndomains = ["shop.example"]\nnetworks = ["127.0.0.0/8"]\n'
                          'daily = 3\nmetrics = true\n')
    send(relay, "a@receiver.example", "b@receiver.example")
    limits = shown(relay)
    assert {key: (limit["most"], limit["used"]) for key, limit in limits.items()} == {
        ("login", "daily"): (100, 2), ("tenant", "daily"): (3, 2), ("server", "daily"): (5, 2)}
    send(relay, "c@receiver.example", port=TRUSTED_PORT)  # the network is the same tenant's
    refused = rcpt(relay, "d@receiver.example", port=TRUSTED_PORT, user=None)[0]
    assert refused[0] == 450
    assert b"The tenant acme, with all of its logins, may send to 3 recipients a day" in refused[1]
    assert relay.metric("signpost_tenant_recipients_total", tenant="acme", result="accepted") == 3
    assert relay.metric("signpost_tenant_recipients_total", tenant="acme", result="limited") == 1
    harness.wait_until(lambda: relay.metric("signpost_tenant_recipients_total", tenant="acme", result="delivered") == 2,
                       "the login's two deliveries to be counted")
    assert relay.wait_event("accepted", recipients=1)["tenant"] == "acme"
    client = relay.smtp(TRUSTED_PORT)
    client.ehlo()
    assert client.mail("boss@bank.example") == (
        553, b"5.7.1 This network may not send as <boss@bank.example>; it may use @shop.example")
    client.close()


def test_the_address_counts_for_clients_without_a_login(world):
    relay = start(world, client_rate="2/h")
    send(relay, "a@receiver.example", "b@receiver.example", port=TRUSTED_PORT)
    code, text = rcpt(relay, "c@receiver.example", port=TRUSTED_PORT, user=None)[0]
    assert code == 450
    assert b"The address 127." in text and b"send this recipient again in 30 minutes" in text, text


def test_one_message_may_have_fewer_recipients(world):
    relay = start(world, users="recipients_per_message = 2\n")
    client = relay.smtp(SUBMISSION_PORT, user="shop", starttls=True)
    refused = client.sendmail("orders@shop.example", [f"{c}@receiver.example" for c in "abc"], message())
    assert refused == {"c@receiver.example": (
        452, b"4.5.3 The login shop may send one message to 2 recipients; send to the others in another message")}
    client.sendmail("orders@shop.example", list(refused), message())
    client.close()
    for name in "abc":
        world.sinks[0].message_to(f"{name}@receiver.example")


def test_a_foreign_sender_is_rewritten_in_envelope_and_header(world):
    relay = start(world, users='senders = ["orders@shop.example", "@*.shop.example"]\notherwise = "rewrite"\n')
    for sender, kept in (("root@web1.internal", "orders@shop.example"), ("a@news.shop.example", "a@news.shop.example")):
        recipient = f"{sender.split('@')[0]}@receiver.example"
        relay.send(sender, recipient, message(sender=sender, to=recipient), port=SUBMISSION_PORT, user="shop",
                   starttls=True)
        envelope, content = world.sinks[0].message_to(recipient)
        assert envelope["mail_from"] == kept
        assert f"From: Shop <{kept}>" in (content if isinstance(content, str) else content.decode())


def test_domains_of_a_file_are_read_at_a_reload(world):
    world.receiver("receiver.example")
    relay = world.add_relay()
    relay.add_user("shop")
    (relay.folder / "domains").write_text("# as the panel writes them\nshop.example\n")
    relay.users.write_text(relay.users.read_text() + 'senders_file = "domains"\n')
    world.start()
    send(relay, "a@receiver.example")
    client = relay.smtp(SUBMISSION_PORT, user="shop", starttls=True)
    assert client.mail("a@new.example") == (
        553, b"5.7.1 This login may not send as <a@new.example>; it may use @shop.example")
    client.close()
    (relay.folder / "domains").write_text("shop.example\nnew.example\n")
    assert relay.run("reload").returncode == 0
    client = relay.smtp(SUBMISSION_PORT, user="shop", starttls=True)
    assert client.mail("a@new.example")[0] == 250
    client.close()


def test_accounts_of_this_machine_count_as_logins(world, tmp_path):
    socket = tmp_path / "submit"
    world.receiver("receiver.example")
    relay = world.add_relay(settings={"limits": "login_daily = 1"},
                            extra=f'[[listener]]\nbind = "unix:{socket}"\nallow_users = ["*"]\n'
                                  f'spool = "{tmp_path}/spool"\n')
    world.start()

    def session(recipient):
        done = subprocess.run(
            [harness.BIN / "signpost", "sendmail", "-C", relay.config, "-bs"], capture_output=True, text=True,
            timeout=harness.DEADLINE,
            input=f"EHLO x\r\nMAIL FROM:<s@shop.example>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n"
                  "From: s@shop.example\r\n\r\nHi\r\n.\r\nQUIT\r\n")
        return done.stdout

    account = f"uid:{os.getuid()}"
    assert "queued as" in session("a@receiver.example")
    assert f"450 4.7.1 The login {account} may send to 1 recipient a day" in session("b@receiver.example")
    assert shown(relay, account)["login", "daily"]["left"] == 0


def test_a_damaged_file_of_counters_stops_nothing(world):
    relay = start(world, users="daily = 5\n")
    send(relay, "a@receiver.example")
    assert relay.stop() == 0
    counters = relay.folder / "data/quota-counters"
    assert counters.read_text().startswith("signpost quota counters 1\nlogin ")
    assert counters.stat().st_mode & 0o777 == 0o600
    counters.write_text("nonsense\n")
    relay.launch()
    assert relay.wait_event("quota_counters_lost")["detail"] == "is not a file of counters"
    assert shown(relay)["login", "daily"]["used"] == 0
    send(relay, "b@receiver.example")
    assert relay.stop() == 0
    assert counters.read_text().startswith("signpost quota counters 1\nlogin ")
    relay.launch()
    assert shown(relay)["login", "daily"]["used"] == 1
