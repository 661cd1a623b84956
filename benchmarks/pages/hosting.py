"""A web server that sends a folder as a static host does, compressed with brotli: python benchmarks/web.py"""

import mimetypes
import threading
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import brotli

from tests.support.pages.browser import Server

_TYPES: Final = {  # those that the standard library does not know everywhere
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}


@cache
def compressed(path: Path) -> bytes:
    """Gives a file's bytes as they travel. A host compresses once, as well as it can, and so does this."""
    return bytes(brotli.compress(path.read_bytes()))


class Host(Server):
    """A static host on 127.0.0.1 for one folder, until it is stopped.

    Attributes:
        url: The folder's address, with a slash at its end.
        sent: The bytes of each file that was asked for, compressed.
    """

    def __init__(self, folder: Path) -> None:
        self.sent: dict[str, int] = {}
        handler = partial(_Compressing, folder.resolve(), self.sent)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()


class _Compressing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or a small answer waits for the acknowledgement of the one before it
    wbufsize = -1

    def __init__(self, folder: Path, sent: dict[str, int], *arguments: Any) -> None:
        self._folder = folder
        self._sent = sent
        super().__init__(*arguments)

    def do_GET(self) -> None:
        asked = unquote(urlsplit(self.path).path)
        path = (self._folder / (asked.strip("/") or "index.html")).resolve()
        if not path.is_relative_to(self._folder) or not path.is_file():
            self.send_error(404)
            return
        body = compressed(path)
        self._sent[path.relative_to(self._folder).as_posix()] = len(body)
        self.send_response(200)
        kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Encoding", "br")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass
