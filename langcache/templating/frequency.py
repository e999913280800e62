"""How much a word says: function words say nothing, common words little."""

_FUNCTION = """
a an and as at by da de den der des di do du el for from in is la las le les los no of on or the to van
von with
"""
_SHORT = """
ai am api app ceo cv eu gpa hi hr id it ll ok pc pm pr qa re tv uk un url us usa ux ve vs
"""
_COMMON = """
able able-bodied about above accept access account across act action active activity actually add address
after again against age ago agree aim air all allow almost alone along already also although always am
among amount animal another answer any anyone anything applicant applied apply approach april area arm
around arrive art ask attention august author available average avoid away baby back background bad bag
ball bank bar base based basic be bear beat beautiful became because become bed before began begin behind
being believe below benefit best better between beyond big bill bit black blue board body book both
bottom box boy brain branch break bring brother brought brown budget build building built business busy
but buy call came can capital car card care career carry case cash catch cause cell center central centre
century certain chance change charge chart chase check chief child children choice choose church circle
city claim class clean clear clearly click close cloud club coach cold collect college color come common
community company compare complete completed computer concern condition consider contact contain content
continue control cook copy corner cost could count country couple course court cover create cross crown
cup current customer cut daily dark data date daughter day dead deadline deal dear death december decide
decision deep define definition degree deliver department describe description design detail detailed
develop development did die different difficult dinner direct direction director discover discuss
district divide doctor document does dog dollar done door double doubt down draft draw dream drive drop
due during each early earn earth east easy eat economic edge education effect effort eight either else
email employee end energy enjoy enough ensure enter entire especially even evening event ever every
everyone everything exactly example except exchange expect experience expert explain express eye face
fact fail fair faith fall family far farm fast father favor fear feature february federal feedback feel
feet few field fight figure fill film final finally financial find fine finish fire firm first fish fit
five fix floor fly focus follow following food foot force foreign forest forget form former forward found
four frank free french fresh friday friend front full fund further future gain game garden gas gave
general get gift girl give glass global go goal goals god going gold golden gone good got government
grace grade grand grant great green grey ground group grow growth guess guest guide had hair half hall
hand happen happy harbor hard has have he head health hear heart heat heavy help her here high hill him
his history hit hold hole home hope horse hospital hot hotel hour house how however huge human hundred
husband i ice idea identify if image imagine impact important improve include including increase indeed
industry information inside instead interest interested interview into issue it item its itself january
job join joy july june just keep key kid kill kind king kitchen knew know knowledge lake land language
large last late later law lay lead leader learn least leave led left leg less let letter level library
lie life light like likely line link list listen little live local location long look lose loss lot love
low lower machine made main major make man manage manager many march mark market marketing may maybe me
mean meaning meet meeting member mention menu message met might mile milestone mill mind mine minute miss
mission model modern moment monday money month more morning most mother mountain move movie much music
must my name nation national natural nature near nearly necessary need network never new news next nice
night nine none nor north not note nothing notice november now number occur october off offer office
officer official often oh oil ok okay old once one only open operation opportunity option orange order
original other others our out outline outside over overview own owner page pain paint pair paper parent
park part particular partner party pass past path patient pattern pay peace people per perfect perform
perhaps period person personal phone photo pick picture piece place plan plant play player please point
police policy poor popular position possible post power practice prepare present president press pressure
pretty price prime priority private probably problem process produce product professional professor
profile program project property protect prove provide public pull purpose push put quality question
quick quickly quite race radio rain raise range rate rather reach read ready real really reason receive
recent recently record red reduce region relate relationship release remain remember report represent
require research resource respect response rest restaurant result return review rich ride right ring rise
risk river road rock role room rose round rule run safe said sale same saturday save say scale scene
schedule school science score sea search season seat second section security see seek seem sell send
senior sense september series serious serve service set seven several shall share she ship shop short
should show side sign silver similar simple simply since single sister sit site situation six size skill
skin sky sleep small smart smile social society some someone something sometimes son song soon sort sound
source south space speak special specific spend sport spring staff stage stand standard star start state
statement station stay step steps still stock stone stop store story straight strategy street strong
structure student study stuff style subject submit success such suggest summary summer sun sunday support
sure surface system table take talk target task tasks tax teach teacher team tech technology tell ten
term test than thank that their them themselves then theory there these they thing think third this those
though thought thousand three through throughout thursday thus time timeline tip title today together
told tomorrow tonight too took tool top total touch toward town track trade traditional train travel
treat tree trial trip true truth try tuesday turn two type under understand union unit until up update
upon us use used user usually value various very via view village visit voice wait walk wall want war was
watch water way we weather web website wednesday week weekend weight welcome well went were west what
whatever when where whether which while white who whole whom whose why wide wife will win wind window
winter wish within without woman wonder wood word work worker world worry would write writer wrong yard
yeah year yellow yes yesterday yet you young your yourself zero
"""

FUNCTION = frozenset(_FUNCTION.split())
"""Never evidence of a value."""

WORDS = FUNCTION | frozenset(_COMMON.split())
"""Frequent English words, read as words even in capitals."""

COMMON = WORDS | frozenset(_SHORT.split())
"""Words so frequent in English that alone they are no evidence of a value."""

_EVERYDAY = """
about above after again all also always am any are around away back be because been before being below best better both
but can come could did do does done down each either else even ever every few first get give go going good got had has
have he her here high him his home how however i if into it its just know last later least less let like long made make
many may maybe me mean might more most much must my need never next no none nor not now off often ok okay old once one
only other others our out over own place please pretty quite rather really right said same say see seem shall she should
since so some still such sure take tell than thank their them then there these they thing think this those though
through time today too under until up upon us use used very via want was way we week well went were what when where
whether which while who whole whose why will within without would year yes yet you young your
"""
_GENERIC = """
apartment area avenue bar bus center centre city club coffee community company cuisine east event family food game
garden group hotel house international location lounge market movie museum music national new north office park people
product project restaurant road room salon school service shop simulator south sports square station store street
studio table team theater theatre tower town university view village water west
"""

GENERIC = frozenset(_GENERIC.split())
"""What many names end in; with a capital it may stand for one of them (``the University``)."""

CHANCE = FUNCTION | frozenset(_EVERYDAY.split()) | GENERIC
"""Words that stand in any text for their own sake: they never give away a value that holds them."""
