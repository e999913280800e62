"""Names of people: any part of one, filled with the same part of the next user's."""

import sys
from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from langcache.errors import DeclarationError, Refused
from langcache.templating import Gap, Lexicon, Personal, fill
from langcache.templating.folding import folded_words
from langcache.templating.frequency import COMMON
from langcache.templating.kinds.names import _parser, parse
from tests.templating.kinds.laws import check_render, exchanged, forms, rendered, slot

KEEP = {"pronouns": "keep"}


def person(value: object, **options: object) -> Personal:
    return slot(value, "person", **(options or KEEP))


ALICE, ROBERT = person("Alice F. Wong"), person("Robert John van Dyke")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Alice F. Wong founded it", "Robert John van Dyke founded it"),
        ("Alice Wong founded it", "Robert van Dyke founded it"),
        ("Hi Alice,\nthanks", "Hi Robert,\nthanks"),
        ("as Wong noted", "as van Dyke noted"),
        ("Dr. Wong's work", "Dr. van Dyke's work"),
        ("A. Wong and A.F. Wong", "R. van Dyke and R.J. van Dyke"),
        ("Wong, Alice F. and Wong, A.", "van Dyke, Robert J. and van Dyke, R."),
        ("Wong AF. Title", "van Dyke RJ. Title"),
        ("signed A.F.W.", "signed R.J.V."),
        ("follow #AliceWong", "follow #RobertvanDyke"),
        ("alice.wong@acme.example", "robert.vandyke@acme.example"),
        ("the Wongs", "the van Dykes"),
        ("ALICE WONG", "ROBERT VAN DYKE"),
        ("Alice W. said", "Robert V. said"),
    ],
)
def test_each_part_is_the_same_part_of_the_next_name(text: str, expected: str) -> None:
    """However the name is written, the next user's is written that way."""
    assert expected == exchanged(text, ALICE, ROBERT)


@pytest.mark.parametrize(
    ("text", "other", "expected"),
    [
        ("Hi Alice,", "Madonna", "Hi Madonna,"),
        ("Dr. Wong's", "Madonna", "Dr. Madonna's"),
        ("Hi Alice,", "Dr. Smith", "Hi Dr. Smith,"),
        ("Hi Alice,", "J. R. R. Tolkien", "Hi J. R. R. Tolkien,"),
        ("by Alice F. Wong.", "Smith, John", "by Smith, John."),
        ("by Alice Wong.", "Smith, John", "by John Smith."),
        ("by A. F. Wong.", "John Smith", "by J. Smith."),
        ("write alice.wong@a.example", "Dr. Smith", "write drsmith@a.example"),
        ("Dear Alice,", "bob lee", "Dear Bob,"),
        ("Dear Alice,", "王小明", "Dear 王小明,"),
        ("Dear Alice,", "김민수", "Dear 민수,"),
    ],
)
def test_a_missing_part_falls_back_to_what_a_careful_writer_would_use(text: str, other: str, expected: str) -> None:
    """A name without that part is written whole, or without what is optional."""
    assert expected == exchanged(text, ALICE, person(other))


@pytest.mark.parametrize(
    ("other", "expected"),
    [("Prof. J. Doe", "Prof. Doe"), ("Rev John Doe", "Rev. Doe"), ("John Doe", "John Doe"), ("Cher", "Cher")],
)
def test_a_title_of_the_value_is_exchanged_with_it(other: str, expected: str) -> None:
    """A title typed into the value belongs to it; who has none is called by the full name."""
    assert f"{expected} said" == exchanged("Dr. Wong said", person("Dr Alice Wong"), person(other))


def test_a_surname_without_its_particle() -> None:
    """English drops some particles: ``Humboldt`` for ``von Humboldt``."""
    humboldt = person("Alexander von Humboldt")
    assert exchanged("Von Humboldt, or Humboldt", humboldt, person("Ana Lima")) == "Lima, or Lima"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("woods said hi to tiger", "lima said hi to ana"),
        ("Tiger Woods left the woods", "<leak>"),
        ("TIGER WOODS, or tiger woods", "ANA LIMA, or ana lima"),
    ],
)
def test_small_letters_are_the_name_where_all_letters_are(text: str, expected: str) -> None:
    """Part of a name in small letters is a name in a text without capitals, and a word in any other."""
    assert expected == exchanged(text, person("Tiger Woods"), person("Ana Lima"))


def test_a_double_surname_is_written_whole() -> None:
    """Of ``Gabriel García Márquez`` one says García Márquez; who has no middle name has the surname alone."""
    own = person("Gabriel García Márquez")
    assert exchanged("as García Márquez says", own, person("Ana Lima")) == "as Lima says"
    assert exchanged("Gabriel García said", own, person("Ana Lima")) == "Ana said"


def test_a_title_is_spelled_out_where_the_answer_does() -> None:
    """``Doctor Wong`` for a value ``Dr. …``; titles without a long form stay as typed."""
    assert exchanged("Doctor Wong said", person("Dr. Alice Wong"), person("Prof. John Doe")) == "Professor Doe said"
    assert rendered(person("Mr Smith"), "long title surname") == "Mr Smith"


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("Ludwig van der Rohe", ("Ludwig", "van der Rohe", "", "")),
        ("Juan de la Cruz", ("Juan", "de la Cruz", "", "")),
        ("Martin Luther King Jr.", ("Martin", "King", "", "Jr.")),
        ("Henry Ford III", ("Henry", "Ford", "", "III")),
        ("Mary-Jane Watson-Parker", ("Mary-Jane", "Watson-Parker", "", "")),
        ("Cassie L. O'Brien", ("Cassie", "O'Brien", "", "")),
        ("Dr. Wong", ("", "Wong", "Dr.", "")),
        ("Park Ji-sung", ("Ji-sung", "Park", "", "")),
        ("Beck Jennifer P", ("Jennifer", "Beck", "", "")),
        ("DE LA CRUZ, JUAN", ("Juan", "de la Cruz", "", "")),
        ("Prince Rogers Nelson", ("Prince", "Nelson", "", "")),
        ("Madonna", ("Madonna", "", "", "")),
    ],
)
def test_names_are_taken_apart(value: str, parts: tuple[str, ...]) -> None:
    """Particles, suffixes, titles, inverted and shouted names."""
    name = parse(value)
    assert name is not None
    assert parts == tuple(name.parts.get(part, "") for part in ("given", "surname", "title", "suffix"))


@pytest.mark.parametrize("word", ["he", "She", "HIS", "herself", "Mr. Wong", "Ms Wong", "Mrs. Alice Wong"])
def test_words_that_tell_a_man_from_a_woman_refuse(word: str) -> None:
    """Pronouns and titles would be wrong for half of the next users, unless something else settles them."""
    own = slot("Alice Wong", "person")
    assert exchanged(f"Then {word} said so", own, ROBERT) == "<pronoun>"
    assert exchanged("Then she met Ms. Wong", person("Alice Wong"), ROBERT) == "Then she met Ms. van Dyke"
    assert exchanged("Dr. Wong met them", own, ROBERT) == "Dr. van Dyke met them"


@pytest.mark.parametrize("pair", ["he or she", "Her or his", "him/her", "s/he", "himself or herself"])
def test_pairs_of_pronouns_fit_everybody(pair: str) -> None:
    """``his or her`` leaves open who is meant; one of the two does not."""
    assert exchanged(f"Ask {pair} now", slot("Alice Wong", "person"), ROBERT) == f"Ask {pair} now"
    assert exchanged("Ask him or his aunt", slot("Alice Wong", "person"), ROBERT) == "<pronoun>"
    assert exchanged(f"Ask {pair}. Or she", slot("Alice Wong", "person"), ROBERT) == "<pronoun>"


def test_a_title_in_the_value_is_no_pronoun() -> None:
    """``Ms. Wong`` of a value that says so is filled even where pronouns refuse."""
    assert exchanged("Ms. Wong came", slot("Ms. Alice Wong", "person"), person("Mr. Bob Lee")) == "Mr. Lee came"


def test_masking_leaves_pronouns_alone() -> None:
    """In loose text the name is masked in all its forms; a pronoun is residue."""
    template = Lexicon([slot("Alice Wong", "person")]).locate("Alice and Ms. Wong's sister: she knows A. Wong")
    assert (Gap("it"), " and Ms. ", Gap("it"), "'s sister: she knows ", Gap("it")) == template


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dear Mark, call Young", "Dear John, call Doe"),
        ("Ms. Young wrote", "Ms. Doe wrote"),
        ("Young's thesis", "Doe's thesis"),
        ("Young joined in 1999", "Doe joined in 1999"),
        ("Sincerely,\nMark", "Sincerely,\nJohn"),
        ("Young people mark it", "<ambiguous value>"),
        ("Mark the date", "<ambiguous value>"),
        ("Mark, you should rest", "John, you should rest"),
        ("Young, ambitious people", "<ambiguous value>"),
        ("the young", "the young"),
    ],
)
def test_names_that_are_words(text: str, expected: str) -> None:
    """Capitals, titles and neighbours show that a common word is the name; else it refuses, or is only the word."""
    assert expected == exchanged(text, person("Mark Young"), person("John Doe"))


@pytest.mark.parametrize(("value", "text"), [("May Smith", "May's weather"), ("Ann Price", "Price is high")])
def test_a_word_without_an_article_is_not_settled_by_a_verb(value: str, text: str) -> None:
    """What opens a sentence like this need not be a person called May."""
    assert exchanged(text, person(value), ROBERT) == "<ambiguous value>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("studied at Stanford University", "<ambiguous value>"),
        ("moved to Paris", "<ambiguous value>"),
        ("Paris, France", "<ambiguous value>"),
        ("on Saint Paris", "<ambiguous value>"),
        ("Paris and Mr. Stanford met", "John and Mr. Doe met"),
        ("to Paris Stanford", "to John Doe"),
        ("the Stanford Foundation", "the Doe Foundation"),
    ],
)
def test_places_and_institutions_of_that_name_refuse(text: str, expected: str) -> None:
    """A part of a name may be a city or a university, and then is nobody's to exchange."""
    assert expected == exchanged(text, person("Paris Stanford"), person("John Doe"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Robert Wong", "Bob said"),
        ("Mary-Jane Watson", "Jane said"),
        ("Watson-Parker, Ann", "Parker said"),
        ("王小明", "小明来了"),
        ("王小明", "王先生来了"),
        ("김민수", "민수는 왔다"),
        ("Иван Петров", "с Петровым"),
        ("محمد علي", "ومحمد"),
        ("Alice Kowalski", "Kowalsky said"),
    ],
)
def test_what_gives_a_person_away_but_cannot_be_filled_refuses(value: str, text: str) -> None:
    """Nicknames, halves of double names, inflected and misspelt names."""
    assert exchanged(text, person(value), ROBERT) == "<leak>"


def test_a_part_yields_to_the_whole_value_of_another_slot() -> None:
    """Where one slot is "Ján" and another "Ján Novák", the name alone is the first."""
    slots = [Personal("a", "a", "Ján Novák", kind="person", options=KEEP), Personal("b", "b", "Ján", kind="person")]
    assert (Gap("a"), ", called ", Gap("b")) == Lexicon(slots).delexicalize("Ján Novák, called Ján")
    slots[1] = Personal("b", "b", "Ján Horák", kind="person", options=KEEP)
    with pytest.raises(Refused, match="ambiguous slots"):
        Lexicon(slots).delexicalize("Ján Novák, called Ján")


@pytest.mark.parametrize("value", ["agent 47", "a@b.example", "", "...", "x" * 100, 12, "two\nlines"])
def test_what_is_no_name_is_a_text(value: object) -> None:
    """Such a value is exchanged verbatim, and stands for every part."""
    assert ({str(value)} if value else set()) == {form.text for form in forms(person(value))}
    if value:
        assert str(value) == rendered(person(value), "surname")


def test_lists_of_people_are_lists() -> None:
    """All of them joined are filled; one of them, by whatever part, is a list item."""
    own, other = person(["Alice Wong", "Bob Lee"]), person(["Cher"])
    assert exchanged("Alice Wong and Bob Lee came", own, other) == "Cher came"
    assert exchanged("Lee came", own, other) == "<list item>"
    assert exchanged("Alice Wong came", own, other) == "<list item>"
    assert exchanged("- Alice Wong\n- Bob Lee", own, person(["Eve", "Mallory", "Dan"])) == "- Eve\n- Mallory\n- Dan"


def test_without_nameparser_the_declaration_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library is an extra; who declares a person needs it."""
    _parser.cache_clear()
    monkeypatch.setitem(sys.modules, "nameparser", None)
    with pytest.raises(DeclarationError, match="kinds"):
        parse("Nobody Yet")


_given = ["Alice", "Mark", "Mary-Jane", "J.", "José", "Li", "anna", "Иван", "Do", "Will"]
_surname = ["Wong", "Young", "van der Rohe", "O'Brien", "García", "Li", "de la Cruz", "Smith-Jones", "Петров"]
names = st.one_of(
    st.builds("{} {}".format, st.sampled_from(_given), st.sampled_from(_surname)),
    st.builds("{}, {}".format, st.sampled_from(_surname), st.sampled_from(_given)),
    st.builds("{} {} {} {}".format, st.sampled_from(["Dr.", "Ms", "Prof."]), st.sampled_from(_given),
              st.sampled_from(["F.", "Lee", "K"]), st.sampled_from(_surname)),
    st.sampled_from(["Madonna", "王小明", "김민수", "Martin Luther King Jr.", "Robert \"Bob\" Hall", "Dr. Wong"]),
    st.text(max_size=12),
)  # fmt: skip


@given(names, names)
def test_laws(own: str, other: str) -> None:
    """Render writes every form; a text that names A in any way is one that names B, or is refused."""
    a, b = person(own), person(other)
    check_render(a)
    lexicon = Lexicon([a])
    for form in forms(a):
        text = f"It was {form.text} (noted)."
        with suppress(Refused):
            template = lexicon.delexicalize(text)
            assert text == fill(template, {"it": a})
            filled = fill(template, {"it": b})
            foreign = set(folded_words(own)) - set(folded_words(other)) - COMMON
            assert not [word for word in folded_words(filled) if word in foreign and len(word) > 2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Grace, you have a plan.", "Alice, you have a plan."),
        ("Park studied in Rome.", "Wong studied in Rome."),
        ("Grace should ask.", "<ambiguous value>"),
        ("Park is nice.", "<ambiguous value>"),
        ('{"name": "Grace"}', '{"name": "Alice"}'),
        ("**Name:** Grace", "**Name:** Alice"),
    ],
)
def test_a_name_that_is_a_word_is_one_where_only_a_person_can_stand(text: str, expected: str) -> None:
    """Addressed, at what only people do, or where a form asks for a name."""
    assert expected == exchanged(text, person("Grace Park"), ALICE)


@pytest.mark.parametrize("text", ["in Rolling Stone magazine", "Sharon Stone won", "Like Emma Watson", "née Emma Obi"])
def test_a_part_of_a_name_in_another_name_refuses(text: str) -> None:
    """Who is called alike is somebody else."""
    assert exchanged(text, person("Emma Stone"), ALICE) == "<ambiguous value>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello Emma", "Hello Alice"),
        ("as Professor Stone said", "as Professor Wong said"),
        ("# Why Emma Wins Every Deal", "# Why Alice Wins Every Deal"),
        ("Recently Emma left", "Recently Alice left"),
    ],
)
def test_words_with_a_capital_beside_a_name_are_not_always_names(text: str, expected: str) -> None:
    """Greetings, titles, headlines and the first word of a sentence."""
    assert expected == exchanged(text, person("Emma Stone"), ALICE)


def test_pet_names_of_names_in_a_vowel() -> None:
    """Emma is Emmy to her friends."""
    assert exchanged("Dear Emmy", person("Emma Stone"), ALICE) == "<leak>"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Ed Gale", "Add spices, e.g. cumin"),
        ("Ian Evans", "The best, i.e. this one"),
        ("Alan King", "Norma, a.k.a. the boss"),
        ("Robert Davis", "More R&D"),
        ("Nadine Abernathy", "Phone: N/A"),
        ("Anna Bell", "An A/B test of plan A, B or C"),
        ("Ian Olsen", "An i/o error"),
    ],
)
def test_letters_of_every_text_are_nobodys_initials(value: str, text: str) -> None:
    """Abbreviations in small letters, and letters that a sign joins, stay as they are."""
    assert exchanged(text, person(value), ROBERT) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Mark Allen", "an M.A. in history"),
        ("Paul Smith", "P.S. Call me"),
        ("Anna Miller", "at 6 A.M."),
        ("Dan Cole", "Washington, D.C."),
        ("Mary Beth Allen", "an M.B.A."),
    ],
)
def test_dotted_letters_that_mean_something_else_refuse(value: str, text: str) -> None:
    """They might be the initials: neither to be filled nor to stay."""
    with pytest.raises(Refused, match="ambiguous value"):
        Lexicon([person(value)]).delexicalize(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("April Jones", "Applications open in April."),
        ("June Carter", "See you on 3 June."),
        ("Sunday Okafor", "Closed on Sunday."),
        ("Will Smith", "## What Will Change"),
        ("Mark Stone", "# How to Mark Your Calendar"),
        ("Grant Lee", "Apply for a Grant."),
        ("Grace Park", "There is a Grace Period."),
        ("Grace Park", "We met in Central Park."),
        ("Sam Black", "Sales on Black Friday"),
        ("Amy Law", "It is Moore's Law."),
        ("Neil Young", "## How Young Does One Start?"),
        ("Virginia Woolf", "It is in Richmond, Virginia."),
        ("April Jones", "By the end of April, you are ready."),
        ("Eve Star", "It is New Year's Eve."),
    ],
)
def test_a_capital_that_a_word_has_without_being_a_name_refuses(value: str, text: str) -> None:
    """Months, headlines, and words of longer names have one: the next user's name in their place is nonsense."""
    assert exchanged(text, person(value), ROBERT) == "<ambiguous value>"


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ("April Jones", "Dear April,", "Dear Robert,"),
        ("April Jones", "April, you are ready.", "Robert, you are ready."),
        ("April Jones", "**Name:** April", "**Name:** Robert"),
        ("Nicole May", "Ask Ms. May.", "Ask Ms. van Dyke."),
        ("Mark Stone", "## Thanks, Mark", "## Thanks, Robert"),
        ("Mark Stone", "We met Mark in Rome.", "We met Robert in Rome."),
        ("Mark Stone", "Yesterday Mark called.", "Yesterday Robert called."),
        ("Grace Park", "- Bob, Grace and Carol", "- Bob, Robert and Carol"),
        ("Javier García", "Llame a Javier hoy.", "Llame a Robert hoy."),
    ],
)
def test_a_name_that_is_a_word_is_filled_where_it_is_the_name(value: str, text: str, expected: str) -> None:
    """Greeted, titled, asked for by a form, or the only capital in the middle of a sentence."""
    assert exchanged(text, person(value), ROBERT) == expected


@pytest.mark.parametrize(
    ("value", "other", "text", "expected"),
    [
        ("王芳", "李小龙", "亲爱的王芳：您好", "亲爱的李小龙：您好"),
        ("王芳", "李小龙", "王芳老师的计划", "李小龙老师的计划"),
        ("王芳", "李小龙", "王女士您好", "<leak>"),
        ("王芳", "李小龙", "小王来了", "<leak>"),
        ("王芳", "李小龙", "小芳你好", "<leak>"),
        ("高兴", "李小龙", "我很高兴", "<ambiguous value>"),
        ("山田太郎", "佐藤花子", "山田太郎様", "佐藤花子様"),
        ("山田太郎", "佐藤花子", "山田太郎さんへ", "佐藤花子さんへ"),
        ("山田太郎", "佐藤花子", "山田様", "<leak>"),
        ("山田太郎", "佐藤花子", "山田太郎君", "<leak>"),
        ("김민수", "이영희", "김민수님, 안녕하세요", "이영희님, 안녕하세요"),
        ("김민수", "이영희", "민수님의 계획", "영희님의 계획"),
        ("김민수", "Robert Nowak", "김민수의 계획", "Robert Nowak의 계획"),
        ("김민수", "이영희", "김민수는 왔다", "<leak>"),
    ],
)
def test_names_of_east_asia_with_what_any_name_takes(value: str, other: str, text: str, expected: str) -> None:
    """Two characters are a whole name; honorifics fit everybody, particles that follow the sound and titles refuse."""
    assert exchanged(text, person(value), person(other)) == expected


def test_a_chinese_name_is_masked() -> None:
    """Else each user's question would be a key of its own."""
    assert Lexicon([slot("王芳", "person")]).locate("我是王芳，请问") == ("我是", Gap("it"), "，请问")


@pytest.mark.parametrize(
    "text",
    [
        "Herr Wong",
        "Sehr geehrte Frau Wong,",
        "Chère Madame Wong,",
        "Sra. Wong",
        "Don Alice",
        "Liebe Alice",
        "Cara Alice,",
    ],
)
def test_titles_of_other_languages_tell_a_man_from_a_woman(text: str) -> None:
    """As English ones they refuse, unless something else settles them."""
    assert exchanged(text, slot("Alice Wong", "person"), ROBERT) == "<pronoun>"
    assert exchanged(text, ALICE, ROBERT) == text.replace("Wong", "van Dyke").replace("Alice", "Robert")


CITY, NEXT_CITY = (Personal("city", "city", value, kind="name") for value in ("Austin", "Rome"))


@pytest.mark.parametrize("text", ["Dear Austin,", "Austin, you are ready.", "Austin's plan"])
def test_a_value_that_is_a_part_of_the_name_is_not_the_person(text: str) -> None:
    """Austin from Austin is greeted by name: the next user is not called after a city."""
    with pytest.raises(Refused, match="ambiguous slots"):
        Lexicon([person("Austin Powers"), CITY]).delexicalize(text)


def test_a_value_that_is_a_part_of_the_name_is_filled_elsewhere() -> None:
    """Nobody is meant by where a flight goes."""
    template = Lexicon([person("Austin Powers"), CITY]).delexicalize("Austin Powers flies to Austin.")
    assert fill(template, {"it": ROBERT, "city": NEXT_CITY}) == "Robert John van Dyke flies to Rome."


@pytest.mark.parametrize("text", ["Robert Stone and Emma Walker", "| Robert Stone | Bob Miller | Emma Walker |"])
def test_a_line_of_names_is_no_headline(text: str) -> None:
    """All its words begin with a capital; who is called Stone there is somebody else."""
    assert exchanged(text, person("Emma Stone"), ALICE) == "<ambiguous value>"


@pytest.mark.parametrize(
    "text", ["## Emma Conquers Kubernetes Like a Champion", "How Emma Grows Her Business Every Year"]
)
def test_a_headline_is_filled(text: str) -> None:
    """A heading, or a line of common words with capitals."""
    assert exchanged(text, person("Emma Stone"), ALICE) == text.replace("Emma", "Alice")


@pytest.mark.parametrize(
    ("value", "other", "text", "expected"),
    [
        ("Conor O'Brien", "Bob Lee", "Dear Mr. O’Brien,", "Dear Mr. Lee,"),
        ("Conor O'Brien", "Zoë D'Angelo", "Conor O’Brien’s plan", "Zoë D’Angelo’s plan"),
        ("Conor O’Brien", "Bob Lee", "O'BRIEN", "LEE"),
    ],
)
def test_either_apostrophe_is_that_of_the_name(value: str, other: str, text: str, expected: str) -> None:
    """Models write the curly one, keyboards the straight one."""
    assert exchanged(text, person(value), person(other)) == expected
