"""The REST API in this process: a WSGI application that does what API Gateway does in front of the
functions.

Routes, their functions and what they demand come from the expanded template. A request without
signature or key is turned away as the gateway responses say; a signature is not verified, it only
has to be there. What is known of a proxy event: parts of the path arrive decoded, of a parameter
that is given twice the last one counts, and a body is text.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote
from uuid import uuid4

from samples.envelopes import api_request
from samples.event_story import CALLER
from tests.template.reading import expanded, functions

STAGE = "/live"

type Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


class Route(NamedTuple):
    method: str
    path: str
    function: str
    demands: dict[str, Any]

    def parts(self, path: str) -> dict[str, str] | None:
        """The values of the path's parts, None for another path."""
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.path))
        found = re.fullmatch(pattern, path)
        return found.groupdict() if found else None


def routes() -> list[Route]:
    """As deployed: the document that SAM makes, those with fixed parts first."""
    return sorted(_routes(), key=lambda route: route.path.count("{"))


def _routes() -> Iterator[Route]:
    events = {
        (event["Properties"]["Method"].lower(), event["Properties"]["Path"]): name
        for name, function in functions().items()
        for event in function.get("Events", {}).values()
        if event["Type"] == "Api"
    }
    body = expanded()["Resources"]["Api"]["Properties"]["Body"]
    for path, methods in body["paths"].items():
        for method, demands in methods.items():
            yield Route(method, path, events[method, path], demands)


class Gateway:
    """`handlers` by the function's name."""

    def __init__(self, handlers: Mapping[str, Handler], context: Any) -> None:
        self._handlers = handlers
        self._context = context
        self._routes = routes()
        body = expanded()["Resources"]["Api"]["Properties"]["Body"]
        self._own = body["x-amazon-apigateway-gateway-responses"]

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        answer = self._answer(environ)
        status = HTTPStatus(answer["statusCode"])
        start(f"{status.value} {status.phrase}", list(answer["headers"].items()))
        return [answer["body"].encode()]

    def _answer(self, environ: dict[str, Any]) -> dict[str, Any]:
        method, path = environ["REQUEST_METHOD"].lower(), _path(environ)
        for route in self._routes:
            parts = route.parts(path) if route.method == method else None
            if parts is None:
                continue
            if "HTTP_AUTHORIZATION" not in environ:
                break
            if "HTTP_X_API_KEY" not in environ:
                return self._refusal("INVALID_API_KEY")
            event = _event(route, environ, {name: unquote(text) for name, text in parts.items()})
            return self._handlers[route.function](event, self._context)
        return self._refusal("MISSING_AUTHENTICATION_TOKEN")

    def _refusal(self, name: str) -> dict[str, Any]:
        own = self._own[name]
        headers = {
            key.rpartition(".")[2]: value.strip("'")
            for key, value in own["responseParameters"].items()
        }
        body = own["responseTemplates"]["application/json"]
        return {"statusCode": int(own["statusCode"]), "headers": headers, "body": body}


def _path(environ: dict[str, Any]) -> str:
    """Behind the stage, and as it was sent: a slash in a part is no end of it."""
    raw = environ.get("REQUEST_URI") or environ.get("RAW_URI")
    if raw:
        return str(raw).partition("?")[0].removeprefix(STAGE)
    decoded = str(environ["PATH_INFO"]).encode("latin-1").decode("utf-8", "replace")
    return decoded.removeprefix(STAGE)


def _event(route: Route, environ: dict[str, Any], parts: dict[str, str]) -> dict[str, Any]:
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").title(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    content = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    event = api_request(route.method.upper(), route.path, CALLER, path=parts, headers=headers)
    pairs = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    event["requestContext"]["requestId"] = str(uuid4())
    several: dict[str, list[str]] = {}
    for name, value in pairs:
        several.setdefault(name, []).append(value)
    return event | {
        "queryStringParameters": dict(pairs) or None,
        "multiValueQueryStringParameters": several or None,
        "body": content.decode("utf-8", "replace") or None,
    }
