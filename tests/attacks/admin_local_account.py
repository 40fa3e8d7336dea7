#!/usr/bin/python3
"""Another account of the machine (nobody) wants to list and remove mail, over HTTP and with the relay's commands.

Before: `su nobody`, and everything was removed, with nothing in the log but "operator". After: HTTP without the token
serves health and metrics only, the socket is closed to it, root's commands work, and the log says who they were.
Needs root, to become nobody.
"""

import json
import os
import shutil
import subprocess
import sys

import arena
import harness

given = arena.options(__doc__)
if os.geteuid() != 0:
    print("skipped: needs root")
    sys.exit(0)

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def as_nobody(*words):
    done = subprocess.run([*NOBODY, *map(str, words)], capture_output=True, text=True, timeout=30)
    return done.stdout + done.stderr


def over_http(relay, method, path, *more):
    return as_nobody("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-X", method, *more,
                     f"http://{relay.host}:{harness.ADMIN_PORT}{path}")


with arena.Arena("admin-account") as scene:
    scene.dns.mx("down.example", (10, "mx.down.example", scene.address()))  # where nobody listens
    scene.dns.reload()
    relay = scene.relay
    for name in ("one", "two"):
        relay.send("orders@shop.example", "someone@down.example", arena.LETTER.format(name))
    harness.wait_until(lambda: len(relay.queue("list")["jobs"]) == 2, "the messages in the queue")
    # Even if all folders on the way and the configuration are open to everyone.
    for folder in (scene.folder, relay.folder, relay.folder / "data"):
        folder.chmod(0o755)
    relay.config.chmod(0o644)
    program = shutil.copy2(harness.BIN / "signpost", scene.folder)
    as_json = ["-H", "Content-Type: application/json", "-d", '{"from": "orders@shop.example"}']
    with scene.watch() as seen:
        answers = {
            "list": over_http(relay, "GET", "/api/v1/queue"),
            "remove": over_http(relay, "POST", "/api/v1/queue/remove", *as_json),
            "reload": over_http(relay, "POST", "/api/v1/reload", *as_json),
            "health": over_http(relay, "GET", "/healthz"),
            "metrics": over_http(relay, "GET", "/metrics"),
        }
        said = as_nobody(program, "-c", relay.config, "queue", "remove", "--from", "orders@shop.example", "--yes")
    left = relay.queue("list", "--to", "down.example")["jobs"]
    seen.tell("what an account of the machine asked for")
    print(f"{answers}; {len(left)} of 2 messages left; the command says {said!r}")
    seen.check()
    assert len(left) == 2
    assert list(answers.values()) == ["403", "403", "403", "200", "200"], answers
    assert "Permission denied: root and the members of group root may use it" in said, said
    assert as_nobody("curl", "-s", "--unix-socket", relay.admin_socket, "http://localhost/api/v1/queue") == ""

    removed = relay.run("queue", "remove", left[0]["id"], "--yes")
    assert removed.returncode == 0, removed.stderr
    assert relay.run("queue", "retry", left[1]["id"]).returncode == 0
    assert relay.run("reload").returncode == 0
    for event in ("removed", "retried", "config_reloaded"):
        by = relay.wait_event(event)["by"]
        print(f"{event} by {by}")
        assert by.startswith("root, uid 0, pid "), by
    assert json.loads(relay.get("/api/v1/queue?to=down.example")[1])["jobs"][0]["id"] == left[1]["id"]
