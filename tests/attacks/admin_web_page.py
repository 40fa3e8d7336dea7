#!/usr/bin/python3
"""A web page in an operator's browser posts to the admin port: from another origin as text/plain, which a browser
sends without asking, and under a name that the page's own DNS now resolves to 127.0.0.1.

Before: each of them removed the queued message and reloaded the configuration; the page under the foreign name read
the queue too. After: nothing over HTTP changes anything without the token, and a foreign Host is refused (421).
"""

import http.client

import arena
import harness

given = arena.options(__doc__)
REMOVE = '{"from": "orders@shop.example"}'


def ask(relay, method, path, body=None, **headers):
    connection = http.client.HTTPConnection(relay.host, harness.ADMIN_PORT, timeout=10)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    reply = connection.getresponse()
    reply.read()
    connection.close()
    return reply.status


with arena.Arena("admin-page") as scene:
    scene.dns.mx("down.example", (10, "mx.down.example", scene.address()))  # where nobody listens
    scene.dns.reload()
    relay = scene.relay
    relay.send("orders@shop.example", "someone@down.example", arena.LETTER.format("kept"))
    harness.wait_until(lambda: len(relay.queue("list")["jobs"]) == 1, "the message in the queue")
    reloads = len(relay.events("config_reloaded"))
    page = {"Origin": "https://evil.example", "Content_Type": "text/plain"}
    with scene.watch() as seen:
        answers = {
            "text/plain from another origin": ask(relay, "POST", "/api/v1/queue/remove", REMOVE, **page),
            "JSON from another origin": ask(relay, "POST", "/api/v1/queue/remove", REMOVE,
                                            **{**page, "Content_Type": "application/json"}),
            "the same under a foreign name": ask(relay, "POST", "/api/v1/queue/remove", REMOVE, Host="evil.example:8025",
                                                 Origin="http://evil.example:8025", Content_Type="application/json"),
            "a reload": ask(relay, "POST", "/api/v1/reload", "{}", **page),
            "the queue, under a foreign name": ask(relay, "GET", "/api/v1/queue", Host="evil.example:8025"),
            "metrics, under a foreign name": ask(relay, "GET", "/metrics", Host="evil.example:8025"),
            "metrics, under an address": ask(relay, "GET", "/metrics"),
            "metrics, under localhost": ask(relay, "GET", "/metrics", Host="localhost:8025"),
        }
    left = len(relay.queue("list", "--to", "down.example")["jobs"])
    seen.tell("what a web page asked for")
    print(f"{answers}; {left} of 1 messages left")
    seen.check()
    assert left == 1
    assert len(relay.events("config_reloaded")) == reloads
    assert list(answers.values()) == [403, 403, 421, 403, 421, 421, 200, 200], answers
