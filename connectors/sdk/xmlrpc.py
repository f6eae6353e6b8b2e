"""XML-RPC over the guarded client, as a transport for `xmlrpc.client.ServerProxy` and what is built upon it."""

from __future__ import annotations

import re
import xmlrpc.client
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from xml.parsers.expat import ExpatError

from defusedxml.common import DefusedXmlException
from defusedxml.xmlrpc import DefusedExpatParser

from connectors.sdk.answer import Answer
from connectors.sdk.errors import ConnectorError
from connectors.sdk.http import Api

READ_NAMES = ("get", "list", "supported", "search", "sayHello", "addTwo", "methodSignature", "methodHelp")
_METHOD = re.compile(rb"<methodName>\s*(?:[\w.]*\.)?(\w+)\s*</methodName>")


class XmlRpcTransport(xmlrpc.client.Transport):
    """Sends each call through an `Api`, so that guard, limits and translation hold for XML-RPC too.

    A fault becomes one of the SDK's errors: its number, as text, is looked up in the manifest's error codes, and read
    like an HTTP status where it is not there.
    """

    def __init__(self, api: Api, *, reads: Iterable[str] = READ_NAMES) -> None:
        """Take the client; methods whose last name begins with one of `reads` only read."""
        super().__init__()
        self._api = api
        self._reads = tuple(reads)

    def request(self, host: Any, handler: str, request_body: Any, verbose: bool = False) -> Any:  # noqa: FBT001, FBT002 - the base class's form
        """Send one call and return its unmarshalled result.

        Raises:
            ConnectorError: as for every call.
        """
        del host, verbose
        named = _METHOD.search(request_body)
        reads = named is not None and named.group(1).decode().startswith(self._reads)
        answer = self._api.ask(
            "POST", handler, content=bytes(request_body), headers={"Content-Type": "text/xml"}, reads=reads
        )
        return self._unmarshal(answer)

    def _unmarshal(self, answer: Answer) -> Any:
        builder = xmlrpc.client.Unmarshaller(use_builtin_types=False)
        parser: Any = DefusedExpatParser(builder)
        try:
            parser.feed(answer.body)
            parser.close()
            return builder.close()
        except xmlrpc.client.Fault as fault:
            failure = self._fault(answer, fault)
        except (ExpatError, DefusedXmlException, xmlrpc.client.ResponseError, ValueError, TypeError, LookupError):
            failure = answer.call.senseless("no XML-RPC answer", status=answer.status)
        raise failure from None

    def _fault(self, answer: Answer, fault: xmlrpc.client.Fault) -> ConnectorError:
        status = fault.faultCode if fault.faultCode in set(HTTPStatus) else HTTPStatus.BAD_REQUEST
        failure = self._api.fault(answer.call, str(fault.faultCode), fault.faultString, int(status))
        return failure or answer.call.senseless(f"fault {fault.faultCode}", status=answer.status)
