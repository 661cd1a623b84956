"""Runnable abuse: what a hostile label, vocabulary, file name or pickle would do, and does not."""

import gzip
import io
import json
import os
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from export import metadata
from export.web import script_json
from trainer import poetry
from trainer.errors import UserError
from trainer.run import Run
from trainer.text.vocabulary import Vocabulary

SCRIPT = "</script><script>alert(1)</script>"


def test_no_label_can_leave_the_pages_script_element() -> None:
    embedded = str(script_json({"labels": [SCRIPT, "<!--", "]]>", "\u2028"]}))
    assert not set("<>&\u2028") & set(embedded)
    assert json.loads(embedded)["labels"][0] == SCRIPT


@pytest.mark.parametrize("label", ["two\nlines", "", "  ", "bell\x07", "tab\there"])
def test_a_label_that_would_break_the_mobile_list_is_refused(label: str) -> None:
    with pytest.raises(UserError, match="a label is one line of printable characters"):
        metadata.label_list(["good", label])


@pytest.mark.parametrize("form", ["two words", "tab\tbed", "line\nbreak", "<UNKNOWN>", "", "e\u0301"])
def test_a_poisoned_vocabulary_never_reaches_the_mobile_list(trained: Run, form: str) -> None:
    """On a token with a space or a missing id, one mobile client crashes and the other hangs."""
    poisoned = replace(trained.vocabulary, words=(*trained.vocabulary.words, (form,)))
    with pytest.raises(UserError, match="is not made of word characters in NFC"):
        metadata.token_list(poisoned)


def test_delimiters_never_match_nothing(trained: Run) -> None:
    import re

    pattern = metadata.delimiters(trained.vocabulary)
    assert re.fullmatch(pattern, "") is None
    assert "\\" not in pattern  # literal ranges only: classes mean other things in RE2 and in JavaScript


def test_the_data_packages_pickle_cannot_run_code(tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, (f"touch {tmp_path / 'ran'}",)

    with pytest.raises(UserError, match="is not allowed"):
        poetry.read_lines(gzip.compress(pickle.dumps(Payload())), "data.pkl")
    assert not (tmp_path / "ran").exists()


def test_a_vocabulary_with_prototype_words_gives_them_ids(trained: Run) -> None:
    vocabulary = Vocabulary("_'abcdefghijklmnopqrstuvwxyz", (("constructor",),), ("a", "b"), 4)
    assert vocabulary.encode("constructor toString __proto__"[:11]) == [2]
    assert trained.vocabulary.encode("__proto__ hasOwnProperty").count(0) == 0


def test_associated_files_are_in_the_tflite_file_once(dist_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO((dist_path / "tflite" / "byline.tflite").read_bytes())) as archive:
        assert sorted(archive.namelist()) == [metadata.LABELS_FILE, metadata.VOCABULARY_FILE]
