"""Names and kinds that the API does not have are refused, in the words of the service."""

from typing import Any

import pytest

from tests.emulator.caller import MODEL, Caller, inline, items_of, jsonl, line, prompt_request

AT = "batch.input_config.requests.requests[0].request"
PAYLOAD = "Invalid JSON payload received. "


def refusal(caller: Caller, batch: dict[str, Any], verb: str = "batchGenerateContent") -> Any:
    """Create a batch that must be refused, and return the error."""
    response = caller.create(batch, verb)
    assert 400 == response.status_code
    error = response.json()["error"]
    assert "INVALID_ARGUMENT" == error["status"]
    assert 0 == caller.emulator.acted.count("create")
    return error


def refuse_request(caller: Caller, **members: Any) -> tuple[str, str]:
    """Create a batch of one request that must be refused; return the field and what is wrong."""
    error = refusal(caller, {"inputConfig": inline({"request": prompt_request("x") | members})})
    [detail] = error["details"]
    assert "type.googleapis.com/google.rpc.BadRequest" == detail["@type"]
    [violation] = detail["fieldViolations"]
    assert error["message"] == violation["description"]
    return violation["field"], violation["description"]


@pytest.mark.parametrize(
    ("members", "path", "name"),
    [
        ({"temperature": 1}, "", "temperature"),
        ({"generation_config": {"thinking_budget": 5}}, ".generation_config", "thinking_budget"),
        ({"generationConfig": {"cachedContent": "x"}}, ".generation_config", "cachedContent"),
        ({"contents": [{"parts": [{"txt": "x"}]}]}, ".contents[0].parts[0]", "txt"),
        (
            {"tools": [{"functionDeclarations": [{"name": "f", "parameters": {"kind": 1}}]}]},
            ".tools[0].function_declarations[0].parameters",
            "kind",
        ),
        (
            {
                "generationConfig": {
                    "responseSchema": {"properties": {"a": {}, "b": {"items": {"x": 1}}}}
                }
            },
            ".generation_config.response_schema.properties[1].value.items",
            "x",
        ),
    ],
)
def test_an_unknown_name_of_a_body_is_refused_with_its_place(
    caller: Caller, members: dict[str, Any], path: str, name: str
) -> None:
    """At any depth; the place is in snake case, with indices, and the name as it was spelled."""
    expected = f"{PAYLOAD}Unknown name \"{name}\" at '{AT}{path}': Cannot find field."
    assert (f"{AT}{path}", expected) == refuse_request(caller, **members)


def test_an_unknown_name_at_the_root_has_no_place(caller: Caller) -> None:
    """Its violation names no field either."""
    response = caller.call("POST", f"/v1beta/{MODEL}:batchGenerateContent", json={"batches": {}})
    error = response.json()["error"]
    assert f'{PAYLOAD}Unknown name "batches": Cannot find field.' == error["message"]
    assert "field" not in error["details"][0]["fieldViolations"][0]


def test_every_unknown_name_of_a_body_is_named(caller: Caller) -> None:
    """One line each, and one violation each, in the order in which they stand there."""
    items = [{"request": {"a": 1, "b": {}}}, {"request": {}, "c": None}]
    error = refusal(caller, {"inputConfig": inline(*items), "colour": "red"})
    lines = error["message"].split("\n")
    assert ["a", "b", "c", "colour"] == [text.split('"')[1] for text in lines]
    violations = error["details"][0]["fieldViolations"]
    assert lines == [one["description"] for one in violations]
    assert [AT, AT, "batch.input_config.requests.requests[1]", "batch"] == [
        one["field"] for one in violations
    ]


@pytest.mark.parametrize(
    ("members", "field", "told"),
    [
        (
            {"systemInstruction": "Be brief."},
            "system_instruction",
            '(PACKAGE.Content), "Be brief."',
        ),
        ({"generationConfig": {"temperature": "hot"}}, "generation_config.temperature", '"hot"'),
        (
            {"generationConfig": {"seed": 2**31}},
            "generation_config.seed",
            "(TYPE_INT32), 2147483648",
        ),
        ({"generationConfig": {"topK": 1.5}}, "generation_config.top_k", "(TYPE_INT32), 1.5"),
        *(
            ({"generationConfig": {"seed": text}}, "generation_config.seed", "(TYPE_INT32), ")
            for text in ("1_0", " 10 ", "\uff11\uff12", "", "9" * 5000)
        ),
        *(
            (
                {"generationConfig": {"temperature": value}},
                "generation_config.temperature",
                "(TYPE_FLOAT), ",
            )
            for value in ("1_0", " 1", "\uff11", "nan", "inf", "01", ".5", "1e400", 10**400)
        ),
        ({"serviceTier": -1}, "service_tier", "(TYPE_ENUM), -1"),
        ({"serviceTier": 99}, "service_tier", "(TYPE_ENUM), 99"),
        *(
            (
                {"contents": [{"parts": [{"inlineData": {"data": data}}]}]},
                "contents[0].parts[0].inline_data.data",
                "(TYPE_BYTES), Base64 decoding failed for ",
            )
            for data in ("A", "AA=", "AAAA=", "A===", "AAA==", "=", "AA=A", "AAAAA", "AAA\n")
        ),
        ({"store": "yes"}, "store", '(TYPE_BOOL), "yes"'),
        ({"store": 1}, "store", "(TYPE_BOOL), 1"),
        ({"cachedContent": 5}, "cached_content", "(TYPE_STRING), 5"),
        ({"serviceTier": "fast"}, "service_tier", '(TYPE_ENUM), "fast"'),
        (
            {"contents": [{"parts": [{"inlineData": {"data": "?"}}]}]},
            "contents[0].parts[0].inline_data.data",
            '(TYPE_BYTES), Base64 decoding failed for "?"',
        ),
        (
            {"contents": [{"parts": [{"videoMetadata": {"startOffset": "5"}}]}]},
            "contents[0].parts[0].video_metadata.start_offset",
            '(type.googleapis.com/google.protobuf.Duration), "5"',
        ),
        (
            {"contents": [{"parts": [{"functionCall": {"args": "x"}}]}]},
            "contents[0].parts[0].function_call.args",
            "google.protobuf.Struct",
        ),
        (
            {"generationConfig": {"responseSchema": {"properties": "x"}}},
            "generation_config.response_schema.properties",
            '(PACKAGE.Schema), "x"',
        ),
        (
            {"contents": [{"parts": [{"text": {"a": "x" * 300}}]}]},
            "contents[0].parts[0].text",
            "...",
        ),
    ],
)
def test_a_value_of_another_kind_is_refused_with_its_type(
    caller: Caller, members: dict[str, Any], field: str, told: str
) -> None:
    """The message has the place, the type and the beginning of the value."""
    where, message = refuse_request(caller, **members)
    assert f"{AT}.{field}" == where
    assert message.startswith(f"Invalid value at '{AT}.{field}' (")
    package = "type.googleapis.com/google.ai.generativelanguage.v1beta"
    assert told.replace("PACKAGE", package) in message
    assert 400 > len(message)


@pytest.mark.parametrize(
    ("members", "parent", "name"),
    [
        ({"systemInstruction": [{"parts": []}]}, "", "systemInstruction"),
        ({"contents": [{"role": ["user"]}]}, ".contents[0]", "role"),
    ],
)
def test_a_list_of_what_there_is_one_of_is_refused(
    caller: Caller, members: dict[str, Any], parent: str, name: str
) -> None:
    """In the words of the service for it."""
    where, message = refuse_request(caller, **members)
    assert f"{AT}{parent}" == where
    assert (
        f"{PAYLOAD}Unknown name \"{name}\" at '{AT}{parent}': "
        "Proto field is not repeating, cannot start list."
    ) == message


def test_one_value_does_for_a_list_of_one(caller: Caller) -> None:
    """The examples of the documentation leave the brackets out."""
    request = {
        "contents": {"parts": {"text": "Why?"}},
        "system_instruction": {"parts": {"text": "Be brief."}},
    }
    name = caller.create({"inputConfig": inline({"request": request})}).json()["name"]
    [item] = items_of(caller.ended(name))
    assert "4 characters" in item["response"]["candidates"][0]["content"]["parts"][-1]["text"]


def test_what_is_null_is_absent(caller: Caller) -> None:
    """Of any type."""
    request = prompt_request("x") | {"tools": None, "generationConfig": None, "store": None}
    assert 200 == caller.create({"inputConfig": inline({"request": request})}).status_code


@pytest.mark.parametrize(
    "members",
    [
        {"generationConfig": {"topK": 40.0, "seed": "5", "temperature": "0.5"}},
        {"generationConfig": {"topP": "NaN", "temperature": "-Infinity", "topK": "-5"}},
        {"generationConfig": {"topP": "-1.5e+3", "temperature": 5}},
        {"generationConfig": {"responseSchema": {"type": "object", "minItems": 1}}},
        {"generationConfig": {"responseSchema": {"type": 6, "maxItems": "9223372036854775807"}}},
        {"generationConfig": {"response_schema": {"properties": {"any name": {"type": "STRING"}}}}},
        {"generationConfig": {"responseJsonSchema": {"$defs": {"any": ["thing"]}}}},
        {"contents": [{"parts": [{"inlineData": {"data": "_-8", "mimeType": "a/b"}}]}]},
        {"contents": [{"parts": [{"function_call": {"args": {"any_name": {"x_y": 1}}}}]}]},
        {"contents": [{"parts": [{"videoMetadata": {"startOffset": "1.5s", "fps": 2}}]}]},
        {
            "tools": [
                {"google_search": {"timeRangeFilter": {"startTime": "2026-01-01T00:00:00.5Z"}}},
                {"url_context": {}},
                {"mcpServers": [{"streamableHttpTransport": {"headers": {"X-Any": "thing"}}}]},
            ]
        },
    ],
)
def test_what_proto3_json_allows_is_taken(caller: Caller, members: dict[str, Any]) -> None:
    """Numbers in strings, enums in lower case or as numbers, both alphabets of base64, maps."""
    item = {"request": prompt_request("x") | members}
    response = caller.create({"inputConfig": inline(item)})
    assert 200 == response.status_code, response.text


@pytest.mark.parametrize("data", ["", "AA", "AA==", "AAA", "AAA=", "AAAA", "A" * 2**20])
def test_base64_may_be_padded_or_not(caller: Caller, data: str) -> None:
    """Whatever its length leaves over."""
    request = prompt_request("x")
    request["contents"][0]["parts"].append({"inlineData": {"data": data, "mimeType": "a/b"}})
    assert 200 == caller.create({"inputConfig": inline({"request": request})}).status_code


def test_a_whole_number_may_have_a_point(caller: Caller) -> None:
    """It counts as the whole number that it is."""
    request = prompt_request("x") | {"generationConfig": {"candidateCount": 3.0, "topK": 40.0}}
    name = caller.create({"inputConfig": inline({"request": request})}).json()["name"]
    [item] = items_of(caller.ended(name))
    assert [0, 1, 2] == [one["index"] for one in item["response"]["candidates"]]


def test_an_enum_by_its_number_is_the_value_of_that_name(caller: Caller) -> None:
    """The second mode of function calling is ANY, which forces a call."""
    request = prompt_request("x") | {
        "tools": [{"functionDeclarations": [{"name": "f"}]}],
        "toolConfig": {"functionCallingConfig": {"mode": 2}},
    }
    name = caller.create({"inputConfig": inline({"request": request})}).json()["name"]
    [item] = items_of(caller.ended(name))
    [candidate] = item["response"]["candidates"]
    assert "f" == candidate["content"]["parts"][-1]["functionCall"]["name"]


@pytest.mark.parametrize("verb", ["batchGenerateContent", "asyncBatchEmbedContent"])
@pytest.mark.parametrize("name", ["webhookConfig", "webhook_config"])
def test_webhooks_are_let_through(caller: Caller, verb: str, name: str) -> None:
    """They stand in no discovery document, but clients send them."""
    request = prompt_request("x")
    if verb == "asyncBatchEmbedContent":
        request = {"content": request["contents"][0]}
    webhook = {"uris": ["https://example.com"], "user_metadata": {"a": 1}}
    batch = {"inputConfig": inline({"request": request}), name: webhook}
    assert 200 == caller.create(batch, verb).status_code


def test_an_embeddings_batch_has_requests_of_its_own_kind(caller: Caller) -> None:
    """What a request of the other kind has is unknown."""
    error = refusal(
        caller, {"inputConfig": inline({"request": prompt_request("x")})}, "asyncBatchEmbedContent"
    )
    assert f"{PAYLOAD}Unknown name \"contents\" at '{AT}': Cannot find field." == error["message"]


def test_the_file_of_an_upload_is_held_against_the_table_too(caller: Caller) -> None:
    """Before anything of it is sent."""
    response = caller.start_upload(1, {"displayName": "x", "color": "red"})
    assert 400 == response.status_code
    expected = f"{PAYLOAD}Unknown name \"color\" at 'file': Cannot find field."
    assert expected == response.json()["error"]["message"]
    assert [] == caller.emulator.acted


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("systemInstruction", {"parts": [{"text": "x"}]}),
        ("tools", [{"urlContext": {}}]),
        ("tool_config", {"retrievalConfig": {"languageCode": "en"}}),
    ],
)
def test_cached_content_excludes_what_the_cache_would_hold(
    caller: Caller, given: str, value: object
) -> None:
    """Such a request is refused in a body as in a file, before anything is created."""
    members = {"cachedContent": "cachedContents/x", given: value}
    why = "CachedContent can not be used with GenerateContent request setting system_instruction"
    field, message = refuse_request(caller, **members)
    assert f"{AT}.cached_content" == field
    assert message.startswith(why)
    request = prompt_request("x") | members
    assert refuse_file(caller, jsonl({"key": "k", "request": request}))[0].startswith(
        f"Error on line 1: {why}"
    )


# Bodies that are not JSON.


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            b'{"batch": {"displayName" "x"}}',
            'Unexpected token.\nch": {"displayName" "x"}}\n                    ^',
        ),
        (b'{"batch":', 'Unexpected end of string.\n{"batch":\n         ^'),
        (b"\xff", "Unexpected token.\n�\n^"),
        (b"{'batch': {'displayName' 'x'}}", "Unexpected token.\n"),
        (b"[]", 'Unknown name "": Root element must be a message.'),
        (b"5", 'Unknown name "": Root element must be a message.'),
        (b"[" * 100_000, "Unexpected value; expected fewer levels of nesting."),
        (b'{"batch": "\\ud800"}', "Unexpected value; expected a JSON value."),
        (b'{"batch": NaN}', 'Unexpected token.\n{"batch": NaN}\n          ^'),
        (b'{"batch": 1e400}', 'Unexpected token.\n{"batch": 1e400}\n          ^'),
        (b'{"batch": ' + b"9" * 5000 + b"}", "Unexpected token."),
        (b"{'batch", "Unexpected token.\n{'batch\n ^"),
        (b"'batch", "Unexpected token.\n'batch\n^"),
        (b'{"batch": 1,}', "Unexpected token."),
    ],
)
def test_a_body_that_is_no_object_is_refused(caller: Caller, body: bytes, told: str) -> None:
    """With what stands around the place where it breaks, and a mark below it."""
    response = caller.call("POST", f"/v1beta/{MODEL}:batchGenerateContent", data=body)
    assert 400 == response.status_code
    assert response.json()["error"]["message"].startswith(f"{PAYLOAD}{told}")


@pytest.mark.parametrize(
    "body",
    [
        b"{'" + rb"\'" * 2**19,
        b"'" + rb"\"" * 2**19,
        b'{\'a": "' + rb"\"" * 2**19 + b"\\",
        b"{'" + rb"\'" * 2**19 + b"\\",
        b"{" + b"'\"" * 2**19,
        b"{" + b"'" * 2**20,
        b"{'a': " + b"-" * 2**20,
        b"{'a': " + b"1" * 2**20 + b"}",
    ],
    ids=range(8),
)
def test_a_long_body_that_breaks_is_refused_in_time(caller: Caller, body: bytes) -> None:
    """Its strings are looked at once each, ended or not."""
    response = caller.call("POST", f"/v1beta/{MODEL}:batchGenerateContent", data=body)
    assert 400 == response.status_code
    assert response.json()["error"]["message"].startswith(f"{PAYLOAD}Unexpected ")


def test_an_absent_body_is_an_empty_message(caller: Caller) -> None:
    """Which lacks all that it should have."""
    response = caller.call("POST", f"/v1beta/{MODEL}:batchGenerateContent")
    assert (400, "batch is required.") == (
        response.status_code,
        response.json()["error"]["message"],
    )


def test_strings_may_stand_in_single_quotes(caller: Caller) -> None:
    """The examples of the documentation write bodies so, for the shell's sake."""
    url = caller.call(
        "POST",
        "/upload/v1beta/files",
        data=b"{'file': {'display_name': 'it\\'s \"one\"', \"mime_type\": 'text/plain'}}",
        headers={"X-Goog-Upload-Protocol": "resumable", "X-Goog-Upload-Command": "start"},
    ).headers["X-Goog-Upload-URL"]
    file = caller.send(url, b"x", at=0).json()["file"]
    assert ('it\'s "one"', "text/plain") == (file["displayName"], file["mimeType"])


# Files.


def refuse_file(caller: Caller, data: bytes, verb: str = "batchGenerateContent") -> list[str]:
    """Create a batch from a file that must be refused, and return the lines of the message."""
    file = caller.upload(data)
    error = refusal(caller, {"inputConfig": {"fileName": file["name"]}}, verb)
    assert "details" not in error
    lines: list[str] = error["message"].split("\n")
    return lines


@pytest.mark.parametrize(
    ("marked", "why"),
    [
        ('{"key": "a", "request": {^"thinking_config": {}}}', "no such field: 'thinking_config'"),
        ('{"request": {"contents": [{"parts": [{}, {^"txt": 1}]}]}}', "no such field: 'txt'"),
        (
            '{"request": {"generation_config" :{"responseSchema":{"properties":{"a":{^"b":1}}}}}}',
            "no such field: 'b'",
        ),
        ('{^"custom_id": "a", "request": {}}', "no such field: 'custom_id'"),
        ('{"key": "äöü€😀", "request": {^"x": {}}}', "no such field: 'x'"),
        ('{"key": "x\\"\\\\{", "request" :\t{ ^"x": {}}}', "no such field: 'x'"),
        ('{"request": ^["x"]}', "unexpected character: '['; expected '{'"),
        ('^["x"]', "unexpected character: '['; expected '{'"),
        ('{"request": {"contents": ^{}}}', "unexpected character: '{'; expected '['"),
        ('{"request": {"contents": [^1]}}', "unexpected character: '1'; expected '{'"),
        ('{"key": ^5, "request": {}}', "unexpected character: '5'; expected '\"'"),
        ('{"request": {"store": ^"yes"}}', "unexpected character: '\"'; expected 't' or 'f'"),
        (
            '{"request": {"generationConfig": {"topK": ^true}}}',
            "unexpected character: 't'; expected a number",
        ),
        (
            '{"request": {"generationConfig": {"responseSchema": {"type": ^"text"}}}}',
            'invalid enum value: "text"',
        ),
        (
            '{"request": {"contents": [{"parts": [{"functionCall": {"args": ^1}}]}]}}',
            "unexpected character: '1'; expected '{'",
        ),
        ('{"request": {}} ^x', "unexpected character: 'x'; expected nothing more"),
        ('{"request": {}^', "unexpected character: end of text; expected ',' or an end"),
        ('{"request" ^{}}', "unexpected character: '{'; expected ':'"),
        ('{"request": {}, ^}', "unexpected character: '}'; expected a string"),
        ('{"request": [1 ,  ^]}', "unexpected character: ']'; expected a JSON value"),
        ("{^'request': {}}", 'unexpected character: "\'"; expected a string'),
        ('{"request":1,"request":{"contents":[],^"bad":1}}', "no such field: 'bad'"),
        (
            '{"request":{"bad":1},"request": ^1, "key": "a"}',
            "unexpected character: '1'; expected '{'",
        ),
        ('{"key": "NaN", "request": ^NaN}', "unexpected character: 'N'; expected a JSON value"),
        ('{"request": ^-Infinity}', "unexpected character: '-'; expected a JSON value"),
        (
            '{"key": "\\"1e999", "request": [1.5e3, -0, ^-1e400]}',
            "unexpected character: '-'; expected a number that is not out of range",
        ),
        (
            '{"request": {"generationConfig": {"seed": ^' + "9" * 5000 + "}}}",
            "unexpected character: '9'; expected a number that is not out of range",
        ),
    ],
)
def test_a_bad_line_is_told_with_the_column_of_what_is_wrong(
    caller: Caller, marked: str, why: str
) -> None:
    """The mark is where; of an unknown field it is where its name begins. Columns count from 1."""
    column = marked.index("^") + 1
    [told] = refuse_file(caller, marked.replace("^", "").encode())
    assert told.startswith(f"Error on line 1: invalid JSON, near column {column}: ")
    assert told.endswith(f": {why}")


def test_every_bad_line_is_listed(caller: Caller) -> None:
    """By its number in the file, blank lines counted; a good one is not, and there is no batch."""
    good = jsonl(line("a", "x"))
    bad = b'{"key": "b", "request": {"temperature": 1}}\n'
    lines = refuse_file(caller, good + b"\n" + bad * 250 + good + b'{"key": "c"}\n' + bad[:-1])
    numbers = [int(told.removeprefix("Error on line ").partition(":")[0]) for told in lines]
    assert [*range(3, 253), 254, 255] == numbers
    assert "Error on line 254: missing field: 'request'" == lines[-2]
    expected = "invalid JSON, near column 26: no such field: 'temperature'"
    assert {expected} == {told.partition(": ")[2] for told in [*lines[:250], lines[-1]]}


def test_a_line_that_is_not_utf8_is_told_by_the_byte(caller: Caller) -> None:
    """There is no character to show."""
    [told] = refuse_file(caller, b'{"key": "\xff", "request": {}}')
    expected = "near column 10: unexpected character: byte 0xff; expected UTF-8"
    assert f"Error on line 1: invalid JSON, {expected}" == told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[" * 100_000, "fewer levels of nesting"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "fewer levels of nesting"),
        ('{"key": "\\ud800"}', "a JSON value"),
    ],
    ids=["list", "object", "half"],
)
def test_what_only_looks_like_json_is_refused(caller: Caller, text: str, expected: str) -> None:
    """Too deep, or half a character: no place is told where none is known."""
    [told] = refuse_file(caller, text.encode())
    assert f"Error on line 1: invalid JSON: expected {expected}" == told


def test_a_model_of_another_form_is_refused_in_a_line_too(caller: Caller) -> None:
    """What a request means is checked in files as in bodies."""
    [told] = refuse_file(caller, jsonl({"request": {"model": "gemini"}}))
    assert "Error on line 1: * GenerateContentRequest.model: unexpected model name format" == told


def test_lines_of_embeddings_are_read_in_both_spellings(caller: Caller) -> None:
    """The example of the documentation has snake case."""
    request = {"output_dimensionality": 3, "taskType": "CLUSTERING", "content": {"parts": []}}
    file = caller.upload(jsonl({"key": "a", "request": request}))
    batch = {"inputConfig": {"file_name": file["name"]}}
    name = caller.create(batch, "asyncBatchEmbedContent").json()["name"]
    [result] = caller.lines(name)
    assert 3 == len(result["response"]["embedding"]["values"])


def test_lines_of_embeddings_are_of_their_own_kind(caller: Caller) -> None:
    """What a line of the other kind has is unknown."""
    [told] = refuse_file(caller, jsonl({"request": {"contents": []}}), "asyncBatchEmbedContent")
    assert told.endswith(": no such field: 'contents'")


@pytest.mark.parametrize("levels", [200, 600])
def test_what_is_nested_too_deep_for_the_table_is_refused(caller: Caller, levels: int) -> None:
    """In a body and in a file alike; what is not is taken."""
    schema: dict[str, Any] = {}
    for _ in range(levels):
        schema = {"items": schema}
    request = prompt_request("x") | {"generationConfig": {"responseSchema": schema}}
    response = caller.create({"inputConfig": inline({"request": request})})
    file = caller.upload(jsonl({"request": request}))
    by_file = caller.create({"inputConfig": {"fileName": file["name"]}})
    assert response.status_code == by_file.status_code
    assert response.status_code == (200 if levels < 400 else 400)
    if response.status_code == 400:
        for one in (response, by_file):
            assert "fewer levels of nesting" in one.json()["error"]["message"]
