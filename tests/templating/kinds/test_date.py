"""Days: recognised as people write them, written for the next user the same way."""

import sys
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings, strategies as st

from langcache.errors import DeclarationError
from langcache.templating import Lexicon, Personal
from langcache.templating.kinds.abroad import abroad
from langcache.templating.kinds.date import patterns_of
from langcache.templating.kinds.days import Day, day_of, write
from langcache.templating.kinds.locales import cldr
from langcache.templating.kinds.relative_days import IDIOMS
from tests.templating.kinds.laws import check_exchange, check_render, exchanged, forms, rendered, slot

REFERENCE = date(2019, 3, 1)
A, B = slot("2019-03-01", "date"), slot(date(2020, 12, 23), "date")
days = st.dates(date(1900, 1, 1), date(2100, 1, 1))
values = st.one_of(days, days.map(str), days.map(lambda day: f"{day:%B} {day.day}"), st.just("moderate"))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2019-03-01", "2020-12-23"),
        ("March 1st", "December 23rd"),
        ("1 March 2019", "23 December 2020"),
        ("Friday, March 1", "Wednesday, December 23"),
        ("Fri, Mar 1, 2019", "Wed, Dec 23, 2020"),
        ("3/1/2019", "12/23/2020"),
        ("03/01/19", "12/23/20"),
        ("01.03.2019", "23.12.2020"),
        ("the 1st of March", "the 23rd of December"),
        ("01-Mar-2019", "23-Dec-2020"),
        ("March 2019", "December 2020"),
        ("March 1 (Friday)", "December 23 (Wednesday)"),
    ],
)
def test_the_same_style_for_the_next_user(written: str, expected: str) -> None:
    """However the day is written, the next user's day is written that way."""
    assert f"See you on {expected}!" == exchanged(f"See you on {written}!", A, B)


@pytest.mark.parametrize(
    "text", ["in March", "during 2019", "on the 1st", "on 1/3/2019", "next Friday", "today", "Mar. 2019"]
)
def test_what_gives_the_day_away_but_cannot_be_filled_refuses(text: str) -> None:
    """Its parts, the other numeric order and relative words without a reference are never left behind."""
    assert exchanged(f"See you {text}, then.", A, B).startswith("<")


def test_parts_that_prompt_or_features_name_are_not_the_days() -> None:
    """A year and a month that every user's prompt holds say nothing about one user."""
    template = Lexicon([A], known=["Plans of March 2019"]).delexicalize("Start in March, end 2019.")
    assert template == ("Start in March, end 2019.",)


def test_may_is_a_month_only_with_a_preposition() -> None:
    """The verb "may" gives no day away."""
    may = slot("2019-05-05", "date")
    assert exchanged("You may go.", may, B) == "You may go."
    assert exchanged("You go in May.", may, B) == "<leak>"


def test_numeric_order_follows_the_locale() -> None:
    """``1/3/2019`` is the first of March in Britain and refused in the United States."""
    own, other = (slot(value, "date", locale="en_GB") for value in ("2019-03-01", "2020-12-23"))
    assert exchanged("Due 1/3/2019.", own, other) == "Due 23/12/2020."
    assert exchanged("Due 3/1/2019.", own, other) == "<leak>"


def test_both_readings_of_an_ambiguous_value_are_guarded() -> None:
    """A value ``2/8/1935`` may mean August: that reading is never left behind either."""
    own = slot("2/8/1935", "date")
    assert exchanged("Born 2/8/1935.", own, slot("3/4/1940", "date")) == "Born 3/4/1940."
    assert exchanged("Born August 2nd.", own, slot("3/4/1940", "date")) == "<leak>"


@pytest.mark.parametrize(
    ("own", "text", "other", "expected"),
    [
        ("2019-03-01", "today", "2019-03-02", "tomorrow"),
        ("2019-03-01", "today", "2019-03-14", "March 14th"),
        ("2019-03-01", "today", "2020-03-14", "March 14th, 2020"),
        ("2019-03-04", "next Monday", "2019-03-08", "next Friday"),
        ("2019-03-03", "the day after tomorrow", "2019-03-01", "today"),
        ("2019-03-03", "day after tomorrow", "2019-03-02", "March 2nd"),
        ("2019-03-04", "It is in 3 days", "2019-03-06", "It is in 5 days"),
        ("2019-03-04", "It is in 3 days", "2019-03-01", "<unrenderable>"),
        ("2019-03-04", "in 3 days", "2019-03-06", "<relative date>"),
        ("2019-03-04", "each Monday", "2019-03-05", "<relative date>"),
        ("2019-04-01", "each Monday", "2019-03-05", "each Monday"),
        ("2019-03-04", "this Monday", "2019-04-06", "April 6th"),
        ("2019-03-11", "next Monday", "2019-03-12", "<relative date>"),
        ("2019-03-01", "tonight", "2019-03-02", "<ambiguous value>"),
        ("2019-03-01", "Today is March 1st.", "2019-03-09", "<ambiguous value>"),
        ("2019-03-01", "It is today, March 1st.", "2019-03-14", "<ambiguous value>"),
        ("2019-03-01", "Today we meet.", "2019-03-09", "March 9th we meet."),
    ],
)
def test_relative_words_resolve_against_the_reference(own: str, text: str, other: str, expected: str) -> None:
    """Relative words are the value seen from the reference date, and are written from the next user's."""
    users = [slot(value, "date", reference_date=lambda: REFERENCE) for value in (own, other)]
    assert expected == exchanged(text, *users)


def test_a_relative_value_is_exchanged_verbatim() -> None:
    """A value that people typed as a relative word needs no reference."""
    assert exchanged("Booked for today.", slot("today", "date"), slot("March 14th", "date")) == "Booked for March 14th."


def test_today_in_an_idiom_is_nobodys_day() -> None:
    """ "Can I help you today" stays what it is for everybody."""
    text = "It is today. How can I help you today?"
    own, other = (slot(day, "date", reference_date=REFERENCE) for day in (REFERENCE, date(2019, 3, 2)))
    assert exchanged(text, own, other) == "It is tomorrow. How can I help you today?"


@pytest.mark.parametrize(
    "locale",
    [
        "es",
        "pt",
        "fr",
        "it",
        "de",
        "ru",
        "ar",
        "hi",
        "zh",
        "ja",
        "ko",
        "nl",
        "sv",
        "pl",
        "tr",
        "id",
        "ro",
        "el",
        "uk",
        "da",
        "nb",
        "cs",
        "fi",
    ],
)
def test_a_day_abroad_is_written_as_cldr_has_it(locale: str) -> None:
    """The table that an English slot's guard uses without babel says what babel says, for every month."""
    pattern = cldr(locale).datetime_skeletons["MMMMd"].pattern
    months = range(1, 13)
    assert [month for month in months if write(Day(None, month, 21), pattern, locale) not in abroad(month, 21)] == []


def test_a_wrong_or_missing_year_is_never_invented() -> None:
    """A day without a year cannot be written with one, nor with a weekday."""
    yearless = slot("March 14th", "date")
    assert [rendered(yearless, style) for style in ("MMMM do, y", "EEEE, MMMM do")] == ["<unrenderable>"] * 2
    assert exchanged("Come on Thursday, March 14th.", yearless, B) == "<date part>"


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("March 1st", (None, 3, 1)),
        ("the 1st of Mar. 2019", (2019, 3, 1)),
        ("Friday, 1 March, 2019", (2019, 3, 1)),
        ("14/3/2019", (2019, 3, 14)),
        ("1.3.2019", (2019, 3, 1)),
        ("2019/3/1", (2019, 3, 1)),
        ("February 29", (None, 2, 29)),
        ("February 29, 2019", None),
        ("February 30", None),
        ("March", None),
        ("10", None),
        ("March or April 1", None),
        ("1 March & 2 March", None),
    ],
)
def test_what_a_value_says(said: str, day: tuple[int | None, int, int] | None) -> None:
    """A day is read as people type it; half a day or two of them are none."""
    assert day_of(said) == day


def test_a_leap_day_without_a_year_is_the_nearest_one() -> None:
    """The 29th of February is seen from the reference in a year that has one, and has no weekday in others."""
    users = [slot(said, "date", reference_date=date(2020, 2, 28)) for said in ("February 29", "March 1")]
    assert exchanged("It is tomorrow.", *users) == "It is March 1st."


def test_the_end_of_the_calendar_is_not_crossed() -> None:
    """Tomorrow of the last day there is, is no day."""
    last = slot("tomorrow", "date", reference_date=date.max)
    assert {form.text for form in forms(last)} >= {"tomorrow"}
    assert rendered(last, "MMMM do") == "<unrenderable>"


def test_a_value_that_is_no_day_is_a_text() -> None:
    """Free text is found verbatim, and a style of days cannot be written for it."""
    assert {form.text for form in forms(slot("whenever it suits", "date"))} == {"whenever it suits"}
    assert rendered(slot("whenever it suits", "date"), "MMMM do") == "<unrenderable>"
    assert rendered(B, "no such style") == "<unrenderable>"


def test_other_locales_come_from_cldr() -> None:
    """German is written as Germans write it."""
    own, other = (
        slot(value, "date", locale="de_DE") for value in (date(2019, 3, 1), datetime(2020, 12, 23, tzinfo=UTC))
    )
    assert exchanged("Am 1. März 2019.", own, other) == "Am 23. Dezember 2020."
    assert exchanged("Im März.", own, other) == "<leak>"


def test_a_locale_that_cannot_be_had_is_a_wrong_declaration(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown locale and a missing library are told to the developer, with the fix."""
    with pytest.raises(DeclarationError, match="no locale is called"):
        forms(slot("2019-03-01", "date", locale="xx_nowhere"))
    cldr.cache_clear()
    patterns_of.cache_clear()
    monkeypatch.setitem(sys.modules, "babel", None)
    with pytest.raises(DeclarationError, match=r"langcache-middleware\[kinds\]"):
        forms(slot("2019-03-01", "date", locale="it"))


@given(days, days)
def test_no_two_days_are_written_alike(one: date, other: date) -> None:
    """Within a locale a full date belongs to one day, whatever the style; without its century it may not."""
    first, second = (
        {
            form.text
            for form in forms(slot(day, "date"))
            if {"y", "d"} <= {*(form.style or "")} and "yy" not in (form.style or "")
        }
        for day in (one, other)
    )
    assert one == other or not (first & second) - set(IDIOMS)


@settings(max_examples=40)
@given(values, values, st.sampled_from(["en", "en_GB", "de"]), st.sampled_from([None, REFERENCE]))
def test_laws(own: object, other: object, locale: str, reference: date | None) -> None:
    """Render writes every form; a text for A is a text for B in one of B's forms, or refused."""
    a, b = (slot(value, "date", locale=locale, reference_date=reference) for value in (own, other))
    check_render(a)
    check_exchange(a, b, IDIOMS)


def test_a_year_is_exchanged_where_it_can_only_be_that_of_a_death() -> None:
    """Said to have died in it; not where something merely ends in it."""
    own, other = (Personal("death_date", "died", day, kind="date") for day in ("2010-10-24", "1987-04-25"))
    assert exchanged("She died in 2010 (d. 2010).", own, other) == "She died in 1987 (d. 1987)."
    assert exchanged("Professor there (1990–2010).", own, other) == "<leak>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Born in 1956, Ada won.", "Born in 1987, Ada won."),
        ("Ada (b. 1956) won.", "Ada (b. 1987) won."),
        ("Ada (1956–2010) won.", "Ada (1987–2010) won."),
        ("Ada won in 1956.", "<leak>"),
    ],
)
def test_a_year_is_exchanged_where_it_can_only_be_that_of_a_birth(text: str, expected: str) -> None:
    """The same words tell nothing of a date that is no date of birth."""
    own, other = (Personal("dob", "date of birth", day, kind="date") for day in ("1956-10-24", "1987-04-25"))
    assert expected == exchanged(text, own, other)
    assert exchanged(text, slot("1956-10-24", "date"), slot("1987-04-25", "date")) == "<leak>"


@pytest.mark.parametrize(
    "written",
    [
        "3月1日", "３月１日", "三月一日", "3월 1일", "1 de marzo", "1 de março", "1 mars", "1 marzo", "1. März",
        "1 марта", "١ مارس", "१ मार्च",
    ],
)  # fmt: skip
def test_a_day_in_another_language_refuses(written: str) -> None:
    """An answer may be in the reader's language whatever the slot's locale; other days of that language stay."""
    assert exchanged(f"({written})", A, B) == "<leak>"
    assert exchanged(f"({written})", slot("2019-04-23", "date"), B) == f"({written})"


@pytest.mark.parametrize("text", ["Due March 14.", "Due on the 14th of March", "le 14 mars", "14 marca", "14 Mart"])
@pytest.mark.parametrize("locale", ["de", "en"])
def test_a_day_in_another_language_than_the_slots_does_not_stay(locale: str, text: str) -> None:
    """English is another language, too, to a slot with a locale."""
    own, other = (slot(date(2019, month, 14), "date", locale=locale) for month in (3, 5))
    filled = exchanged(text, own, other)
    assert filled != text
    assert filled in ("<leak>", text.replace("March", "May"))
