"""A sealed file gives back what was written, or a clear error: nothing in between."""

from __future__ import annotations

import io
import os

import pytest

from callcenter.backup.sealed import CHUNK, MAGIC, Opener, PassphraseError, Sealer, SealError

PASSPHRASE = "常州 correct horse battery"
HEAD = len(MAGIC) + 32


def sealed(content: bytes, step: int = CHUNK) -> bytes:
    target = io.BytesIO()
    sealer = Sealer(target, PASSPHRASE)
    for at in range(0, len(content), step):
        sealer.write(content[at : at + step])
    sealer.finish()
    return target.getvalue()


def opened(file: bytes, passphrase: str = PASSPHRASE) -> bytes:
    opener = Opener(io.BytesIO(file), passphrase)
    content = b""
    while part := opener.read(10_007):
        content += part
    return content


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_what_was_sealed_is_there_again(size: int) -> None:
    content = os.urandom(size)
    file = sealed(content, step=30_011)
    assert opened(file) == content
    assert size < 16 or content[:16] not in file  # fewer bytes may be there by chance


def test_the_same_content_never_looks_the_same() -> None:
    assert sealed(b"12345") != sealed(b"12345")


def test_another_passphrase_is_told() -> None:
    with pytest.raises(PassphraseError, match="not this backup's"):
        opened(sealed(b"12345"), "another passphrase")


def test_a_short_passphrase_is_refused() -> None:
    with pytest.raises(PassphraseError, match="12 characters"):
        Sealer(io.BytesIO(), "12345")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 something else", MAGIC[:-2] + b"9\n"])
def test_any_other_file_is_told(content: bytes) -> None:
    with pytest.raises(SealError, match="no backup of this program"):
        opened(content)


@pytest.mark.parametrize("left", [len(MAGIC), HEAD, HEAD + 100, HEAD + CHUNK + 16, -1])
def test_a_file_that_is_cut_off_is_told(left: int) -> None:
    """Also where exactly a whole chunk is missing."""
    file = sealed(os.urandom(2 * CHUNK))
    with pytest.raises(SealError, match="cut off"):
        opened(file[:left])


@pytest.mark.parametrize("at", [HEAD, HEAD + CHUNK + 20, -1])
def test_a_changed_byte_is_told(at: int) -> None:
    file = bytearray(sealed(os.urandom(2 * CHUNK)))
    file[at] ^= 1
    with pytest.raises(SealError, match="damaged"):
        opened(bytes(file))


def test_chunks_cannot_change_places() -> None:
    file = sealed(os.urandom(3 * CHUNK))
    size = CHUNK + 16
    first, second = file[HEAD : HEAD + size], file[HEAD + size : HEAD + 2 * size]
    with pytest.raises(SealError, match="damaged"):
        opened(file[:HEAD] + second + first + file[HEAD + 2 * size :])


def test_more_behind_the_end_is_told() -> None:
    with pytest.raises(SealError, match="damaged"):
        opened(sealed(b"12345") + b"6")
