"""Readability of German text: Amstad's reading ease and the four Wiener Sachtextformeln.

    amstad("Der Hund läuft.")           -> 118.5   (180 - 3 words a sentence - 58.5 * 1 syllable a word)
    wiener(text, 1)                     -> school grade, 4 (easy) to 15 (hard)

Amstad (1978): 180 - SL - 58.5 * ASW, with SL = words a sentence, ASW = syllables a word; about 0 (hard) to 100 (easy).
Wiener Sachtextformeln (Bamberger and Vanecek 1984), with MS = % of words of three syllables or more, SL, IW = % of
words of more than six letters, ES = % of words of one syllable:

    1: 0.1935 MS + 0.1672 SL + 0.1297 IW - 0.0327 ES - 0.875
    2: 0.2007 MS + 0.1682 SL + 0.1373 IW - 2.779
    3: 0.2963 MS + 0.1905 SL - 1.1144
    4: 0.2744 MS + 0.2656 SL - 1.693

A sentence ends at . ! ? or : before a capital, a digit, § or the end, and at a line break; not after an abbreviation
("Abs. 1", "z. B."), nor after an ordinal ("3. März"). A figure (a date, an amount, a file number) is a word of one
syllable. A hyphen parts the words of a compound ("Wohn-Geld" is two), as the rules of Leichte Sprache intend.

Not covered: other languages than German, in which the formulas do not hold. Nothing raises: an empty text has no words,
and every formula returns None for it.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

ABBREVIATIONS = (
    "abs", "nr", "art", "az", "bzw", "ca", "evtl", "gem", "ggf", "i. v. m", "inkl", "lit", "max", "min", "sog", "str",
    "u. a", "usw", "vgl", "v. h", "z. b", "d. h", "o. g", "u", "s", "v", "h", "z", "b", "d", "i", "m", "a", "g", "dr",
    "prof", "tel", "ziff", "bgm", "st",
)  # fmt: skip
MONTHS = "Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember"
LONGEST = 200_000  # characters; what is beyond is not read
_END = re.compile(r"[.!?:]+[\"“”»)]*(?=\s+[\"„«(]*[A-ZÄÖÜ0-9§]|\s*$)")
_WORD = re.compile(r"§+|[^\W\d_]+|\d[\w.,/:]*\w|\d", re.UNICODE)
# Vowels that make one syllable together; every other vowel is one of its own ("be-an-tragen").
_NUCLEUS = re.compile(r"(?<=q)u|aa|ee|oo|ie|ei|ey|ai|ay|au|äu|eu|[aeiouyäöüáàéèêíóú]", re.IGNORECASE)


@dataclass(frozen=True)
class Counts:
    """What the formulas count in a text."""

    sentences: int
    words: int
    syllables: int
    three_syllables: int  # words of three or more
    long_words: int  # words of more than six letters
    one_syllable: int

    @property
    def words_per_sentence(self) -> float:
        """The mean length of a sentence."""
        return self.words / max(1, self.sentences)


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a German text, without those that have no word."""
    sentences = []
    for line in text[:LONGEST].splitlines():
        start = 0
        for end in _END.finditer(line):
            if not _is_abbreviated(line, end):
                sentences.append(line[start : end.end()])
                start = end.end()
        sentences.append(line[start:])
    return [sentence.strip() for sentence in sentences if _WORD.search(sentence)]


def _is_abbreviated(line: str, end: re.Match[str]) -> bool:
    """Return whether a full stop is that of an abbreviation or an ordinal, and no end of a sentence."""
    before, after = line[max(0, end.start() - 12) : end.start()], line[end.end() :].lstrip()
    if end[0][0] != "." or not after:
        return False
    if re.search(r"(?<![\d.])\d{1,2}$", before):
        return re.match(rf"(?:{MONTHS})\b|\d{{1,2}}\.", after) is not None
    if re.search(r"\d$", before) and after[0].isdigit():
        return True
    word = re.search(r"(\w+)$", before)
    return word is not None and word[1].lower() in ABBREVIATIONS


def words_of(text: str) -> list[str]:
    """Return the words of a text: runs of letters, figures, and the paragraph sign."""
    return _WORD.findall(text[:LONGEST])


@lru_cache(maxsize=50_000)
def syllables_of(word: str) -> int:
    """Return how many syllables a word has: at least one, a figure exactly one."""
    return 1 if not word[0].isalpha() else max(1, len(_NUCLEUS.findall(re.sub("qu", "q", word, flags=re.IGNORECASE))))


def counts_of(text: str) -> Counts | None:
    """Return the counts of a text, None where it has no word."""
    words = words_of(text)
    if not words:
        return None
    syllables = [syllables_of(word) for word in words]
    return Counts(
        sentences=max(1, len(sentences_of(text))),
        words=len(words),
        syllables=sum(syllables),
        three_syllables=sum(count >= 3 for count in syllables),
        long_words=sum(len(word) > 6 and word[0].isalpha() for word in words),
        one_syllable=sum(count == 1 for count in syllables),
    )


def amstad(text: str) -> float | None:
    """Return Amstad's reading ease of a text (higher is easier), None where it has no word."""
    counts = counts_of(text)
    return None if counts is None else 180 - counts.words_per_sentence - 58.5 * counts.syllables / counts.words


def wiener(text: str, formula: int) -> float | None:
    """Return a Wiener Sachtextformel, 1 to 4, of a text (lower is easier), None where it has no word.

    Raises ValueError for another formula's number.
    """
    if formula not in (1, 2, 3, 4):
        raise ValueError(f"formula {formula}: the Wiener Sachtextformeln are 1 to 4")
    counts = counts_of(text)
    if counts is None:
        return None
    ms, iw, es = (
        100 * count / counts.words for count in (counts.three_syllables, counts.long_words, counts.one_syllable)
    )
    sl = counts.words_per_sentence
    return {
        1: 0.1935 * ms + 0.1672 * sl + 0.1297 * iw - 0.0327 * es - 0.875,
        2: 0.2007 * ms + 0.1682 * sl + 0.1373 * iw - 2.779,
        3: 0.2963 * ms + 0.1905 * sl - 1.1144,
        4: 0.2744 * ms + 0.2656 * sl - 1.693,
    }[formula]
