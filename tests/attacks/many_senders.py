"""One client of a trusted network writes another sender domain into each message, for names that lead to hosts which take
connections and never answer. Each sender domain is an account of its own, so that a share by account bounds nothing.

Before: 400 sender domains took all 192 connections, and 71 of 90 messages of another client for another receiver waited.
After: the client itself has seven eighths of them (168) at most, and none waits.
"""

import arena
import silent_wildcard


def main():
    sizes = arena.options(__doc__, names=(400, 2000), addresses=(20, 20), seconds=(6.0, 20.0))
    hosts, lost = silent_wildcard.attack("senders", sizes, sizes.addresses, "as many sender domains",
                                         sender="a@spammer{}.example")
    assert hosts.most <= silent_wildcard.DESCRIPTORS // 4 * 7 // 8, hosts.most
    assert lost == 0, lost


if __name__ == "__main__":
    main()
