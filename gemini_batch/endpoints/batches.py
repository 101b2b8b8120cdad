"""Batches: https://ai.google.dev/api/batch-api."""

from __future__ import annotations

import msgspec
from attrs import frozen

from .. import codec, rawjson
from ..effects import Request, Response
from ..errors import ProtocolError
from ..labels import split_display_name
from ..models.operation import BatchMetadata, BatchOperation, BatchState, BatchStats
from ..models.status import Status
from ..settings import Api
from ..text import printable
from .names import is_name, require_model, require_name
from .replies import JSON, Page, body_of, legible, page_of, paged


def build_create(
    api: Api, model: str, body: bytes, read_timeout: float, verb: str = "batchGenerateContent"
) -> Request:
    """https://ai.google.dev/api/batch-api#method:-models.batchgeneratecontent.

    https://ai.google.dev/api/embeddings#method:-models.asyncbatchembedcontent.
    """
    path = api.path(f"{require_model(model)}:{verb}")
    return Request("POST", path, dict(JSON), body, read_timeout=read_timeout)


def file_batch(display_name: str, file_name: str) -> bytes:
    """Return the body of a create whose requests are in a file."""
    batch = {"displayName": display_name, "inputConfig": {"fileName": file_name}}
    return msgspec.json.encode({"batch": batch})


def inline_batch(display_name: str, requests: bytes) -> bytes:
    """Return the body of a create around its ``requests``, a JSON array already encoded.

    The message ``InlinedRequests`` has a member of its own name, hence the double nesting.
    """
    inlined = {"requests": {"requests": msgspec.Raw(requests)}}
    return msgspec.json.encode({"batch": {"displayName": display_name, "inputConfig": inlined}})


def build_get(api: Api, name: str) -> Request:
    """https://ai.google.dev/api/batch-api#method:-batches.get."""
    return Request("GET", api.path(require_name(name, "batches")))


def build_cancel(api: Api, name: str) -> Request:
    """https://ai.google.dev/api/batch-api#method:-batches.cancel."""
    return Request("POST", api.path(f"{require_name(name, 'batches')}:cancel"), dict(JSON), b"{}")


def build_delete(api: Api, name: str) -> Request:
    """https://ai.google.dev/api/batch-api#method:-batches.delete."""
    return Request("DELETE", api.path(require_name(name, "batches")))


def build_list(api: Api, page_size: int | None, page_token: str) -> Request:
    """https://ai.google.dev/api/batch-api#method:-batches.list."""
    return Request("GET", api.path(paged("batches", page_size, page_token)))


@frozen
class Look:
    """A batch, and the results that came with it, if they do not come in a file."""

    operation: BatchOperation
    inlined: tuple[msgspec.Raw, ...] = ()


def parse_operation(response: Response) -> Look:
    """Read an ``Operation``.

    The results stand in it twice; ``response`` is read, and ``metadata.output`` where it is
    missing. Its ``@type`` is not to be relied on.
    """
    return _look(body_of(response))


def parse_list(response: Response, must_read: bytes | None = None) -> Page[BatchOperation]:
    """Read a ``ListOperationsResponse``, but for the batches in it that cannot be read.

    One that cannot is an error all the same if it holds the text ``must_read``.
    """
    found, token = page_of(response, "operations")
    return Page(legible(found, lambda one: _look(one).operation, "batch", must_read), token)


def _look(body: bytes | msgspec.Raw) -> Look:
    top = rawjson.members(body)
    described = rawjson.members(top.pop("metadata", msgspec.Raw(b"{}")))
    kind = rawjson.parse(described.pop("@type", msgspec.Raw(b'""')))
    outputs = (top.pop("response", None), described.pop("output", None))
    metadata = codec.structure(
        {name: rawjson.parse(member) for name, member in described.items()}, BatchMetadata
    )
    name = codec.decode(top["name"], str) if "name" in top else metadata.name or ""
    if not is_name(name, "batches"):
        raise ProtocolError(f"the service names a batch {printable(ascii(name), 100)}")
    file, inlined = _output(outputs)
    display_name, label = split_display_name(metadata.display_name)
    operation = BatchOperation(
        name=name,
        state=BatchState.from_wire(metadata.state or BatchState.UNSPECIFIED),
        done=codec.decode(top["done"], bool) if "done" in top else False,
        display_name=display_name,
        label=label,
        raw_display_name=metadata.display_name,
        model=metadata.model,
        create_time=metadata.create_time,
        update_time=metadata.update_time,
        end_time=metadata.end_time,
        stats=(metadata.batch_stats or BatchStats()).completed(),
        error=codec.decode(top["error"], Status) if "error" in top else None,
        input_file=metadata.input_config.file_name if metadata.input_config else None,
        responses_file=file,
        inlined=inlined is not None,
        embeddings=_embeddings(str(kind)),
    )
    return Look(operation, inlined or ())


def _embeddings(kind: str) -> bool | None:
    """Tell the kind of a batch by the type of its metadata."""
    if "EmbedContent" in kind:
        return True
    return False if "GenerateContent" in kind else None


def _output(
    outputs: tuple[msgspec.Raw | None, ...],
) -> tuple[str | None, tuple[msgspec.Raw, ...] | None]:
    """Return the results file, or the inlined results, of the first output that has any."""
    for output in outputs:
        found = {} if output is None else rawjson.members(output)
        if "responsesFile" in found:
            file = codec.decode(found["responsesFile"], str)
            if is_name(file, "files"):
                return file, None
            raise ProtocolError(f"the service names a results file {printable(ascii(file), 100)}")
        if "inlinedResponses" in found:
            nested = rawjson.members(found["inlinedResponses"])
            responses = nested.get("inlinedResponses", msgspec.Raw(b"[]"))
            return None, tuple(rawjson.elements(responses))
    return None, None
