"""The same by google-genai, as its users do it: nothing in it reads a file of results."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from operator import itemgetter
from pathlib import Path
from typing import Any

from google import genai
from google.genai import types

from tests.benchmarks.memory import Peak

Key = Callable[[str], Any]
Rows = list[tuple[Any, types.GenerateContentResponse | None]]


def rows_of(content: bytes, key: Key) -> Rows:
    """Read results, and put them in order."""
    rows: Rows = []
    for line in content.split(b"\n"):
        if line:
            row = json.loads(line)
            answer = row.get("response")
            typed = None if answer is None else types.GenerateContentResponse.model_validate(answer)
            rows.append((key(row["key"]), typed))
    rows.sort(key=itemgetter(0))
    return rows


def touch(rows: Rows) -> int:
    """Touch the text of every answer, and return how many there are."""
    count = 0
    for _, answer in rows:
        if answer is not None and answer.text:
            count += 1
    return count


def read_whole(path: str) -> dict[str, float]:
    """Read a file with integer keys as users of google-genai do; tell its time and memory."""
    peak, begun = Peak(), time.process_time()
    touch(rows_of(Path(path).read_bytes(), int))
    return {"seconds": time.process_time() - begun, "megabytes": peak.megabytes()}


def client_of(url: str) -> genai.Client:
    """Return a client of google-genai that is led to another address."""
    return genai.Client(api_key="any-key", http_options=types.HttpOptions(base_url=url))


def first_result(url: str, stem: str) -> dict[str, float]:
    """Download results with google-genai, and take the first; tell its time and memory."""
    peak, begun = Peak(), time.perf_counter()
    with client_of(url) as client:
        job = client.batches.get(name=f"batches/{stem}")
        if job.dest is None or job.dest.file_name is None:
            raise ValueError(f"{stem} has no results")
        rows = rows_of(client.files.download(file=job.dest.file_name), int)
        if rows[0][0] != 0:
            raise ValueError(f"the first result is that of {rows[0][0]}")
        taken = time.perf_counter() - begun
    return {"seconds": taken, "megabytes": peak.megabytes()}
