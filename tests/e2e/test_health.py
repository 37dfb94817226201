"""posts health: whether the service is alive, for where there is no shell and no curl."""
import socket
import threading

import pytest
from conftest import run as posts

def test_health_is_of_what_answers(serve):
    server = serve("--store", "memory:")
    assert posts("health", f"127.0.0.1:{server.port}").stdout == f"127.0.0.1:{server.port} is alive\n"


@pytest.mark.parametrize("answer, words", [
    (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 503 Service Unavailable"),
    (b"220 mail.example ESMTP\r\n", "220 mail.example"),
    (b"", "Connection reset"),
])
def test_health_is_not_of_what_answers_otherwise(answer, words):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def once():
            with listener.accept()[0] as s:
                s.recv(1000)
                s.sendall(answer)

        thread = threading.Thread(target=once)
        thread.start()
        done = posts("health", f"127.0.0.1:{listener.getsockname()[1]}")
        thread.join()
    assert done.returncode == 1 and words in done.stderr, done


@pytest.mark.parametrize("where", ["8080", "localhost:8080", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:80x",
                                   "127.0.0.1:", "127.0.0.1:-1", ":8080", "1" * 300 + ":80", "1.2.3.4:80 x"])
def test_health_wants_an_address(where):
    done = posts("health", where)
    assert done.returncode == 2 and "use: posts health" in done.stderr


def test_nobody_there_is_not_healthy():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    done = posts("health", f"127.0.0.1:{port}")
    assert done.returncode == 1 and "Connection refused" in done.stderr
