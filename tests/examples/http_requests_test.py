#!/usr/bin/python3 -B
"""http_hello and real clients: what is answered to what.

    http_requests_test.py HTTP_HELLO
"""

import os
import subprocess
import sys
import unittest

import serving
from http_client import GET, HELLO, ask, response
from reports import without_blocked_workers

PROGRAM = ""


class http_requests(unittest.TestCase):
    def setUp(self):
        self.server = serving.Server(PROGRAM)
        self.addCleanup(self.server.kill)

    def tearDown(self):
        self.assertEqual(self.server.stop(), "")

    def client(self):
        made = self.server.connect()
        self.addCleanup(made.close)
        return made

    def assert_hello(self, got):
        self.assertEqual((got.status, got.body), (200, HELLO))

    def assert_refused(self, request, status):
        """The status, and nothing after it but the end of the stream."""
        client = self.client()
        got = ask(client, request)
        self.assertEqual((got.status, got.closes), (status, True), request)
        self.assert_end(client)

    def assert_end(self, client):
        self.assertEqual(client.read_to_end(), b"")
        client.close()  # the server waits for it, though not long

    def curl(self, *options):
        done = subprocess.run(
            ["curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", str(serving.PATIENCE), *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual((done.returncode, without_blocked_workers(done.stderr)), (0, ""))
        return done.stdout

    def test_curl_gets_the_page(self):
        self.assertEqual(self.curl("--write-out", "%{http_code} %{content_type}", self.server.url + "/"),
                         HELLO.decode() + "200 text/plain")

    def test_curl_uses_one_connection_for_many_requests(self):
        urls = [self.server.url + "/?%d" % number for number in range(20)]
        outputs = ["--output", os.devnull] * len(urls)
        connects = self.curl("--write-out", "%{num_connects},", *outputs, *urls)
        self.assertEqual(connects, "1," + "0," * 19)

    def test_curl_posts_a_body_and_goes_on(self):
        page = self.server.url + "/"
        codes = self.curl("--data", "x" * 5000, "--write-out", "%{http_code},", "--output", os.devnull, page, "--next",
                          "--silent", "--noproxy", "*", "--write-out", "%{http_code},%{num_connects}", "--output",
                          os.devnull, page)
        self.assertEqual(codes, "405,200,0")

    def test_keeps_a_connection_alive(self):
        client = self.client()
        for _ in range(100):
            got = ask(client)
            self.assert_hello(got)
            self.assertNotIn("connection", got.fields)

    def test_answers_what_came_in_one_packet_in_order(self):
        client = self.client()
        head = b"HEAD / HTTP/1.1\r\nHost: here\r\n\r\n"
        client.sendall(GET + b"GET /nowhere HTTP/1.1\r\nHost: here\r\n\r\n" + head + GET)
        self.assert_hello(response(client))
        self.assertEqual(response(client).status, 404)
        self.assertEqual(response(client, has_body=False).status, 200)
        self.assert_hello(response(client))

    def test_answers_three_requests_of_one_packet_by_one_write(self):
        client = self.client()
        one = len(self.bytes_of_one_answer(client))
        client.sendall(3 * GET)
        self.assertEqual(len(client.recv(1 << 16)), 3 * one)

    def bytes_of_one_answer(self, client):
        client.sendall(GET)
        return client.read_until(HELLO)

    def test_answers_more_requests_than_one_read_brings(self):
        client = self.client()
        count = 3000
        client.sendall(count * GET)
        for _ in range(count):
            self.assert_hello(response(client))

    def test_takes_requests_that_are_split_anywhere(self):
        client = self.client()
        chunked = b"GET /?q HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
        two = chunked + b"3\r\nabc\r\n0\r\nX: y\r\n\r\n" + GET
        for cut in range(1, len(two)):
            with self.subTest(cut=cut):
                client.send_and_see_it_read(two[:cut])
                client.sendall(two[cut:])
                self.assert_hello(response(client))
                self.assert_hello(response(client))

    def test_takes_a_request_byte_by_byte(self):
        client = self.client()
        for at in range(len(GET)):
            client.send_and_see_it_read(GET[at:at + 1])
        self.assert_hello(response(client))

    def test_answers_head_without_a_body(self):
        client = self.client()
        got = ask(client, b"HEAD / HTTP/1.1\r\nHost: here\r\n\r\n", has_body=False)
        self.assertEqual((got.status, got.fields["content-length"]), (200, str(len(HELLO))))
        self.assert_hello(ask(client))  # right after the head

    def test_has_one_page_only(self):
        client = self.client()
        for path in [b"/nowhere", b"//", b"/%2f", b"/" + 1000 * b"x", b"http://here/nowhere", b"*"]:
            with self.subTest(path):
                method = b"OPTIONS " if path == b"*" else b"GET "
                self.assertEqual(ask(client, method + path + b" HTTP/1.1\r\nHost: here\r\n\r\n").status, 404)
        for path in [b"/", b"/?a=b", b"/?" + 1000 * b"x", b"http://here/", b"http://here:80/?q"]:
            with self.subTest(path):
                self.assert_hello(ask(client, b"GET " + path + b" HTTP/1.1\r\nHost: here\r\n\r\n"))

    def test_says_which_methods_there_are(self):
        client = self.client()
        for method in [b"POST", b"PUT", b"DELETE", b"OPTIONS", b"TRACE", b"PATCH"]:
            got = ask(client, method + b" / HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\nab")
            self.assertEqual((got.status, got.fields.get("allow")), (405, "GET, HEAD"), method)

    def test_refuses_what_is_not_http_and_closes(self):
        for request in [
                b"hello\r\n\r\n",
                b"GET\r\n\r\n",
                b"GET / HTTP/3.7\r\nHost: here\r\n\r\n",
                b"GET / HTTP/1.1\r\nHost : here\r\n\r\n",
                b"GET / HTTP/1.1\r\nHost: here\r\nContent-Length: x\r\n\r\n",
                b"GET / HTTP/1.1\r\nHost: here\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                b"GET / HTTP/1.1\r\nHost: here\r\nX: \rTransfer-Encoding: chunked\r\n\r\n",
                b"GET / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        ]:
            with self.subTest(request):
                self.assert_refused(request, 400)

    def test_wants_one_host(self):
        for fields in [b"", b"Hos: here\r\n", b"Hosts: here\r\n", b"Host: here\r\nhOST: there\r\n"]:
            with self.subTest(fields):
                self.assert_refused(b"GET / HTTP/1.1\r\n" + fields + b"\r\n", 400)
        self.assert_hello(ask(self.client(), b"GET / HTTP/1.1\r\nX: y\r\nhOsT: here\r\nHosts: 2\r\n\r\n"))

    def test_answers_what_came_before_a_mistake(self):
        client = self.client()
        client.sendall(GET + b"nonsense\r\n\r\n" + GET)
        self.assert_hello(response(client))
        self.assertEqual(response(client).status, 400)
        self.assert_end(client)

    def test_closes_when_it_is_asked_to(self):
        client = self.client()
        client.sendall(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n" + GET)
        got = response(client)
        self.assert_hello(got)
        self.assertTrue(got.closes)
        self.assert_end(client)  # what came after is not answered

    def test_closes_after_a_request_of_http_1_0_unless_it_asks(self):
        client = self.client()
        got = ask(client, b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        self.assert_hello(got)
        self.assertEqual(got.fields["connection"], "keep-alive")
        got = ask(client, b"GET / HTTP/1.0\r\n\r\n")
        self.assert_hello(got)
        self.assertTrue(got.closes)
        self.assert_end(client)

    def test_takes_no_offer_of_another_protocol(self):
        client = self.client()
        self.assert_hello(ask(client, b"GET / HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"))
        self.assert_hello(ask(client))
        self.assertEqual(ask(client, b"CONNECT here:80 HTTP/1.1\r\nHost: here\r\n\r\n").status, 404)
        self.assert_hello(ask(client))

    def test_serves_a_client_that_closes_its_own_side(self):
        client = self.client()
        client.sendall(GET)
        client.shutdown(1)
        self.assert_hello(response(client))
        self.assert_end(client)

    def test_serves_many_at_once(self):
        clients = [self.client() for _ in range(200)]
        for _ in range(3):
            for client in clients:
                client.sendall(GET)
            for client in clients:
                self.assert_hello(response(client))


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
