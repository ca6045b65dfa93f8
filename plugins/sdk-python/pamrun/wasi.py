"""The host, over WASI: HTTP through the gate, the clocks of Python, our log. In a component only."""

import re
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from componentize_py_types import Err, Ok
from wit_world.imports import log, outgoing_handler, types
from wit_world.imports.streams import InputStream, StreamError_Closed

from .host import Answer, Call, Level, Lost, NotSent, Refused, SendError

# What `blocking-write-and-flush` takes at once.
_CHUNK = 4096
_READ = 64 * 1024

_METHODS: dict[str, Callable[[], types.Method]] = {
    "GET": types.Method_Get,
    "HEAD": types.Method_Head,
    "POST": types.Method_Post,
    "PUT": types.Method_Put,
    "PATCH": types.Method_Patch,
    "DELETE": types.Method_Delete,
}

_REFUSED = {"HttpRequestDenied", "DestinationIpProhibited"}
# What is not known to have happened before the request went out counts as lost.
_NOT_SENT = {
    "DnsTimeout",
    "DnsError",
    "DestinationNotFound",
    "DestinationUnavailable",
    "DestinationIpUnroutable",
    "ConnectionRefused",
    "ConnectionTimeout",
    "ConnectionLimitReached",
    "TlsProtocolError",
    "TlsCertificateError",
    "TlsAlertReceived",
    "HttpRequestLengthRequired",
    "HttpRequestBodySize",
    "HttpRequestMethodInvalid",
    "HttpRequestUriInvalid",
    "HttpRequestUriTooLong",
    "HttpRequestHeaderSectionSize",
    "HttpRequestHeaderSize",
}


class Wasi:
    """The world outside a component."""

    def send(self, call: Call) -> Answer:
        request, body = _outgoing(call)
        try:
            future = outgoing_handler.handle(request, None)
        except Err as error:
            raise _sorted(error.value, sent=False) from None
        # A refused request takes its body unread: only the answer knows why the writing failed.
        written = _write(body, call.body)
        with future:
            with future.subscribe() as ready:
                ready.block()
            match future.get():
                case Ok(Ok(answer)):
                    if not written:
                        raise Lost("the request could not be written")
                    return _read(answer)
                case Ok(Err(code)):
                    raise _sorted(code, sent=True)
        raise Lost("the host gave no answer")

    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def log(self, level: Level, message: str) -> None:
        log.write(log.Level[level.upper()], message)


def _outgoing(call: Call) -> tuple[types.OutgoingRequest, types.OutgoingBody]:
    url = urlsplit(call.url)
    schemes: dict[str, types.Scheme] = {"https": types.Scheme_Https(), "http": types.Scheme_Http()}
    if url.scheme not in schemes:
        raise NotSent("the scheme of the URL must be https")
    headers = dict(call.headers)
    if call.body:
        headers["content-length"] = str(len(call.body))
    fields = types.Fields()
    part = ""
    try:
        for name, value in headers.items():
            part = f"header {name}"
            fields.append(name, value.encode())
        request = types.OutgoingRequest(fields)
        method = _METHODS.get(call.method)
        part = "method"
        request.set_method(method() if method else types.Method_Other(call.method))
        part = "URL"
        request.set_scheme(schemes[url.scheme])
        request.set_authority(url.netloc)
        request.set_path_with_query((url.path or "/") + (f"?{url.query}" if url.query else ""))
        return request, request.body()
    except Err:
        raise NotSent(f"the {part} of the request is not one that can be sent") from None


def _write(body: types.OutgoingBody, data: bytes) -> bool:
    try:
        with body.write() as stream:
            for at in range(0, len(data), _CHUNK):
                stream.blocking_write_and_flush(data[at : at + _CHUNK])
        types.OutgoingBody.finish(body, None)
    except Err:
        return False
    return True


def _read(answer: types.IncomingResponse) -> Answer:
    with answer:
        status = answer.status()
        with answer.headers() as fields:
            entries = fields.entries()
        headers: dict[str, str] = {}
        for name, value in entries:
            text = value.decode("latin-1")
            headers[name] = f"{headers[name]}, {text}" if name in headers else text
        with answer.consume() as body, body.stream() as stream:
            return Answer(status, headers, _read_all(stream))


def _read_all(stream: InputStream) -> bytes:
    data = bytearray()
    while True:
        try:
            data += stream.blocking_read(_READ)
        except Err as error:
            if isinstance(error.value, StreamError_Closed):
                return bytes(data)
            raise Lost("the answer broke off") from None


def _sorted(code: types.ErrorCode, sent: bool) -> SendError:
    """Sorts the host's reasons by the one question that matters: may the service have acted?"""
    name = type(code).__name__.removeprefix("ErrorCode_")
    # `ConnectionRefused` is "connection refused".
    reason = re.sub(r"(?<!^)(?=[A-Z])", " ", name).lower()
    if isinstance(code, types.ErrorCode_InternalError) and code.value:
        reason = code.value
    if name in _REFUSED:
        return Refused(reason)
    return NotSent(reason) if name in _NOT_SENT or not sent else Lost(reason)
