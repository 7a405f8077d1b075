"""A paper as it is kept: a picture drawn anew, anything else as it was handed in."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from tracker.uploads import rules
from tracker.uploads.pictures import drawn_anew

# What a paper is sent as; only ever to be saved, never to be shown by the browser.
MEDIA_TYPES: Mapping[str, str] = {
    rules.PDF: "application/pdf",
    rules.JPEG: "image/jpeg",
    rules.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    rules.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class Document:
    """A file that may be kept, and what it is."""

    content: bytes
    format: str

    @property
    def sha256(self) -> str:
        """What tells that the same file is there already."""
        return hashlib.sha256(self.content).hexdigest()


def document_of(content: bytes) -> Document:
    """The paper in a file; raises UnusableFile when there is none or it may not be kept."""
    kept_as = rules.paper_format_of(content)
    if kept_as == rules.JPEG:
        return Document(drawn_anew(content).large, kept_as)
    return Document(content, kept_as)
