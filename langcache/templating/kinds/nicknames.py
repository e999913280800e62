"""Other forms of first names: close enough to give a person away, too free to be filled for another."""

from collections.abc import Iterator

from langcache.templating.folding import fold
from langcache.templating.frequency import COMMON

_NICKNAMES = """
alexander alex sandy xander; alexandra alex alexa lexi sandra; alfred alf alfie fred; amanda mandy; andrew andy drew;
anthony tony; barbara barb barbie babs; benjamin ben benny benji; catherine cathy cate kate katie; charles
charlie chuck; christina chris chrissy tina;
christine chris chrissy tina; christopher chris topher; cynthia cindy; daniel dan danny;
david dave davey; deborah deb debbie; donald don donny; dorothy dot dottie; edward ed eddie ned ted teddy;
eleanor ellie nell nora; elizabeth liz lizzie beth betsy betty eliza lisa; emily em emmy; frances fran francie frankie;
francis frank frankie; frederick fred freddie; gabriel gabe; gerald gerry jerry; gregory greg; harold harry hal;
henry harry hank; isabella bella izzy isa; jacob jake; james jim jimmy jamie; jeffrey jeff; jennifer jen jenny jenn;
jessica jess jessie; john johnny jack; jonathan jon jonny; joseph joe joey; joshua josh; judith judy; katherine kathy
kate katie kat; kenneth ken kenny; kimberly kim; laurence larry; lawrence larry; leonard leo len lenny; louis lou louie;
margaret maggie meg peggy marge greta; matthew matt matty; michael mike mikey mick micky; mohammed muhammad mohamed
mohammad muhammed mo; nathaniel nate
nathan; nicholas nick nicky; pamela pam; patricia pat patty tricia trish; patrick pat paddy; peter pete; philip phil;
rebecca becky becca; raymond ray; richard rich rick ricky dick; robert rob robbie bob bobby; ronald ron ronnie;
samantha sam sammy; samuel sam sammy; sarah sally; stephanie steph; stephen steve stevie; steven steve stevie;
susan sue susie suzy; theodore ted teddy theo; thomas tom tommy; timothy tim timmy; victoria vicky tori; vincent vince
vinny; walter walt wally; william will bill billy willy liam; zachary zach zack; jose pepe;
juan juanito; francisco paco pancho; ignacio nacho; guillermo memo; enrique kike;
giuseppe beppe peppe; giovanni gianni; alessandro sandro; aleksandr alexander sasha; aleksandra sasha; dmitri dima
mitya; ekaterina yekaterina katya; ivan vanya; mikhail misha; natalia natasha; sergei seryozha; vladimir vova volodya;
anna anya ania; maria masha; olga olya; tatiana tanya; johannes hans; friedrich fritz; heinrich heinz; ludwig lutz;
catherine katherine kathryn katharine; stephen steven; jeffrey geoffrey; ahmed ahmad; hussein husain hussain;
yusuf youssef yousef; omar umar; fatima fatimah; aisha ayesha; sara sarah; ana anna anne ann
"""
_ENDINGS = ("a", "e", "ie", "y", "i", "ny", "nie")
"""What makes a pet name, or a sister's, of a short first name: Anna, Annie, Bobby."""


def _others() -> dict[str, set[str]]:
    others: dict[str, set[str]] = {}
    for names in (entry.split() for entry in _NICKNAMES.split(";")):
        for name in names:
            others.setdefault(name, set()).update(names)
    return others


_OTHERS = _others()


def nicknames(given: str) -> Iterator[str]:
    """The usual other forms of a first name, long and short, capitalised; none that is a common word ("Will")."""
    name = fold(given)
    found = {*_OTHERS.get(name, ()), *_derived(name)} - {name}
    yield from (other.capitalize() for other in sorted(found) if other not in COMMON)


def _derived(name: str) -> Iterator[str]:
    if not name.isalpha() or len(name) < 3:
        return
    if len(name) < 6:
        yield from (name + ending for ending in (*_ENDINGS, name[-1] + "y", name[-1] + "ie"))
    if 3 < len(name) < 7 and name[-1] in "aeo":
        yield from (name[:-1] + ending for ending in ("y", "ie", "i"))
    yield from (name[:length] for length in range(4, len(name) - 1))
