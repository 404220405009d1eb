"""Just enough of HTTP to say what came back, byte for byte where that matters."""

GET = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
HELLO = b"hello, world\n"


class Response:
    def __init__(self, status, fields, body):
        self.status = status
        self.fields = fields
        self.body = body

    @property
    def closes(self):
        return self.fields.get("connection") == "close"


def response(client, has_body=True):
    head = client.read_until(b"\r\n\r\n")
    if not head.endswith(b"\r\n\r\n"):
        raise AssertionError("expected a response, came %r and the end of the stream" % head)
    first, *lines = head.decode().split("\r\n")[:-2]
    fields = {}
    for line in lines:
        name, value = line.split(": ", 1)
        if name.lower() in fields:
            raise AssertionError("field %s came twice in %r" % (name, head))
        fields[name.lower()] = value
    version, status, _ = first.split(" ", 2)
    if version != "HTTP/1.1":
        raise AssertionError("expected HTTP/1.1, came %r" % first)
    body = client.read_exactly(int(fields["content-length"])) if has_body else b""
    return Response(int(status), fields, body)


def ask(client, request=GET, has_body=True):
    client.sendall(request)
    return response(client, has_body)
