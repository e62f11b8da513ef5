"""Words that deny the next one, and what ends their reach."""

from typing import Final

_ENGLISH = """
no not never without cannot can't cant couldn't couldnt don't dont doesn't doesnt didn't didnt isn't isnt aren't arent
ain't aint wasn't wasnt weren't werent won't wont wouldn't wouldnt shouldn't shouldnt hasn't hasnt haven't havent
hadn't hadnt mustn't mustnt needn't neednt shan't mightn't could'nt did'nt does'nt don'ts has'nt have'nt is'nt
should'nt was'nt would'nt nvr nver nevr dnt cnt dint didn doesn isn wasn
hardly rarely barely seldom scarcely neither nor
"""
_CEBUANO = """
dili dile dle dli dii di dli'g dili'g dilig dika diko dina dilina wala wla wa wala'y walay wlay wa'y wako wakoy walako
walakoy walaka walakay wlakoy ayaw ayaw'g ayawg ayawng ayw indi wara waray wapa wapay wai walapa walapay waay wlai
"""
_TAGALOG = """
hindi hinde hindi'y hinding hnd hndi hndii nd nde ndi ndin di'y dih wala'ng walang wlang wlng wag huwag wg ayoko ayaw
dpa
"""
_OTHERS = """
नहीं नही मत không chưa chẳng tidak bukan belum nunca sin pas 不 没 沒 無 未 别
"""
NEGATORS: Final = frozenset(" ".join((_ENGLISH, _CEBUANO, _TAGALOG, _OTHERS)).split())

# After one of these a new thought begins, or the denial was none ("not only", "dili lang", "di ba").
_BARRIERS = """
and but or because coz cuz cause bcoz bcs since if than though although when while where who whom which what
why how only just merely i he she we they you it
ug og o pero peru kay kasi kase kc ksi kung kon kundi kundili apan tungod basta maskin bisag bisan
lang lng lamang ra ba at dahil para ngunit subalit habang pag kapag sapagkat
"""
BARRIERS: Final = frozenset(_BARRIERS.split())
# A negator reaches so many tokens far, function words between it and the word ("hindi ko po siya maintindihan").
REACH: Final = 4
