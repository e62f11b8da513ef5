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
""".strip().splitlines()
THEMES = (LATE, UNCLEAR, KIND, WORKLOAD)
