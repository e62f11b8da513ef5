"""What topics are named by: denied words with their negators, words side by side, no function words."""

import numpy as np
import pytest
from scipy import sparse

from tests.topics.comments import THEMES
from worker.topics.bertopic.sub_models import TermWeights
from worker.topics.bertopic.vectorizer import NgramVectorizer, for_bertopic
from worker.topics.evaluation.metrics import topic_npmi
from worker.topics.words.candidates import readable
from worker.topics.words.encoders import CorpusEncoder
from worker.topics.words.function_words import is_function_word
from worker.topics.words.homographs import HOMOGRAPHS
from worker.topics.words.keywords import rank_keywords
from worker.topics.words.negation import NEGATORS
from worker.topics.words.vocabulary import Vocabulary, build_vocabulary, denied_key


def named(themes: list[list[str]], stop_words: tuple[str, ...] = ()) -> list[list[str]]:
    """Name each theme by its comments, each of which is there three times."""
    texts = [text for theme in themes for text in theme * 3]
    labels = np.repeat(np.arange(len(themes)), [3 * len(theme) for theme in themes])
    vocabulary = build_vocabulary(texts, stop_words=stop_words)
    embeddings = np.eye(len(themes), dtype=np.float32)[labels]
    members = sparse.csr_matrix((np.ones(len(labels)), (labels, np.arange(len(labels)))))
    weights = TermWeights().fit_transform(members @ vocabulary.doc_term_matrix)
    ranking = rank_keywords(vocabulary, texts, embeddings, CorpusEncoder(), labels, weights.tocsr())
    return [[word.term for word in ranking.keywords(topic)] for topic in range(len(themes))]


JOKES = ["funny jokes", "corny jokes always laughing", "witty and funny"]


def test_a_denied_word_keeps_its_negator() -> None:
    """If most occurrences are denied; each negator is the one that the comments use most."""
    praise = ["no problems with her", "I have no problems", "no concerns and no problems", "wala koy problema"]
    blame = ["she does not teach", "doesn't teach clearly, not clear", "never teaches the lesson", "dili klaro mutudlo"]
    first, second, _ = named([praise, blame, JOKES])
    assert first[0] == "no problems"
    assert {"wala problema", "no concerns"} <= set(first)
    assert not {"problems", "problem", "problema", "concerns"} & set(first)
    assert {"not clear", "dili klaro"} <= set(second)
    assert any(word.endswith((" teach", " teaches")) and word.split()[0] in NEGATORS for word in second)
    assert not {"clear", "clearly", "klaro", "teach", "teaches"} & set(second)


def test_a_denied_keyword_is_a_pair_that_stands_in_comments() -> None:
    """An adverb behind a denied verb is denied with it, but nobody writes the negator and the adverb as a pair."""
    blame = ["doesn't teach clearly", "doesn't explain clearly", "doesn't answer clearly", "never clear"]
    first, _, _ = named([blame, JOKES, ["late again"]])
    assert {"never clear", "doesn't teach"} <= set(first)
    assert not [word for word in first if word.endswith("clearly")]


def test_a_denied_keyword_shows_the_negator_that_stands_before_the_word() -> None:
    """Though more comments deny the word behind another one."""
    blame = ["doesn't teach clearly", "doesn't explain clearly", "doesn't answer clearly", "not clearly"]
    first, _, _ = named([blame, JOKES, ["late again"]])
    assert "not clearly" in first
    assert "doesn't clearly" not in first


def test_a_word_that_is_mostly_affirmed_stands_alone() -> None:
    """One denial among many occurrences names no topic."""
    first, _, _ = named([["clear lessons"] * 5 + ["not clear"], JOKES, ["late again"]])
    assert "clear" in " ".join(first)
    assert "not clear" not in first


def test_a_form_that_is_mostly_denied_keeps_its_negator() -> None:
    """Though other forms of the word are affirmed: "sa susunod" is "next time"."""
    texts = ["hindi nasunod", "hindi nasunod", "nasunod", "sa susunod", "susunod na lang", "sunod"]
    vocabulary = build_vocabulary(texts)
    assert len(set(vocabulary.stems[:, 0].tolist())) == 1
    counts = sparse.csr_matrix(vocabulary.doc_term_matrix.sum(axis=0))
    left = vocabulary.terms[readable(counts, vocabulary).toarray()[0] > 0].tolist()
    assert left == ["hindi nasunod", "sunod", "susunod"]


@pytest.mark.parametrize(
    ("text", "denied", "affirmed"),
    [
        ("hindi ko po siya maintindihan", "maintindihan", ""),
        ("wala koy problema", "problema", ""),
        ("not very clear", "clear", ""),
        ("does not teach clearly", "clearly", ""),
        ("not only kind", "", "kind"),
        ("dili lang buotan", "", "buotan"),
        ("wala siya pero klaro", "", "klaro"),
        ("no, he explains", "", "explains"),
        ("no. clear", "", "clear"),
        ("doesn't explain", "explain", ""),
        ("dont explain", "explain", ""),
        ("nd klaro", "klaro", ""),
        ("d ko masabtan", "masabtan", ""),
        ("d nmn nasunod", "nasunod", ""),
        ("d best", "", "best"),
        ("grade d ang grado", "", "grado"),
        ("hindiiii klaro", "klaro", ""),
        ("walang alam magturo", "magturo", ""),
        ("不清楚", "清楚", ""),
    ],
)
def test_how_far_a_negator_reaches(text: str, denied: str, affirmed: str) -> None:
    """Over function words to the next word, and an adverb behind it; not over a break, "but" or "only"."""
    columns = build_vocabulary([text]).columns
    if denied:
        assert denied_key(denied) in columns
        assert denied not in columns
    else:
        assert affirmed in columns
        assert denied_key(affirmed) not in columns


CEBUANO = ["lisod kaayo unya wala mi kasabot sa iyang gitudlo", "nindot kaayo iyang mga pananglitan"]


@pytest.mark.parametrize(
    "text",
    [
        "way klaro",
        "way klaro mo explain",
        "dugay kaayo mo abot, way klaro",
        "mo tudlo siya nga way klaro",
        "sa lab way klaro",
        "kay way jud klaro",
        "init kaau og way klaro",
    ],
)
def test_the_cebuano_way_denies(text: str) -> None:
    """At the beginning of a clause, and among Cebuano words."""
    columns = build_vocabulary([text, *CEBUANO]).columns
    assert denied_key("klaro") in columns
    assert "klaro" not in columns


@pytest.mark.parametrize(
    "text",
    [
        "the way examples help",
        "in a fun way klaro kaayo",
        "nindot iyang way klaro kaayo",
        "ang way klaro",
        "best way klaro kaayo",
        "way better klaro",
        "way sa pagtudlo klaro",
        "his teaching way examples",
        "way too fast examples",
        "way of teaching klaro",
    ],
)
def test_the_english_way_denies_nothing(text: str) -> None:
    """In a batch that speaks Cebuano too: by the words around it."""
    assert not build_vocabulary([text, *CEBUANO]).columns.keys() & {
        denied_key(word) for word in ("klaro", "examples", "better", "fast", "teaching")
    }


def test_in_a_batch_without_cebuano_way_denies_nothing() -> None:
    """In Tagalog "way" is the English noun."""
    columns = build_vocabulary(["way examples", "maganda po ang way nya ng pagturo kasi may mga examples"]).columns
    assert denied_key("examples") not in columns


@pytest.mark.parametrize("between", [" and ", ". ", ", ", " 100 ", " haha ", " 👍 "])
def test_two_word_keywords_stand_side_by_side(between: str) -> None:
    """Nothing but white space between them, for the counts and for NPMI."""
    text = f"hard{between}good"
    vocabulary = build_vocabulary([text, "hard good"])
    column = vocabulary.columns["hard good"]
    assert vocabulary.doc_term_matrix[:, [column]].toarray().ravel().tolist() == [0, 1]
    apart, beside = (
        topic_npmi([["hard good", "hard"]], build_vocabulary([first, "hard good", "late"]))[0]
        for first in (text, "hard good")
    )
    assert apart != beside


def test_npmi_counts_a_word_wherever_it_stands() -> None:
    """The plain word in a denial too, as the standard definition has it; the denied one only there."""
    vocabulary = build_vocabulary(["no problem lab", "problem solved lab", "late"])
    plain, denied = (topic_npmi([pair], vocabulary)[0] for pair in (["problem", "lab"], ["no problem", "solved"]))
    assert plain == pytest.approx(1, abs=1e-6)
    assert denied == pytest.approx(-1, abs=0.1)


def test_one_word_in_several_forms_takes_one_place() -> None:
    """Plurals, affixes and other spellings; and two lists that differ in forms alone say the same."""
    slow = ["matagal ang tubag", "ang tagal ng tubag", "tagal matagal", "mutudlo motudlo tudlo", "comment comments"]
    words = " ".join(named([slow, JOKES, ["late again"]])[0]).split()
    for forms in ({"tagal", "matagal"}, {"mutudlo", "motudlo", "tudlo"}, {"comment", "comments"}):
        assert sum(word in forms for word in words) <= 1
    vocabulary = build_vocabulary(["No comment", "No comments", "ang tagal po", "matagal po"])
    assert vocabulary.forms_of(["no comment", "tagal"]) == vocabulary.forms_of(["no comments", "matagal"])
    assert vocabulary.forms_of(["no comment"]) != vocabulary.forms_of(["tagal"])


def test_native_affixes_count_only_in_a_batch_that_speaks_cebuano_or_tagalog() -> None:
    """In an English batch "migrant" and "grant" are two words."""
    english, native = build_vocabulary(["migrant grant"]), build_vocabulary(["matagal ang tagal po"])
    assert english.forms_of(["migrant"]) != english.forms_of(["grant"])
    assert native.forms_of(["matagal"]) == native.forms_of(["tagal"])


def test_own_stop_words_name_no_topic() -> None:
    """Words and phrases, whatever their case and spelling; a word of a phrase alone stays."""
    themes = [["sir Reyes is late", "Sir REYES late again", "late si Sir reyes’"], ["reyes hall is dirty"], JOKES]
    first, second, _ = named(themes, ("Sir Reyes", "hall"))
    assert "reyes" not in " ".join(first)
    assert "late" in first
    assert "reyes" in second
    assert "hall" not in " ".join(second)


def test_words_of_most_topics_alike_are_keywords_of_none() -> None:
    """In a language without a list: Vietnamese function words stand everywhere."""
    themes = [
        ["thầy giảng bài rất rõ và dễ", "bài giảng của thầy rất rõ là tốt", "cô giảng bài và rất rõ"],
        ["bài tập của thầy rất nhiều và khó", "bài tập là rất nhiều và khó của thầy", "nhiều bài tập rất khó và dài"],
        ["phòng máy của trường rất cũ và hỏng", "máy rất cũ và chậm của phòng", "phòng là rất cũ và hỏng"],
        ["thầy rất vui và hay của lớp", "thầy rất vui và hài", "lớp là rất vui và hay của thầy"],
    ]
    keywords = named(themes)
    assert not {"rất", "và", "của", "là"} & {word for topic in keywords for word in topic}
    assert {"khó"} & set(" ".join(keywords[1]).split())
    assert {"cũ"} & set(" ".join(keywords[2]).split())


def test_words_of_most_topics_alike_are_no_halves_of_pairs() -> None:
    """A pair tells no more than its other half; here the made-up words "zu" and "vam"."""
    themes = [
        [f"zu {one} vam {two}", f"zu {two} vam {one}", f"{one} zu vam"]
        for one, two in (("thay", "giang"), ("phong", "may"), ("bai", "tap"), ("vui", "hai"))
    ]
    words = {half for topic in named(themes) for word in topic for half in word.split(" ")}
    assert words
    assert not words & {"zu", "vam"}


@pytest.mark.parametrize(
    ("themes", "wanted", "unwanted"),
    [
        (
            [
                ["los niños y el señor", "señor amable con niños"],
                ["la sesión terminó tarde", "sesión sin explicación"],
                ["exámenes difíciles", "exámenes según lección"],
            ],
            "niños sesión exámenes",
            "los el la con y",
        ),
        (
            [
                ["प्रयोगशाला के उपकरण पुराने हैं", "प्रयोगशाला में कंप्यूटर खराब हैं"],
                ["अध्यापक अच्छे से समझाते हैं", "अध्यापक बहुत अच्छे हैं"],
                ["परीक्षा बहुत कठिन थी", "परीक्षा के प्रश्न कठिन थे"],
            ],
            "प्रयोगशाला अध्यापक परीक्षा",
            "के हैं में से बहुत थी थे",
        ),
    ],
)
def test_function_words_of_other_languages(themes: list[list[str]], wanted: str, unwanted: str) -> None:
    """Spanish and Hindi: the commonest ones neither stand alone nor in a pair, if the batch speaks the language."""
    for topic, word in zip(named(themes), wanted.split(), strict=True):
        assert word in " ".join(topic)
        assert not {half for keyword in topic for half in keyword.split(" ")} & set(unwanted.split())


def test_function_words_of_other_languages_stay_in_names() -> None:
    """A batch in English that names Los Angeles speaks no Spanish."""
    english = ["flight again broken lab voice", "witty voice quiz slides room", "chair fan board exam page"] * 8
    assert "los angeles" in build_vocabulary([*english, "los angeles flight"]).columns


def test_a_topic_without_a_word_of_its_own_shares_words() -> None:
    """Thirty comments are a topic, whatever other topics say too."""
    keywords = named([["good lessons"], ["not good at explaining lessons"], ["explains lessons good, good examples"]])
    assert all(keywords)


def test_real_looking_comments_are_named_by_what_they_say() -> None:
    """Cebuano, Tagalog and Taglish in the spelling of text messages: no function word, no denied word alone."""
    late, unclear, kind, workload, *_ = named([list(theme) for theme in THEMES])
    for topic in (late, unclear, kind, workload):
        for keyword in topic:
            first, *second = keyword.split(" ")
            assert not is_function_word(first) or (first in NEGATORS | HOMOGRAPHS and second), keyword
            assert not any(is_function_word(word) or word in NEGATORS for word in second), keyword
    assert late[0] == "late"
    assert not {"klaro", "malinaw", "clear", "maintindihan", "masabtan"} & set(unclear)
    assert any(word.split(" ")[-1] in ("klaro", "malinaw") for word in unclear[:4])
    assert "approachable" in " ".join(kind[:4])
    assert not {"strikta", "masungit"} & set(kind)
    assert any(word in " ".join(workload[:4]) for word in ("deadline", "requirements", "activities"))


def counts(vocabulary: Vocabulary, row: int) -> dict[str, int]:
    """Give the terms of one document."""
    matrix = vocabulary.doc_term_matrix[[row]].tocoo()
    return {str(vocabulary.terms[column]): int(n) for column, n in zip(matrix.col, matrix.data, strict=True)}


def test_a_strange_document_is_counted_by_the_same_rules() -> None:
    """Denied words under the name that the batch gave them, and without the batch's own stop words."""
    texts = ["not clear lab", "not clear", "reyes lab"]
    vocabulary = build_vocabulary(texts, stop_words=["reyes"])
    vectorizer = NgramVectorizer(vocabulary, ("reyes",))
    vectorizer.fit_transform(for_bertopic(len(texts)))
    found = vectorizer.transform(["isn't clear reyes lab unknown"]).toarray()[0]
    assert {str(vocabulary.terms[i]): int(n) for i, n in enumerate(found) if n} == {"not clear": 1, "lab": 1}
    assert counts(vocabulary, 0) == {"not clear": 1, "lab": 1}
