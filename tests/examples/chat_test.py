#!/usr/bin/python3 -B
"""chat_server and clients with real sockets: who gets which lines, in which order, and who is shown the door.

    chat_test.py CHAT_SERVER
"""

import os
import signal
import socket
import subprocess
import sys
import unittest

from reports import without_blocked_workers

PROGRAM = ""
PATIENCE = 120  # seconds; turns a hang into a red test


class Client:
    """A member. Lines come and go without their newline; the end of the stream is None."""

    def __init__(self, port, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", port))
        self.incoming = self.socket.makefile("rb")

    def close(self):
        self.incoming.close()
        self.socket.close()

    def send(self, text):
        self.socket.sendall(text.encode() + b"\n")

    def line(self):
        got = self.incoming.readline()
        return got.decode().rstrip("\n") if got else None

    def lines_until(self, last):
        got = []
        while not got or got[-1] != last:
            got.append(self.line())
            if got[-1] is None:
                raise AssertionError("the stream ended before %r: %r" % (last, got[-5:]))
        return got

    def rest(self):
        return self.incoming.read().decode().splitlines()


class chat(unittest.TestCase):
    def start(self, *options):
        server = subprocess.Popen(
            [PROGRAM, "--port", "0", *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, universal_newlines=True)

        def end():
            server.kill()
            server.communicate()

        self.addCleanup(end)
        self.server = server
        self.clients = []
        self.port = int(server.stdout.readline().rsplit(":", 1)[1])

    def stop(self):
        self.server.send_signal(signal.SIGTERM)
        for client in self.clients:
            client.close()  # the server waits for that, up to --write-limit
        text, problems = self.server.communicate(timeout=PATIENCE)
        self.assertEqual((self.server.returncode, without_blocked_workers(problems)), (0, ""))
        return text

    def client(self, **options):
        client = Client(self.port, **options)
        self.addCleanup(client.close)
        self.clients.append(client)
        return client

    def member(self, name, room=None, **options):
        client = self.client(**options)
        guest = client.line().split()[2].rstrip(":")
        client.lines_until("* %s joined lobby" % guest)
        client.send("/nick " + name)
        client.lines_until("* %s is now %s" % (guest, name))
        if room:
            client.send("/join " + room)
            client.lines_until("* %s joined %s" % (name, room))
        return client

    def test_everyone_in_the_room_gets_every_line_once_and_in_one_order(self):
        self.start()
        ann, bob, cid = [self.member(name, "knitting") for name in ["ann", "bob", "cid"]]
        ann.lines_until("* cid joined knitting")
        bob.lines_until("* cid joined knitting")
        rounds = 100
        for number in range(rounds):  # all at once: nobody waits for an answer
            for name, client in [("ann", ann), ("bob", bob), ("cid", cid)]:
                client.send("%s says %d" % (name, number))
        heard = [[client.line() for _ in range(3 * rounds)] for client in (ann, bob, cid)]
        self.assertEqual(heard[0], heard[1])
        self.assertEqual(heard[0], heard[2])
        for name in ["ann", "bob", "cid"]:
            self.assertEqual(
                [line for line in heard[0] if line.startswith(name)],
                ["%s: %s says %d" % (name, name, number) for number in range(rounds)])
        self.stop()

    def test_another_room_hears_nothing(self):
        self.start()
        ann, bob = self.member("ann", "knitting"), self.member("bob", "weaving")
        ann.send("only for knitters")
        ann.lines_until("ann: only for knitters")
        bob.send("/who")
        self.assertEqual(bob.line(), "* in weaving: bob")
        self.stop()

    def test_tells_the_others_who_comes_goes_and_changes_names(self):
        self.start()
        ann, bob = self.member("ann", "loft"), self.member("bob", "loft")
        self.assertEqual(ann.line(), "* bob joined loft")
        bob.send("/nick ann")
        self.assertEqual(bob.line(), "* that name is taken")
        bob.send("/nick no spaces, please")
        self.assertEqual(bob.line(), "* a name has 1 to 20 letters, digits, - or _")
        bob.send("/nick rob")
        self.assertEqual(ann.line(), "* bob is now rob")
        self.assertEqual(bob.line(), "* bob is now rob")
        ann.send("/who")
        self.assertEqual(ann.line(), "* in loft: ann rob")
        bob.send("/join lobby")
        self.assertEqual(ann.line(), "* rob left loft")
        self.assertEqual(bob.line(), "* rob joined lobby")
        bob.send("/join loft")
        self.assertEqual(ann.line(), "* rob joined loft")
        self.assertEqual(bob.line(), "* rob joined loft")
        bob.send("/quit")
        self.assertEqual(bob.rest(), ["* goodbye"])
        self.assertEqual(ann.line(), "* rob left loft")
        cid = self.member("rob", "loft")  # the name is free again
        self.assertEqual(ann.line(), "* rob joined loft")
        cid.close()
        self.assertEqual(ann.line(), "* rob left loft")
        ann.send("/dance")
        self.assertEqual(ann.line(), "* there are /nick NAME, /join ROOM, /who, /quit")
        self.stop()

    def test_answers_what_came_before_the_end_of_the_stream(self):
        self.start()
        ann = self.member("ann")
        ann.socket.sendall(b"one\r\ntwo\x1b[2J\n\n/who\nnever ended")
        ann.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(ann.rest(), ["ann: one", "ann: two?[2J", "* in lobby: ann", "* goodbye"])
        self.stop()

    def test_does_not_take_a_line_that_is_too_long(self):
        self.start()
        ann = self.member("ann")
        sizes = [513, 100_000, *range(2000, 3100, 100)]  # whatever pieces they arrive in
        for size in [512, *sizes]:
            ann.send("x" * size)
        ann.send("here I am")
        got = ann.lines_until("ann: here I am")
        self.assertEqual(got[0], "ann: " + "x" * 512)
        self.assertEqual(got[1:-1], ["* a line has at most 512 bytes"] * len(sizes))
        self.stop()

    def test_drops_who_reads_too_slowly_and_serves_the_others(self):
        self.start("--outbox", "4096", "--write-limit", "1")
        ann, bob = self.member("ann", "loft"), self.member("bob", "loft")
        slow = self.member("slow", "loft", receive_buffer=4096)
        ann.lines_until("* slow joined loft")
        bob.lines_until("* slow joined loft")
        text = "y" * 500
        others = []
        for _ in range(100_000):  # 50 MB: more than any socket buffers
            ann.send(text)
            others.append(ann.line())
            if others[-1] != "ann: " + text:
                break
            others.append(bob.line())
            if others[-1] != "ann: " + text:
                break
        self.assertEqual(others[-1], "* slow left loft")
        got = slow.rest()
        self.assertLessEqual(set(got[:-1]), {"ann: " + text})  # the last line is half a line, or the reason
        self.assertLess(len(got), len(others))
        for client in (ann, bob):
            client.send("/who")
            self.assertIn("* in loft: ann bob", client.lines_until("* in loft: ann bob"))
        self.stop()

    def test_tells_a_slow_reader_why_when_it_reads_again(self):
        self.start("--outbox", "4096", "--write-limit", str(PATIENCE))
        ann, slow = self.member("ann"), self.member("slow", receive_buffer=4096)
        ann.lines_until("* guest2 is now slow")
        heard = ""
        for _ in range(100_000):  # what it says comes back, and it does not read
            slow.send("z" * 500)
            heard = ann.line()
            if heard != "slow: " + "z" * 500:
                break
        self.assertEqual(heard, "* slow left lobby")
        self.assertEqual(slow.rest()[-1], "* you read too slowly: goodbye")
        self.stop()

    def test_says_goodbye_to_who_says_nothing(self):
        self.start("--idle", "1")
        ann = self.client()
        self.assertEqual(ann.rest()[-1], "* you said nothing for too long: goodbye")
        self.stop()

    def test_has_room_for_fifty(self):
        self.start()
        members = [self.member("m%d" % number, "hall") for number in range(50)]
        members[0].lines_until("* m49 joined hall")
        for number, member in enumerate(members):
            member.send("I am %d" % number)
        expected = sorted("m%d: I am %d" % (number, number) for number in range(50))
        orders = set()
        for member in members:
            said = []
            while len(said) < 50:
                line = member.line()
                self.assertIsNotNone(line)
                if not line.startswith("*"):
                    said.append(line)
            self.assertEqual(sorted(said), expected)
            orders.add(tuple(said))
        self.assertEqual(len(orders), 1)
        self.stop()

    def test_tells_everybody_before_it_ends(self):
        for how in [signal.SIGTERM, signal.SIGINT]:
            with self.subTest(how):
                self.start()
                members = [self.member("ann"), self.member("bob", "loft")]
                self.server.send_signal(how)
                for member in members:
                    self.assertEqual(member.rest()[-1], "* the server is closing: goodbye")
                    member.close()
                self.server.communicate(timeout=PATIENCE)
                self.assertEqual(self.server.returncode, 0)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
