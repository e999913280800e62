"""The indefinite article, by sound."""

import pytest

from langcache.templating.articles import article

AN = """
apple hour honest honor heir herb Owl Uber umbrella urge usher utter uninformed unidentified unannounced Ubuntu Oneida
MIT FBI SUV S90 A8 F-150 8 8:30 80 800 8,500 11 11:30 18 18,000 1800 $8.50 e-mail iPhone eBay X-ray Xbox HDMI LSAT html
MBA mRNA O'Brien Åland État IBM AT&T S.O.S. Yves 8th 11th 18th R&D L3 NYU honorary MP3 RSVP EU **ice** "IPO"
""".split()  # noqa: SIM905 -- a list of words
A = """
pear house Honolulu hotel unit union unicorn university European euro one once one-off user usual utility Utah Ukraine
UK US U.S. NASA NATO FEMA UFO URL USB UCLA 1 1:30 7 10 12 19 100 110 118 180 1,800  $1.80 U-turn
STEM RAM yacht Yale Xavier D'Angelo L'Oréal Dr Mr St Uruguay ewe Hsu RED mackerel Wanda GPA CEO $74 111 ubiquitous
""".split()  # noqa: SIM905


@pytest.mark.parametrize("text", AN)
def test_an_before_a_vowel_sound(text: str) -> None:
    """A vowel sound takes an, however the word is written."""
    assert article(text) == "an"


@pytest.mark.parametrize("text", A)
def test_a_before_a_consonant_sound(text: str) -> None:
    """A consonant sound takes a, however the word is written."""
    assert article(text) == "a"


@pytest.mark.parametrize("text", ["", "...", "北京", "हिन्दी", "٨", "Москва", "²"])
def test_no_article_where_english_says_none(text: str) -> None:
    """Words of other scripts and marks without words have no article of their own."""
    assert article(text) is None
