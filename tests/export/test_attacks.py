"""Runnable abuse: what a hostile label, vocabulary, file name or pickle would do, and does not."""

import gzip
import io
import json
import os
import pickle
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from export import dist
from export.proof.parity import Report
from export.settings import Settings
from export.targets import metadata, npm, tflite
from export.targets.web import script_json
from tests.support.runtimes.javascript import tokenized
from trainer.data import safe_unpickler
from trainer.data.corpus import Phrase
from trainer.errors import UserError
from trainer.run import Run, write_phrases
from trainer.templates import markdown
from trainer.text.pieces import learn
from trainer.text.vocabulary import CLS_ID, PADDING_ID, SEP_ID, UNKNOWN_ID

SCRIPT = "</script><script>alert(1)</script>"


def test_no_label_can_leave_the_pages_script_element() -> None:
    embedded = str(script_json({"labels": [SCRIPT, "<!--", "]]>", "\u2028"]}))
    assert not set("<>&\u2028") & set(embedded)
    assert json.loads(embedded)["labels"][0] == SCRIPT


@pytest.mark.parametrize("label", ["two\nlines", "", "  ", "old\rmac", "sepa\u2028rated", "n\0ul"])
def test_a_label_that_would_break_the_mobile_list_is_refused(label: str) -> None:
    with pytest.raises(UserError, match="a label is one line, and not blank"):
        metadata.label_list(["good", label])


@pytest.mark.parametrize("piece", ["", "▁two words", "so\u00adft", "line\nbreak", "<unk>", "[SEP]", "\ud800"])
def test_a_poisoned_vocabulary_never_reaches_a_phone(trained: Run, piece: str) -> None:
    """On a piece that is empty, reserved or listed twice, a mobile client's process ends."""
    own, about = trained.vocabulary, metadata.Description("byline", "", "", "", "")
    harmless = replace(own, pieces=(*own.pieces, "▁zzqqzz"), scores=(*own.scores, -10.0))
    harmless.validate("vocabulary.json")
    poisoned = replace(own, pieces=(*own.pieces, piece), scores=(*own.scores, -10.0))
    rule = r"^vocabulary\.json: (the piece .* stands twice|piece \d+: .* can never be met in normalized text)$"
    with pytest.raises(UserError, match=rule):
        metadata.add_metadata(b"no model: it is never looked at", poisoned, own.labels, about)


def as_floats(ids: Any) -> Any:
    import tensorflow as tf

    return tf.cast(ids, tf.float32)


def test_more_outputs_than_labels_never_reach_a_phone(trained: Run) -> None:
    """On labels that are fewer than outputs, `BertNLClassifier` crashes."""
    labels = trained.vocabulary.labels
    about = metadata.Description("byline", "", "", "", "")
    bare = tflite.convert_function(as_floats, 6, half=False)
    with pytest.raises(ValueError, match="an output for each label"):
        metadata.add_metadata(bare, trained.vocabulary, labels, about)


def test_the_data_packages_pickle_cannot_run_code(tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, (f"touch {tmp_path / 'ran'}",)

    pickled = pickle.dumps(Payload())
    with pytest.raises(UserError, match="is not allowed"):
        safe_unpickler.read_lines(gzip.compress(pickled), "data.pkl")
    assert not (tmp_path / "ran").exists()
    pickle.loads(pickled)  # the attack is a real one
    assert (tmp_path / "ran").exists()


def test_a_vocabulary_with_prototype_words_gives_them_ids(trained: Run) -> None:
    words = ["constructor toString __proto__"] * 3
    vocabulary = learn(words, ("a", "b"), sequence_length=8, maximum_pieces=50, model_type="word")
    assert len(set(vocabulary.encode("constructor toString")) - {UNKNOWN_ID}) == 2
    text = "__proto__ hasOwnProperty constructor toString"
    for of in (vocabulary, trained.vocabulary):
        ids = of.encode(text)
        assert PADDING_ID not in ids
        assert [phrase["ids"] for phrase in tokenized(of, [text])] == [ids]  # where such words are dangerous


def test_no_text_spells_a_reserved_token(trained: Run) -> None:
    text = "<pad> [CLS] [SEP] <s> </s>"
    ids = trained.vocabulary.encode(text)
    assert not {PADDING_ID, CLS_ID, SEP_ID}.intersection(ids)
    assert len(ids) > 4
    assert [phrase["ids"] for phrase in tokenized(trained.vocabulary, [text])] == [ids]


def test_associated_files_are_in_the_tflite_file_once(dist_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO((dist_path / "tflite" / "byline.tflite").read_bytes())) as archive:
        assert sorted(archive.namelist()) == [metadata.LABELS_FILE, metadata.TOKENIZER_FILE]
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}  # or the clients refuse it


def test_what_a_user_writes_is_text_in_markdown() -> None:
    written = "</script><img src=x onerror=alert(1)> [a](javascript:b) `c` *d* _e_ f_g | h &lt;\n# i"
    assert markdown(written) == (
        r"\</script\>\<img src=x onerror=alert(1)\> \[a\](javascript:b) \`c\` \*d\* \_e\_ f_g \| h \&lt; # i"
    )


def test_the_card_and_the_packages_read_hold_labels_titles_and_authors_as_text(
    dist_path: Path, trained: Run, tmp_path: Path
) -> None:
    hostile = f"{SCRIPT} | `x`"
    settings = Settings(title=hostile, description=hostile, author=hostile, license=hostile).complete(trained.facts)
    run = replace(trained, path=tmp_path, vocabulary=replace(trained.vocabulary, labels=(hostile, "b", "c", "d")))
    write_phrases(tmp_path / "test.jsonl", [Phrase(phrase.text, "b") for phrase in trained.phrases("test")[:40]])
    metrics_of = trained.facts["metrics"]
    export = dist.Export(run, trained.classifier, metrics_of, settings)
    dist._write_card(export, tmp_path, Report(()))
    shutil.copytree(dist_path / "tfjs", tmp_path / "tfjs")
    npm.write_npm(run, {"text": "a", "probabilities": [1, 0, 0, 0]}, metrics_of["test"], tmp_path, settings)
    for path in (tmp_path / "MODEL_CARD.md", tmp_path / "npm" / "README.md"):
        text = path.read_text(encoding="utf-8").split("\n---\n")[-1]  # in the card's head they are JSON's strings
        assert r"\</script\>\<script\>alert(1)\</script\> \| \`x\`" in text, path
        assert SCRIPT not in text, path
