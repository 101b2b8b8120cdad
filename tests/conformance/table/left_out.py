"""What the table leaves out, and why."""

from gemini_batch.emulator.wire_faults import WIRE_FAULTS

_ABANDONED = "an upload is never cancelled: a session that is left costs nothing and expires"

FAULTS_LEFT_OUT = {
    **{
        ("upload-cancel", shape.form): _ABANDONED
        for shape in WIRE_FAULTS.shapes
        if "upload-cancel" in shape.operations
    },
}
"""Faults that no row meets, by operation and form, each with the reason."""

WITHOUT_IO = {
    "BatchClient.generate_content": "begins a request",
    "BatchClient.batch_generate_content": "begins a batch",
    "BatchClient.batch_embed_contents": "begins a batch",
    "BatchClient.get_batch": "makes a handle",
    "BatchClient.close": "sends nothing",
    "BatchBuilder.build": "makes a model",
}
"""Public methods that send nothing, each with what it does instead."""
