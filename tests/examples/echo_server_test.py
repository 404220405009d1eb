#!/usr/bin/python3 -B
"""echo_server and real clients: everything comes back, byte by byte.

    echo_server_test.py ECHO_SERVER
"""

import os
import random
import select
import signal
import socket
import sys
import threading
import unittest

import serving

PROGRAM = ""
LONG = "3600"  # a grace that no test waits for


class echo_server(unittest.TestCase):
    def start(self, *options):
        self.server = serving.Server(PROGRAM, *options)
        self.addCleanup(self.server.kill)

    def client(self, **options):
        made = self.server.connect(**options)
        self.addCleanup(made.close)
        return made

    def assert_same(self, got, sent):
        # Not assertEqual: that would print megabytes.
        if got != sent:
            at = next((n for n, (a, b) in enumerate(zip(got, sent)) if a != b), min(len(got), len(sent)))
            self.fail("sent %d bytes, got %d; they differ at %d" % (len(sent), len(got), at))

    def test_echoes_small_pieces_byte_by_byte(self):
        self.start()
        client = self.client()
        numbers = random.Random(7)
        for _ in range(2000):
            piece = numbers.randbytes(numbers.randint(1, 7))
            client.sendall(piece)
            self.assertEqual(client.read_exactly(len(piece)), piece)
        self.server.stop()

    def test_echoes_small_pieces_that_do_not_wait_for_each_other(self):
        self.start()
        client = self.client()
        numbers = random.Random(8)
        everything = numbers.randbytes(20000)
        at = 0
        while at < len(everything):
            size = numbers.randint(1, 7)
            client.sendall(everything[at:at + size])
            at += size
        self.assert_same(client.read_exactly(len(everything)), everything)
        self.server.stop()

    def test_echoes_4_MiB_to_a_client_that_closes_its_own_side(self):
        self.start()
        client = self.client()
        everything = random.Random(9).randbytes(4 << 20)

        def send():
            client.sendall(everything)
            client.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        got = client.read_to_end()
        sender.join()
        self.assert_same(got, everything)
        self.server.stop()

    def test_a_client_that_does_not_read_stops_its_own_writing_and_loses_nothing(self):
        self.start()
        client = self.client(receive_buffer=4096)
        client.setblocking(False)
        piece = bytes(range(256)) * 256
        sent, refused = 0, 0
        while refused < 100:  # in a row, a moment each: all buffers are full
            try:
                sent += client.send(piece[sent % len(piece):])
                refused = 0
            except BlockingIOError:
                refused += 1
                select.select([], [client], [], 0.01)
        client.settimeout(serving.PATIENCE)
        client.shutdown(socket.SHUT_WR)
        self.assert_same(client.read_to_end(), (piece * (sent // len(piece) + 1))[:sent])
        self.server.stop()

    def test_echoes_to_a_hundred_clients_what_each_has_sent(self):
        self.start()
        clients = [self.client() for _ in range(100)]
        for turn in range(20):
            for number, client in enumerate(clients):
                client.sendall(b"%d of %d\n" % (turn, number))
            for number, client in enumerate(clients):
                self.assertEqual(client.read_until(b"\n"), b"%d of %d\n" % (turn, number))
        self.server.stop()

    def test_a_reset_connection_is_no_reason_to_end(self):
        self.start()
        for _ in range(50):
            client = self.client()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # close() resets
            client.sendall(1000 * b"x")
            client.close()
        client = self.client()
        client.sendall(b"still there?\n")
        self.assertEqual(client.read_until(b"\n"), b"still there?\n")
        self.assertEqual(self.server.stop(), "")

    def test_silent_clients_are_shut_out(self):
        self.start("--idle-timeout", "0.3")
        client = self.client()
        client.sendall(b"hello")
        self.assertEqual(client.read_to_end(), b"hello")
        self.server.stop()

    def test_closes_idle_connections_and_ends_with_0(self):
        for how in [signal.SIGINT, signal.SIGTERM]:
            with self.subTest(how.name):
                self.start("--grace", LONG)
                clients = [self.client() for _ in range(10)]
                for client in clients[:5]:
                    client.sendall(b"x\n")
                    self.assertEqual(client.read_until(b"\n"), b"x\n")
                self.assertEqual(self.server.stop(how), "")
                for client in clients:
                    self.assertEqual(client.read_to_end(), b"")

    def test_serves_over_ipv6(self):
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
        except OSError:
            self.skipTest("no IPv6 here")
        self.start("--address", "::1")
        client = self.client()
        client.sendall(b"six\n")
        self.assertEqual(client.read_until(b"\n"), b"six\n")
        self.server.stop()


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
