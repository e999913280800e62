"""What templates lose, keep and leak on real text: ``python benchmarks/templating.py DIR``.

DIR holds ``*.jsonl`` sets (see the README there) and ``leakcheck.py``, the independent grader that judges the
texts filled for another user. Columns, per set:

- ``leak``: filled texts in which the grader finds something of the first user, exact to partial.
- ``cached``: outputs that became a template, of all outputs; the rest was refused, by the reasons listed.
- ``round trip``: cached outputs that give the same bytes back for the same user.
- ``gold``: cached outputs whose fill for another user is the text with the annotated spans exchanged,
  a/an and possessives aside; only where every span holds its slot's value.
- ``a/an``: articles before a filled gap that disagree with what people wrote before that word in these sets.
"""

import argparse
import importlib.util
import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

from langcache.errors import Refused
from langcache.templating import Lexicon, Personal, Template, fill

Row = dict[str, Any]

# By slot name, the first that the name contains; as the README of the sets declares them.
KINDS = (
    ("email", "email"),
    ("url domain", "url"),
    ("date_time", "datetime"),
    ("time wait leave arrive", "time"),
    ("date", "date"),
    ("price fare balance amount cost", "money"),
    ("phone", "phone"),
    ("address street", "address"),
    ("postcode ref zip iban ssn credit license ip_", "text"),
    ("number_of group_size", "number"),
    ("person contact recipient director starring cast actor account_holder", "person"),
)
OPTIONS = {"pronouns": "keep", "reference_date": date(2019, 3, 1)}


@dataclass
class Score:
    """Counts over the outputs of one set."""

    outputs: int = 0
    cached: int = 0
    round_trips: int = 0
    leaks: int = 0
    gold: int = 0
    gold_equal: int = 0
    articles: int = 0
    articles_wrong: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    examples: list[tuple[str, ...]] = field(default_factory=list)


def kind_of_name(name: str) -> str:
    return next((kind for words, kind in KINDS if any(word in name for word in words.split())), "name")


def personal(values: Mapping[str, str]) -> dict[str, Personal]:
    return {
        name: Personal(name, name.replace("_", " "), value, (), kind_of_name(name), OPTIONS)
        for name, value in values.items()
    }


class People:
    """All users of a set: where another user's values come from."""

    def __init__(self, rows: Sequence[Row], *, canonical: bool) -> None:
        self._pools: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._canonical = canonical
        for row in rows:
            for name, value in row["slots"].items():
                self._pools[_base(name)].append((value, _canonical(row)[name]))

    def stored(self, row: Row) -> dict[str, str]:
        """The values of a row's user as the app stores them."""
        return _canonical(row) if self._canonical else row["slots"]

    def another(self, row: Row) -> tuple[dict[str, str], dict[str, str]]:
        """Another user's values as written and as stored, none of them equal to one of the row's."""
        dice = random.Random(row["id"])
        taken = {value.casefold() for value in (*row["slots"].values(), *_canonical(row).values())}
        written, stored = {}, {}
        for name in row["slots"]:
            pool = self._pools[_base(name)]
            for _ in range(50):
                value, canonical = pool[dice.randrange(len(pool))]
                if not {value.casefold(), canonical.casefold()} & taken:
                    break
            taken |= {value.casefold(), canonical.casefold()}
            written[name], stored[name] = value, canonical if self._canonical else value
        return written, stored


def _canonical(row: Row) -> dict[str, str]:
    found: dict[str, str] = row.get("slots_canonical") or row["slots"]
    return found


def _base(name: str) -> str:
    return name.rstrip("0123456789")


class Habits:
    """Which article people write before a word, and which words are common, by counting."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._articles: dict[str, Counter[str]] = defaultdict(Counter)
        self._rows: Counter[str] = Counter()
        for row in rows:
            own = set(_words(" ".join(row["slots"].values())))
            self._rows.update({word for text in row["outputs"] for word in _words(text)} - own)
            for text in row["outputs"]:
                for article, word in re.findall(r"\b([Aa]n?) ([\w$]+)", text):
                    self._articles[word.casefold()][article.lower()] += 1

    def common(self, word: str) -> bool:
        """Whether at least ten other users' answers use it as a word of their own."""
        return self._rows[word] >= 10

    def article(self, word: str) -> str | None:
        """The article nine of ten people write before a word; ``None`` if nobody knows."""
        counted = self._articles.get(word.casefold(), Counter())
        best = counted.most_common(1)
        return best[0][0] if best and counted.total() >= 3 and best[0][1] >= 0.9 * counted.total() else None


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


class Bench:
    """One set, measured."""

    def __init__(self, rows: Sequence[Row], grader: ModuleType, habits: Habits, *, canonical: bool) -> None:
        self._rows, self._grader, self._habits = rows, grader, habits
        self._people = People(rows, canonical=canonical)
        self.score = Score()

    def run(self) -> Score:
        """Every output delexicalized, filled for another user, and judged."""
        for row in self._rows:
            slots = personal(self._people.stored(row))
            lexicon = Lexicon(list(slots.values()), known=[str(value) for value in row["features"].values()])
            for index, text in enumerate(row["outputs"]):
                self.score.outputs += 1
                try:
                    template = lexicon.delexicalize(text)
                except Refused as refused:
                    self._refused(refused, row, text)
                    continue
                self.score.cached += 1
                self.score.round_trips += fill(template, slots) == text
                self._judge(row, text, index, template)
        return self.score

    def _refused(self, refused: Refused, row: Row, text: str) -> None:
        kind = kind_of_name(refused.slot or "")
        reason = f"{refused.reason}/{refused.form}/{kind}"
        self.score.refused[reason] += 1
        value = self._people.stored(row).get(refused.slot or "", "")
        self.score.examples.append((reason, f"{refused.slot}={value!r} at {refused.position}", text))

    def _judge(self, row: Row, text: str, index: int, template: Template) -> None:
        written, stored = self._people.another(row)
        try:
            filled = fill(template, personal(stored))
        except Refused as refused:
            self.score.refused[f"fill: {refused.reason}/{refused.form}/{kind_of_name(refused.slot or '')}"] += 1
            return
        self._leaks(row, written, stored, filled)
        self._articles(template, personal(stored), filled)
        if "spans" in row:
            self._gold(row, text, index, written, filled)

    def _leaks(self, row: Row, written: Mapping[str, str], stored: Mapping[str, str], filled: str) -> None:
        own = {**row["slots"], **{f"{name} stored": value for name, value in self._people.stored(row).items()}}
        other = {**written, **{f"{name} stored": value for name, value in stored.items()}}
        features = tuple(row["features"].values())
        found = self._grader.find(own, other, filled, features, self._habits.common)
        leaks = [hit for hit in found if hit[1] in self._grader.LEAK]
        self.score.leaks += bool(leaks)
        self.score.examples += [("LEAK", f"{leaks[0]} for {other}", filled)] if leaks else []

    def _articles(self, template: Template, slots: Mapping[str, Personal], filled: str) -> None:
        text = ""
        for segment in template:
            if isinstance(segment, str):
                text += segment
                continue
            written = fill((segment,), slots)
            match = re.search(r"(?:^|\W)([Aa]n?) $", text) or re.match(r"()([Aa]n?) ", written)
            text += written
            if match is None:
                continue
            article = (match[1] or match[2]).lower()
            word = re.search(r"[\w$]+", written.removeprefix(f"{match[2]} ") if not match[1] else written)
            expected = self._habits.article(str(word[0])) if word else None
            self.score.articles += 1
            if expected is not None and expected != article:
                self.score.articles_wrong += 1
                self.score.examples.append(("A/AN", f"{article} {written[:30]}", filled))

    def _gold(self, row: Row, text: str, index: int, other: Mapping[str, str], filled: str) -> None:
        spans = sorted(row["spans"][index], key=lambda span: span[1])
        if any(text[start:end] != row["slots"].get(name) for name, start, end in spans):
            return
        pieces: list[str] = []
        at = 0
        for name, start, end in spans:
            pieces += (text[at:start], other[name])
            at = end
        expected = "".join([*pieces, text[at:]])
        self.score.gold += 1
        equal = _aside(expected) == _aside(filled)
        self.score.gold_equal += equal
        if not equal:
            self.score.examples.append(("GOLD", filled, expected))


def _aside(text: str) -> str:
    """A text without what may differ: the form of a/an and of possessives."""
    text = re.sub(r"(?<=s['’])s\b", "", text)
    return re.sub(r"\b([Aa])n(?= )", r"\1", text)


def table(scores: Mapping[str, Score]) -> Iterator[str]:
    yield f"{'set':<18}{'outputs':>8}{'leak':>6}{'cached':>9}{'round trip':>12}{'gold':>9}{'a/an wrong':>14}"
    for name, score in scores.items():
        gold = f"{score.gold_equal / score.gold:9.2%}" if score.gold else f"{'–':>9}"
        yield (
            f"{name:<18}{score.outputs:>8}{score.leaks:>6}{score.cached / score.outputs:>9.2%}"
            f"{score.round_trips / max(1, score.cached):>12.2%}{gold}"
            f"{f'{score.articles_wrong} of {score.articles}':>14}"
        )
        for reason, count in score.refused.most_common(8):
            yield f"{'':<18}{count:>8}  refused: {reason}"


def grader_of(folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("leakcheck", folder / "leakcheck.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(print_line: Callable[[str], object] = print) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", help="without it there is nothing to measure")
    parser.add_argument("--set", action="append", help="only this set; may be repeated")
    parser.add_argument("--limit", type=int, help="only so many lines of each set, evenly spread")
    parser.add_argument("--canonical", action="store_true", help="also with values as an app stores them")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--examples", metavar="PATTERN", help="show refusals and faults whose reason matches")
    given = parser.parse_args()
    if given.folder is None:
        parser.print_usage()
        return 0
    grader = grader_of(given.folder)
    scores: dict[str, Score] = {}
    for path in sorted(given.folder.glob("*.jsonl")):
        if given.set and path.stem not in given.set:
            continue
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        habits = Habits(rows)
        if given.limit:
            rows = rows[:: max(1, len(rows) // given.limit)]
        scores[path.stem] = Bench(rows, grader, habits, canonical=False).run()
        if given.canonical and "slots_canonical" in rows[0]:
            scores[f"{path.stem} canonical"] = Bench(rows, grader, habits, canonical=True).run()
    if given.json:
        print_line(
            json.dumps({name: {k: v for k, v in vars(s).items() if k != "examples"} for name, s in scores.items()})
        )
    else:
        for line in table(scores):
            print_line(line)
    for example in (e for s in scores.values() for e in s.examples) if given.examples else ():
        if re.search(given.examples, example[0]):
            print_line("\n  ".join(example))
    return int(any(score.leaks or score.round_trips < score.cached for score in scores.values()))


if __name__ == "__main__":
    sys.exit(main())
