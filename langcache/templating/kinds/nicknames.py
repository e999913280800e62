"""Short forms of English first names: close enough to give a person away, too free to be filled for another."""

from collections.abc import Iterator

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
margaret maggie meg peggy marge greta; matthew matt matty; michael mike mikey mick micky; mohammed mo; nathaniel nate
nathan; nicholas nick nicky; pamela pam; patricia pat patty tricia trish; patrick pat paddy; peter pete; philip phil;
rebecca becky becca; raymond ray; richard rich rick ricky dick; robert rob robbie bob bobby; ronald ron ronnie;
samantha sam sammy; samuel sam sammy; sarah sally; stephanie steph; stephen steve stevie; steven steve stevie;
susan sue susie suzy; theodore ted teddy theo; thomas tom tommy; timothy tim timmy; victoria vicky tori; vincent vince
vinny; walter walt wally; william will bill billy willy liam; zachary zach zack
"""
_TABLE = {names[0]: names[1:] for names in (entry.split() for entry in _NICKNAMES.split(";"))}


def nicknames(given: str) -> Iterator[str]:
    """The usual short forms of a first name, capitalised; none that is a common word ("Will")."""
    yield from (name.capitalize() for name in _TABLE.get(given.lower(), ()) if name not in COMMON)
