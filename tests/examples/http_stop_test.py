#!/usr/bin/python3 -B
"""How http_hello begins, and how it ends.

    http_stop_test.py HTTP_HELLO
"""

import os
import signal
import socket
import sys
import time
import unittest

import serving
from http_client import GET, HELLO, ask, response

PROGRAM = ""
LONG = "3600"  # a grace that no test waits for
HALF_A_HEAD = b"GET / HTTP/1.1\r\nHo"
THE_OTHER_HALF = b"st: here\r\n\r\n"


class http_stop(unittest.TestCase):
    def start(self, *options, **settings):
        self.server = serving.Server(PROGRAM, *options, **settings)
        self.addCleanup(self.server.kill)

    def client(self):
        made = self.server.connect()
        self.addCleanup(made.close)
        return made

    def client_with(self, running):
        """A client of whose request the server has read this, which is not all of it."""
        client = self.client()
        client.sendall(GET + running)  # one packet, one read: once the first is answered, the second is begun
        self.assert_hello(response(client))
        return client

    def assert_hello(self, got):
        self.assertEqual((got.status, got.body), (200, HELLO))

    def begin_to_stop(self, how=signal.SIGINT):
        self.server.send(how)
        serving.eventually(self.server.refuses_connections, "the server lets nobody in any more")

    def assert_ended(self):
        self.assertEqual((self.server.wait(), self.server.problems), (0, ""))

    # The end

    def test_closes_idle_connections_and_ends_with_0(self):
        for how in [signal.SIGINT, signal.SIGTERM]:
            with self.subTest(how.name):
                self.start("--grace", LONG)
                fresh = [self.client() for _ in range(5)]
                alive = [self.client() for _ in range(20)]
                for _ in range(2):
                    for client in alive:
                        self.assert_hello(ask(client))
                self.server.stop(how)
                for client in fresh + alive:
                    self.assertEqual(client.read_to_end(), b"")

    def test_ends_without_a_client(self):
        for how in [signal.SIGINT, signal.SIGTERM]:
            with self.subTest(how.name):
                self.start("--grace", LONG)
                self.assertEqual(self.server.stop(how), "")

    def test_ends_while_it_has_no_place_for_a_client(self):
        self.start("--grace", LONG, "--connections", "2")
        clients = [self.client() for _ in range(2)]
        for client in clients:
            self.assert_hello(ask(client))
        waiting = self.client()
        waiting.sendall(GET)
        self.server.stop()

    def test_ends_while_it_has_no_descriptors(self):
        self.start("--grace", LONG, "--connections", "1000", "--workers", "2", descriptors=30)
        clients = [self.client() for _ in range(50)]
        for client in clients:
            client.sendall(GET)
        self.assertIn("Too many open files", self.server.problem())
        self.server.stop()

    def test_a_request_that_has_begun_is_still_answered(self):
        for running, rest in [
                (HALF_A_HEAD, THE_OTHER_HALF),
                (b"GET / HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\nab", b"cde"),
        ]:
            with self.subTest(running):
                self.start("--grace", LONG)
                client = self.client_with(running)
                idle = self.client()
                self.assert_hello(ask(idle))
                self.begin_to_stop()
                self.assertEqual(idle.read_to_end(), b"")
                got = ask(client, rest)
                self.assert_hello(got)
                self.assertTrue(got.closes)
                self.assertEqual(client.read_to_end(), b"")
                client.close()
                self.assert_ended()

    def test_grace_has_an_end(self):
        self.start("--grace", "0.5")
        client = self.client_with(HALF_A_HEAD)
        began = time.monotonic()
        self.server.stop()
        self.assertGreaterEqual(time.monotonic() - began, 0.5)
        self.assertEqual(client.read_to_end(), b"")

    def test_a_second_signal_ends_it_at_once(self):
        for first, second in [(signal.SIGINT, signal.SIGINT), (signal.SIGTERM, signal.SIGINT)]:
            with self.subTest((first.name, second.name)):
                self.start("--grace", LONG)
                client = self.client_with(HALF_A_HEAD)
                self.begin_to_stop(first)
                self.server.stop(second)
                self.assertEqual(client.read_to_end(), b"")

    def test_a_client_that_does_not_read_does_not_keep_it(self):
        self.start("--grace", "0.2")
        client = self.client()
        client.setblocking(False)
        stalled = 0

        def is_stalled():
            nonlocal stalled
            try:
                client.send(1000 * GET)
                stalled = 0
            except BlockingIOError:
                stalled += 1
            return stalled == 3

        serving.eventually(is_stalled, "both socket buffers are full")
        self.server.stop()

    def test_stops_under_load(self):
        self.start()
        clients = [self.client() for _ in range(50)]
        for client in clients:
            client.sendall(20 * GET)
        self.assertEqual(self.server.stop(), "")
        for client in clients:
            answers = client.read_to_end()
            self.assertEqual(answers.count(b"HTTP/1.1 200 OK"), answers.count(HELLO))  # whole ones

    # The beginning

    def test_a_port_in_use_is_an_error(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            status, problems = serving.ended_by_itself(PROGRAM, "--port", str(taken.getsockname()[1]))
        self.assertEqual(status, 1)
        self.assertRegex(problems, r"^http_hello: .*127\.0\.0\.1:\d+: Address already in use\n$")

    def test_options_that_cannot_be_meant_are_an_error(self):
        for options, complaint in [
                (["--nonsense"], "--nonsense"),
                (["--port", "70000"], "--port"),
                (["--port", "http"], "--port"),
                (["--connections", "0"], "--connections"),
                (["--head-timeout", "-1"], "--head-timeout"),
                (["--address", "localhost"], '"localhost" is no numeric address'),
                (["--address", "192.0.2.1"], "Cannot assign requested address"),
        ]:
            with self.subTest(options):
                status, problems = serving.ended_by_itself(PROGRAM, *options)
                self.assertNotEqual(status, 0)
                self.assertIn(complaint, problems)

    def test_a_stopped_server_leaves_its_port_at_once(self):
        self.start()
        self.assert_hello(ask(self.client()))
        port = str(self.server.address[1])
        self.server.stop()
        with serving.Server(PROGRAM, "--port", port) as again:
            self.assertEqual(str(again.address[1]), port)
            with again.connect() as client:
                self.assert_hello(ask(client))
            again.stop()


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
