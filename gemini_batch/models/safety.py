"""What is held back for harm, and how harmful a text was found: https://ai.google.dev/api/generate-content#safetysetting."""

from __future__ import annotations

from attrs import frozen

from .base import Model, OpenEnum


class HarmCategory(OpenEnum):
    """A kind of harm; the first six are those of models before Gemini."""

    DEROGATORY = "HARM_CATEGORY_DEROGATORY"
    TOXICITY = "HARM_CATEGORY_TOXICITY"
    VIOLENCE = "HARM_CATEGORY_VIOLENCE"
    SEXUAL = "HARM_CATEGORY_SEXUAL"
    MEDICAL = "HARM_CATEGORY_MEDICAL"
    DANGEROUS = "HARM_CATEGORY_DANGEROUS"
    HARASSMENT = "HARM_CATEGORY_HARASSMENT"
    HATE_SPEECH = "HARM_CATEGORY_HATE_SPEECH"
    SEXUALLY_EXPLICIT = "HARM_CATEGORY_SEXUALLY_EXPLICIT"
    DANGEROUS_CONTENT = "HARM_CATEGORY_DANGEROUS_CONTENT"
    CIVIC_INTEGRITY = "HARM_CATEGORY_CIVIC_INTEGRITY"
    JAILBREAK = "HARM_CATEGORY_JAILBREAK"


class HarmBlockThreshold(OpenEnum):
    """How probable harm must be for an answer to be held back; ``OFF`` does not even look."""

    BLOCK_LOW_AND_ABOVE = "BLOCK_LOW_AND_ABOVE"
    BLOCK_MEDIUM_AND_ABOVE = "BLOCK_MEDIUM_AND_ABOVE"
    BLOCK_ONLY_HIGH = "BLOCK_ONLY_HIGH"
    BLOCK_NONE = "BLOCK_NONE"
    OFF = "OFF"


class HarmProbability(OpenEnum):
    """How probable harm was found to be."""

    NEGLIGIBLE = "NEGLIGIBLE"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


@frozen
class SafetySetting(Model):
    """From which probability on an answer is held back for one kind of harm."""

    category: HarmCategory | str
    threshold: HarmBlockThreshold | str


@frozen
class SafetyRating(Model):
    """How probable one kind of harm was found, and whether the content was held back for it."""

    category: HarmCategory | None = None
    probability: HarmProbability | None = None
    blocked: bool | None = None
