#!/usr/bin/python3 -B
"""http_hello and clients that want too much, or take too long about it.

    http_limits_test.py HTTP_HELLO
    http_limits_test.py HTTP_HELLO slowloris      # by hand: 64 clients, a byte a second, the default limits
"""

import os
import select
import sys
import time
import unittest

import serving
from http_client import GET, HELLO, ask, response

PROGRAM = ""
BEGINNING = b"GET / HTTP/1.1\r\nHost: here\r\n"
POST = b"POST / HTTP/1.1\r\nHost: here\r\n"


class http_limits(unittest.TestCase):
    def start(self, *options, **settings):
        self.server = serving.Server(PROGRAM, *options, **settings)
        self.addCleanup(self.server.kill)

    def client(self, **options):
        made = self.server.connect(**options)
        self.addCleanup(made.close)
        return made

    def assert_hello(self, got):
        self.assertEqual((got.status, got.body), (200, HELLO))

    def assert_refused(self, request, status):
        client = self.client()
        client.sendall(request)
        self.assert_refusal(client, status)

    def assert_refusal(self, client, status):
        got = response(client)
        self.assertEqual((got.status, got.closes), (status, True))
        self.assertEqual(client.read_to_end(), b"")
        client.close()

    # Sizes

    def test_a_head_has_so_many_bytes(self):
        self.start()
        rest = len(BEGINNING) + len(b"X: \r\n\r\n")
        largest = BEGINNING + b"X: " + (16384 - rest) * b"x" + b"\r\n\r\n"
        client = self.client()
        self.assert_hello(ask(client, largest))
        client.sendall(largest.replace(b"X: ", b"XX: "))
        self.assert_refusal(client, 431)
        self.assert_refused(b"GET /" + 20000 * b"x", 431)
        self.server.stop()

    def test_a_head_has_so_many_fields(self):
        self.start()
        client = self.client()
        fields = [b"X%d: y\r\n" % number for number in range(99)]
        self.assert_hello(ask(client, BEGINNING + b"".join(fields) + b"\r\n"))
        client.sendall(BEGINNING + b"".join(fields) + b"one: more\r\n\r\n")
        self.assert_refusal(client, 431)
        self.server.stop()

    def test_a_body_has_so_many_bytes(self):
        self.start("--body-limit", "1000")
        client = self.client()
        self.assertEqual(ask(client, POST + b"Content-Length: 1000\r\n\r\n" + 1000 * b"x").status, 405)
        chunk = b"1f4\r\n" + 500 * b"x" + b"\r\n"
        chunked = POST + b"Transfer-Encoding: chunked\r\n\r\n" + 2 * chunk
        self.assertEqual(ask(client, chunked + b"0\r\n\r\n").status, 405)
        self.assert_hello(ask(client))
        self.assert_refused(POST + b"Content-Length: 1001\r\n\r\n", 413)
        self.assert_refused(chunked + b"1\r\nx\r\n0\r\n\r\n", 413)
        self.server.stop()

    def test_a_client_that_sends_on_gets_its_refusal(self):
        self.start()
        self.assert_refused(POST + b"Content-Length: 1000000\r\n\r\n" + 1000000 * b"x", 413)
        client = self.client()
        self.assertEqual(ask(client, POST + b"Content-Length: 1000000\r\n\r\n").status, 413)
        for _ in range(5):
            client.send_and_see_it_read(b"on and on")  # a connection that was closed would answer with a reset
        client.close()
        self.server.stop()

    # Times

    def serve_until_shut_out(self, slow, sends):
        """`slow` clients send a byte each, again and again, while another one is served. Gives how often it was."""
        quick = self.client()
        served = 0

        def are_shut_out():
            nonlocal served
            self.assert_hello(ask(quick))
            served += 1
            for client in slow:
                if not client.has_ended():
                    try:
                        client.send(sends)
                    except ConnectionError:
                        pass  # it has ended since
            return all(client.has_ended() for client in slow)

        serving.eventually(are_shut_out, "the slow clients are shut out")
        self.assert_hello(ask(quick))
        return served

    def test_slow_heads_are_shut_out_while_others_are_served(self):
        self.start("--head-timeout", "1", "--idle-timeout", "600")
        slow = [self.client() for _ in range(64)]
        for number, client in enumerate(slow):
            # Of the first request, and of one that follows.
            client.sendall(BEGINNING if number % 2 == 0 else GET + BEGINNING + b"X: ")
        self.serve_until_shut_out(slow, b"x")
        self.server.stop()

    def test_a_slow_head_that_begins_behind_a_request_is_shut_out(self):
        self.start("--head-timeout", "1", "--idle-timeout", "600")
        client = self.client()
        self.assert_hello(ask(client, GET + b"GET /"))
        self.serve_until_shut_out([client], b"x")
        self.server.stop()

    def test_slow_bodies_are_shut_out_while_others_are_served(self):
        self.start("--body-timeout", "0.3", "--idle-timeout", "600")
        slow = [self.client() for _ in range(8)]
        for client in slow:
            client.sendall(POST + b"Content-Length: 60000\r\n\r\n")
        self.serve_until_shut_out(slow, b"x")
        self.server.stop()

    def test_clients_that_say_nothing_are_shut_out(self):
        self.start("--head-timeout", "1", "--idle-timeout", "0.4")
        silent, idle = self.client(), self.client()
        began = time.monotonic()
        self.assert_hello(ask(idle))
        self.assertEqual(idle.read_to_end(), b"")
        self.assertGreaterEqual(time.monotonic() - began, 0.4)
        self.assertEqual(silent.read_to_end(), b"")
        self.server.stop()

    def test_a_limit_is_not_enforced_before_its_time(self):
        self.start("--head-timeout", "0.5")
        began = time.monotonic()
        client = self.client()
        client.sendall(b"G")
        self.assertEqual(client.read_to_end(), b"")
        self.assertGreaterEqual(time.monotonic() - began, 0.5)
        self.server.stop()

    def test_clients_that_do_not_read_are_shut_out(self):
        self.start("--write-timeout", "0.3", "--idle-timeout", "600")
        client = self.client(receive_buffer=4096)
        client.setblocking(False)
        requests = 1000 * GET

        def is_shut_out():
            try:
                client.send(requests)
            except BlockingIOError:
                pass
            except ConnectionError:
                return True
            return False

        serving.eventually(is_shut_out, "the client that does not read is shut out")
        self.assert_hello(ask(self.client()))
        self.server.stop()

    # Numbers

    def test_further_connections_wait_for_a_place(self):
        self.start("--connections", "4")
        inside = [self.client() for _ in range(4)]
        for client in inside:
            self.assert_hello(ask(client))
        outside = [self.client() for _ in range(20)]
        for client in outside:
            client.sendall(GET)
        for client in inside:
            self.assert_hello(ask(client))
        waiting, _, _ = select.select(outside, [], [], 0)
        self.assertEqual(waiting, [], "more than 4 clients were served at one time")
        for at, client in enumerate(outside):
            inside[at].close()
            self.assert_hello(response(client))  # first come, first served
            inside.append(client)
        self.server.stop()

    def test_lives_on_without_descriptors(self):
        began = time.monotonic()
        self.start("--connections", "1000", "--workers", "2", descriptors=40)
        clients = [self.client() for _ in range(60)]
        for client in clients:
            client.sendall(GET)
        self.assertEqual(self.server.problem(),
                         "http_hello: accept: Too many open files; trying again every 50 ms\n")
        while clients:
            # Those that are served go, and make room for others.
            ready, _, _ = select.select(clients, [], [], serving.PATIENCE)
            self.assertNotEqual(ready, [], "nobody was served any more; %d wait" % len(clients))
            for client in ready:
                self.assert_hello(response(client))
                client.close()
                clients.remove(client)
        self.assert_hello(ask(self.client()))
        problems = self.server.stop()
        took = time.monotonic() - began
        pauses = int(problems.split("had to wait ")[1].split(" ")[0])
        self.assertGreaterEqual(pauses, 1)
        self.assertLessEqual(pauses, took / 0.05 + 1, "it spins")

    def test_keeps_its_defaults_below_what_the_system_allows(self):
        self.start("--workers", "2", descriptors=100)
        clients = [self.client() for _ in range(120)]
        for client in clients:
            client.sendall(GET)
        for client in clients:
            self.assert_hello(response(client))
            client.close()
        self.assertEqual(self.server.stop(), "", "it ran out of descriptors")


def slowloris():
    """64 clients send a byte a second each; curl's like is served meanwhile. Prints when the last is shut out."""
    with serving.Server(PROGRAM) as server:
        began = time.monotonic()
        slow = [server.connect() for _ in range(64)]
        for client in slow:
            client.sendall(BEGINNING + b"X: ")
        worst, served, next_byte = 0.0, 0, began + 1
        alive = slow
        while alive and time.monotonic() - began < 60:
            asked = time.monotonic()
            with server.connect() as quick:
                assert ask(quick).body == HELLO
            worst, served = max(worst, time.monotonic() - asked), served + 1
            select.select(alive, [], [], 0.05)
            alive = [client for client in alive if not client.has_ended()]
            if time.monotonic() >= next_byte:
                next_byte += 1
                for client in alive:
                    client.send(b"x")
        print("%d of 64 slow clients are shut out after %.2f s; meanwhile %d requests were served, the slowest in "
              "%.1f ms" % (64 - len(alive), time.monotonic() - began, served, worst * 1000))
        server.stop()
        return 1 if alive else 0


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    if sys.argv[1:] == ["slowloris"]:
        sys.exit(slowloris())
    unittest.main()
