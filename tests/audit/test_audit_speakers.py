"""The audit knows the names of speakers, in any script, and advises options that take them out."""

from dataclasses import replace

import numpy as np
import pytest

from tests.support.corpora.audits import audited, changed, clean, finding, headline, listed, option_of
from trainer.audit.checks.speakers import split_speaker
from trainer.cli.report import terminal
from trainer.data.corpus import Row, filtered, of_lines


def test_speaker_names() -> None:
    rows = clean(200)
    names = ["HAMLET:", "First Lord:", "King of Spain:", "O’NEILL:"]
    for place in range(0, 160, 4):
        rows.insert(place, Row(names[place // 4 % 4], "sea", file="sea.txt", number=1000 + place))
    rows = changed(rows, range(300, 330), lambda text: f"JULIET: {text}")
    report = audited(rows)
    alone = finding(report, "speaker_names")
    assert alone["count"] == 40
    assert alone["by_label"] == {"sea": 40}
    assert finding(report, "speaker_prefixes")["count"] == 30
    assert "Speaker names" in headline(report)
    assert not any(found["name"] == "duplicates" for found in report["pollution"]), "a name is not counted twice"
    corpus = replace(of_lines("c", "", "", "", {}), read=lambda _: iter(rows))
    left = filtered(corpus, drop=[option_of(alone)], strip=[option_of(finding(report, "speaker_prefixes"))])
    assert len(list(left.rows())) == 400
    assert not any(":" in row.text for row in left.rows())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("MENENIUS:", "MENENIUS"),
        ("Duke of York:", "Duke of York"),
        ("2 KEEPER: Say", "2 KEEPER"),
        ("ГАМЛЕТ:", "ГАМЛЕТ"),
        ("Король Лир: Дуй", "Король Лир"),
        ("ἙΚΤΩΡ:", "ἙΚΤΩΡ"),
        ("דוד: שלום", "דוד"),
        ("He said:", ""),
        ("then Hector:", ""),
        ("12:30 is late", ""),
        ("The king of the whole land spoke:", ""),
    ],
)
def test_what_a_speaker_is(text: str, name: str) -> None:
    assert split_speaker(text)[0] == name


def test_cyrillic_speakers_get_an_option_that_works() -> None:
    generator = np.random.default_rng(1)
    nouns = listed("море берег ветер парус волна камень город улица башня площадь рынок мост")
    names = ["ГАМЛЕТ:", "Король Лир:", "ОФЕЛИЯ:", "ЯГО:", "ЁЖ:", *(f"СЛУГА {letter}:" for letter in "АБВГДЕЖЗ")]
    rows = [
        Row(" ".join(generator.choice(nouns[place % 2 * 6 :][:6], 8)), "аб"[place % 2], file="f", number=place + 1)
        for place in range(240)
    ]
    rows += [Row(names[place % len(names)], "а", file="f", number=300 + place) for place in range(39)]
    report = audited(rows)
    alone = finding(report, "speaker_names")
    assert alone["count"] == 39
    corpus = replace(of_lines("c", "", "", "", {}), read=lambda _: iter(rows))
    assert len(list(filtered(corpus, drop=[option_of(alone)]).rows())) == 240
    assert report["languages"]["script"] == "CYRILLIC"
    assert report["shortcuts"]["reference"] > 0.9
    assert "ГАМЛЕТ" in terminal(report)


@pytest.mark.slow
def test_a_word_and_a_colon_now_and_then_is_no_speaker() -> None:
    rows = changed(clean(), range(0, 1200, 400), lambda text: f"Update: {text}")
    assert not [found for found in audited(rows)["pollution"] if found["name"] == "speaker_prefixes"]


def test_speakers_of_a_script_with_vowel_signs_get_an_option_that_works() -> None:
    generator = np.random.default_rng(4)
    names = ["हैमलेट", "ओफेलिया", "होरेशियो", *(f"सेवक{sign}" for sign in "ािीुूेैोौंःृ")]
    texts = [" ".join(generator.choice(["हिन्दी", "भाषा", "नदी", "पानी"], 6)) for _ in range(200)]
    rows = [
        Row(f"{names[n % len(names)]}: {text}" if n < 90 else text, "ab"[n % 2], number=n)
        for n, text in enumerate(texts)
    ]
    found = finding(audited(rows), "speaker_prefixes")
    assert found["count"] == 90
    corpus = replace(of_lines("c", "", "", "", {}), read=lambda _: iter(rows))
    assert [row.text for row in filtered(corpus, strip=[option_of(found)]).rows()] == texts
