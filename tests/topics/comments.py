"""Comments of students as they are written: Cebuano, Tagalog and Taglish, with the spelling of text messages."""

LATE = """
lagi cyang late, 30 mins na wla pa rin c sir
palaging late si maam tas di nag sosorry
late na nman pumasok kso nagalit pa samen
sig rag late c maam, mag paabot mi sa gawas
pirmi late, wa mi kahibaw kung naay klase
late sya kada monday aq nlng nag antay
always late po, minsan absent pa
late late late hahahahaha
absent na late pa jd permi
dugay kaau mag abot c sir, late permi
late mag start ang klase tapos absent pa bukas
maam pls wag na po ma late
late sad usahay pero ok ra man
30 mins late unya mo dismiss pag sayo
2x na absent c sir dis month, late pa
cge mig hulat, late man gud permi
nka late na nman c maam haist
wla na nga klase kay absent, kung naa late
late ang dating tas gutom na kami
d man jd mo abot og on time, late jud
""".strip().splitlines()
UNCLEAR = """
dili klaro mo explain, libog kaayo
di klaro ang iyang discussion gyud
hindi malinaw mag explain, nkakalito
dli jd klaro iyang pag discuss
hnd malinaw ung lesson, wla akong naintindihan
dili nako masabtan ang lesson libog jud
wala koy nasabtan sa discussion
not clear po yung discussion nya
hindi ko po maintindihan ung lesson
dili klaro ang instructions sa activity
hindi malinaw instructions, nakakalito
di gyud klaro mo discuss, libog kaau
d ko kasabot sa lesson, libog iya explanation
ang gulo po ng discussion, hindi malinaw
nakakalito ung lesson tas di pa malinaw yung examples
wa jud ko kasabot maam, dili klaro
dli klaro ag lesson ky libog mo discuss
hndi sya malinaw magpaliwanag ng lesson
libog ang discussion, wla mi kasabot
medyo nakakalito po discussion nya, di malinaw
""".strip().splitlines()
KIND = """
buotan kaayo c maam, approachable pud
mabait at approachable c sir
buot-an ug approachable kaayo nga teacher
mabait po sya sobra, approachable
buotan jud kaau, dili strikta
super bait ni maam tas approachable
mabait na approachable pa, di masungit
buotan si sir approachable pajud
but.an kaayo nga maestra approachable
bait bait ni maam hehehehe approachable
mabait c sir approachable sa students
buotan siya ug approachable
grabe ka buotan si maam oy
mbait c maam nd namamahiya, approachable
ang bait tas approachable po tlga sya
buotan man siya pero strikto gamay
d sya masuko, buotan ra kaayo
mabait nman si sir sken hehe
approachable kaau and buotan, way problema
super approachable po kahit sa chat, ang bait
""".strip().splitlines()
WORKLOAD = """
daghan kaayo ug activities, walay pahulay
ang daming activities at requirements tas rush pa
sobrang dami requirements, deadline agad
daghan requirements unya duol ang deadline
dami activities kada week, deadline agad po
grabe ang activities daghan kaau deadline
activities na naman, requirements pa, di na kinaya
sobra ka daghan activities ug requirements
ang daming requirements deadline bukas
requirements requirements deadline pa more hahaha
too many activities po and requirements
daghan activities gamay ra ang oras, deadline dayon
kapoy na ang activities oy, requirements pa
sunod sunod deadline wla nang tulog haha
dghan kaau activities sa isa ka adlaw
hindi kinaya ang dami ng requirements
activities nlng permi way discussion, deadline dayon
tambak requirements tas sabay sabay deadline
grabe jd ka daghan ang activities hahaha
minus requirements po sana, ang dami kc activities
""".strip().splitlines()
ONLINE = """
hina ng signal sa zoom, putol putol
zoom lang permi unya hinay ang signal
wla mi data para zoom maam
ang choppy ng zoom dko marinig
naguba ang signal pag mag zoom na
google meet tas choppy audio, walang signal
pls upload po ng recording pag choppy
hinay jd kaau signal dri sa amo, dili ka sulod sa zoom
lag kaau ang zoom, choppy pa jd
ang bagal ng internet, na dc sa zoom
internet namo kay hinay, choppy ang audio
sa zoom nlng po kasi naka mute lagi
wala po akong data pang zoom hehe
signal issues everytime naay zoom
di makapasok sa zoom dhil sa signal
choppy si sir pag nag zoom, mahina internet
unta naay recording kay hinay internet sa amoa
mahina po talaga signal samin, recording nlng sana
zoom zoom zoom tapos mahina nman signal hahaha
dili tanan naay internet pang zoom maam
""".strip().splitlines()
GRADES = """
taas manghatag ug grado si maam, fair kaayo
fair po sya mag grade
ang baba ng grado ko tas di ko alam bakit
unfair ang pag grado, naay paborito
dili fair mo hatag ug grado
sana fair po sa pagbigay ng grades
mataas magbigay ng grades c sir hehe
unsay basis sa grado? wla gipakita ang scores
fair kaau sa grado bisan absent ka usahay
hnd po fair ung grades, may favoritism
grades ky base sa effort, fair jd
wla pa gihapon ang scores sa quiz
baba ng grades q kht pasado sa quiz
tinuod nga fair c sir mo grado
mabagal mag labas ng scores sa quiz
paki check po ulit ng grades, mali ung scores
lisod ang quiz pero taas ra ang grado
quiz na naman tas walang review, baba grades
way paborito, fair tanan grado
fair sya sa grades at sa quiz
""".strip().splitlines()
THEMES = (LATE, UNCLEAR, KIND, WORKLOAD, ONLINE, GRADES)
# What each theme is about, in the spellings of its comments.
OWN_WORDS = (
    {"late", "absent"},
    {"klaro", "malinaw", "libog", "nakakalito", "nkakalito", "kasabot"},
    {"buotan", "but.an", "buot-an", "mabait", "bait", "approachable"},
    {"activities", "requirements", "deadline"},
    {"zoom", "signal", "internet", "choppy", "recording"},
    {"fair", "grado", "grades", "grade", "scores", "quiz"},
)
