"""A server in a process of its own, on a free port, and clients of it.

    server = serving.Server(PROGRAM, "--connections", "4")     # waits for its "listening on ..." line
    server.connect().sendall(b"...")
    server.stop()                                               # SIGINT; fails unless it ends with 0

Nothing here sleeps: what waits, waits for a condition, for PATIENCE seconds at most.
"""

import re
import resource
import select
import signal
import socket
import subprocess
import time

from reports import without_blocked_workers

PATIENCE = 60  # seconds; turns a hang into a red test


class Server:
    def __init__(self, program, *options, descriptors=None):
        limit = None
        if descriptors is not None:
            limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
        port = [] if "--port" in options else ["--port", "0"]
        self.process = subprocess.Popen(
            [program, *port, *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, preexec_fn=limit)
        self.problems = ""
        line = self.process.stdout.readline()
        found = re.fullmatch(r"listening on (\S+):(\d+)\n", line)
        if not found:
            self.kill()
            raise AssertionError('expected "listening on ADDRESS:PORT", came %r; stderr: %s' % (line, self.problems))
        self.address = (found[1].strip("[]"), int(found[2]))
        self.url = "http://%s:%s" % (found[1], found[2])

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.kill()

    def connect(self, **options):
        return Client(self.address, **options)

    def send(self, which=signal.SIGINT):
        self.process.send_signal(which)

    def wait(self):
        """Waits for the end; gives the exit status."""
        _, self.problems = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode

    def stop(self, which=signal.SIGINT):
        """Asks it to end, and fails unless it ends with 0. Gives what it wrote to standard error."""
        self.send(which)
        status = self.wait()
        if status != 0:
            raise AssertionError("expected exit status 0 after %s, came %s: %s" % (which.name, status, self.problems))
        return without_blocked_workers(self.problems)

    def kill(self):
        if self.process.returncode is None:
            self.process.kill()
            _, self.problems = self.process.communicate()

    def problem(self):
        """Waits for a line on standard error; stop() then gives those that follow."""
        line = ""
        while not without_blocked_workers(line):
            if not select.select([self.process.stderr], [], [], PATIENCE)[0]:
                raise AssertionError("expected a line on standard error, came none in %d s" % PATIENCE)
            line = self.process.stderr.readline()
            if not line:
                break
        return line

    def refuses_connections(self):
        try:
            self.connect().close()
            return False
        except ConnectionError:
            return True


class Client(socket.socket):
    """A connection. A reset by the peer reads as the end of the stream."""

    def __init__(self, address, receive_buffer=None):
        super().__init__(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        if receive_buffer is not None:
            self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.settimeout(PATIENCE)
        self.unread = b""
        try:
            self.connect(address)
        except BaseException:
            self.close()
            raise

    def _more(self):
        try:
            return self.recv(1 << 16)
        except ConnectionResetError:
            return b""

    def read_until(self, mark):
        """Up to the mark and with it, or up to the end of the stream."""
        while mark not in self.unread:
            more = self._more()
            if not more:
                got, self.unread = self.unread, b""
                return got
            self.unread += more
        at = self.unread.index(mark) + len(mark)
        got, self.unread = self.unread[:at], self.unread[at:]
        return got

    def read_exactly(self, count):
        while len(self.unread) < count:
            more = self._more()
            if not more:
                raise AssertionError("expected %d bytes, came %d and the end" % (count, len(self.unread)))
            self.unread += more
        got, self.unread = self.unread[:count], self.unread[count:]
        return got

    def read_to_end(self):
        got = self.unread
        self.unread = b""
        while True:
            more = self._more()
            if not more:
                return got
            got += more

    def has_ended(self):
        """Whether the peer has closed, as far as is known now. What else came can be read later."""
        while select.select([self], [], [], 0)[0]:
            more = self._more()
            if not more:
                return True
            self.unread += more
        return False

    def send_and_see_it_read(self, data):
        """Sends, and waits until the server has taken the bytes out of its socket: what follows is another read's."""
        self.sendall(data)
        ends = [self.getpeername()[1], self.getsockname()[1]]
        eventually(lambda: unread_bytes(*ends) == 0, "the server has read %r" % data)


def unread_bytes(local_port, remote_port):
    """What waits in the receiving queue of a loopback connection's end; None where there is no such connection."""
    with open("/proc/net/tcp") as connections:
        for line in connections.readlines()[1:]:
            _, local, remote, _, queues = line.split()[:5]
            if [int(end.split(":")[1], 16) for end in (local, remote)] == [local_port, remote_port]:
                return int(queues.split(":")[1], 16)
    return None


def ended_by_itself(program, *options):
    """(exit status, standard error) of a server that is not expected to serve."""
    done = subprocess.run(
        [program, *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        timeout=PATIENCE)
    return done.returncode, done.stderr


def eventually(condition, what):
    """Waits until `condition()` holds, looking again and again."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited %d s in vain until %s" % (PATIENCE, what))
        select.select([], [], [], 0.01)
