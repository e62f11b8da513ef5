"""The contract's rules for each field of the envelope, and what a broken one is called."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, Field, PlainValidator, Strict, WithJsonSchema
from pydantic_core import PydanticCustomError

from worker.contract.job_types import JobType, only, schema_of
from worker.contract.model_reference import ModelReference
from worker.topics.extensions import DEFAULT_MMR_DIVERSITY, DEFAULT_SECOND_TOPIC, SecondTopicRule
from worker.topics.fit import TopicParams

MAX_ASPECTS: Final = 50
MAX_SEEDS: Final = 100
MAX_STOP_WORDS: Final = 1_000
# A larger min_topic_size means the same as this one: more documents than any batch has. It fits an int32.
_LARGEST_COUNT: Final = 2**31 - 1
# Beyond these one request costs minutes and gigabytes; no batch gains from them.
MAX_TOPICS: Final = 1000
MAX_NEIGHBORS: Final = 200
MAX_COMPONENTS: Final = 100
MAX_MIN_SAMPLES: Final = 200


def _major_version_1(version: str | None) -> str | None:
    if version is not None and version.partition(".")[0] != "1":
        raise PydanticCustomError("version", "must have the major version 1, such as 1.0")
    return version


def _count(minimum: int, maximum: int | None) -> PlainValidator:
    def check(value: object) -> int | None:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if value is None:
            return None
        # `type`, not `isinstance`: a bool is an int to Python, not to the contract.
        if type(value) is not int or value < minimum:
            raise PydanticCustomError("count", "must be an integer of at least {minimum}", {"minimum": minimum})
        if maximum is not None and value > maximum:
            raise PydanticCustomError("count", "must be at most {maximum}", {"maximum": maximum})
        return min(value, _LARGEST_COUNT)

    return PlainValidator(check)


def _flag(value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise PydanticCustomError("flag", "must be true or false")


def _between(least: int, most: int) -> PlainValidator:
    def check(value: object) -> float | None:
        if value is None:
            return None
        if type(value) not in (int, float) or not least <= value <= most:  # type: ignore[operator]
            bounds = {"least": least, "most": most}
            raise PydanticCustomError("threshold", "must be a number between {least} and {most}", bounds)
        return float(value)  # type: ignore[arg-type]

    return PlainValidator(check)


def _aspects(value: object) -> dict[str, tuple[str, ...]] | None:
    if value is None:
        return None
    if not isinstance(value, dict) or not 1 <= len(value) <= MAX_ASPECTS:
        message = "must be an object of 1 to {most} aspects"
        raise PydanticCustomError("aspects", message, {"most": MAX_ASPECTS})
    if not all(_are_seeds(name, seeds) for name, seeds in value.items()):
        message = "must give each aspect, by a name of up to {most} characters, 1 to {most} seed words"
        raise PydanticCustomError("aspects", message, {"most": MAX_SEEDS})
    return {name: tuple(dict.fromkeys(seeds)) for name, seeds in value.items()}


def _stop_words(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) > MAX_STOP_WORDS or not all(map(_is_short_text, value)):
        message = "must be an array of at most {most} words or phrases of up to {longest} characters"
        raise PydanticCustomError("stop_words", message, {"most": MAX_STOP_WORDS, "longest": MAX_SEEDS})
    return tuple(dict.fromkeys(value))


def _are_seeds(name: str, seeds: object) -> bool:
    if not isinstance(seeds, list) or not 1 <= len(seeds) <= MAX_SEEDS:
        return False
    return all(map(_is_short_text, [name, *seeds]))


def _is_short_text(word: object) -> bool:
    return isinstance(word, str) and 0 < len(word.strip()) <= MAX_SEEDS and _encodes(word)


def _encodes(text: str) -> bool:
    # In C, because a name may hold a hundred million spaces.
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


# Keep each schema next to its rule: test_schema.py checks that they agree.
_SHORT_TEXT: Final = {"type": "string", "pattern": r"^\s*\S([\s\S]{0,98}\S)?\s*$"}
_ASPECTS_SCHEMA: Final = {
    "type": ["object", "null"],
    "minProperties": 1,
    "maxProperties": MAX_ASPECTS,
    "propertyNames": _SHORT_TEXT,
    "additionalProperties": {"type": "array", "minItems": 1, "maxItems": MAX_SEEDS, "items": _SHORT_TEXT},
}
_STOP_WORDS_SCHEMA: Final = {"type": ["array", "null"], "maxItems": MAX_STOP_WORDS, "items": _SHORT_TEXT}
_OptionalString = Annotated[str, Strict()] | None
_Flag = Annotated[bool | None, PlainValidator(_flag), WithJsonSchema({"type": ["boolean", "null"]})]


def _count_schema(minimum: int, maximum: int | None) -> WithJsonSchema:
    bounds = {"minimum": minimum} if maximum is None else {"minimum": minimum, "maximum": maximum}
    return WithJsonSchema({"type": ["integer", "null"], **bounds})


def _number(least: int, most: int) -> WithJsonSchema:
    return WithJsonSchema({"type": ["number", "null"], "minimum": least, "maximum": most})


_Cosine = Annotated[float | None, _between(-1, 1), _number(-1, 1)]
_Share = Annotated[float | None, _between(0, 1), _number(0, 1)]
_TopicSize = Annotated[int | None, _count(2, None), _count_schema(2, None)]
_Topics = Annotated[int | None, _count(1, MAX_TOPICS), _count_schema(1, MAX_TOPICS)]
_Neighbors = Annotated[int | None, _count(2, MAX_NEIGHBORS), _count_schema(2, MAX_NEIGHBORS)]
_Components = Annotated[int | None, _count(1, MAX_COMPONENTS), _count_schema(1, MAX_COMPONENTS)]
_Documents = Annotated[int | None, _count(1, None), _count_schema(1, None)]
_MinSamples = Annotated[int | None, _count(1, MAX_MIN_SAMPLES), _count_schema(1, MAX_MIN_SAMPLES)]


class Params(BaseModel):
    """What a request may ask for; a key left out and a `null` both mean the default."""

    min_topic_size: _TopicSize = Field(None, description="Smallest topic. Left out: 3 to 15, by the batch.")
    nr_topics: _Topics = Field(None, description="Most topics, outliers not counted. Left out: 20.")
    umap_n_neighbors: _Neighbors = Field(None, description="Left out: 20, less for small batches.")
    umap_n_components: _Components = Field(None, description="Left out: 10, less for small batches.")
    hdbscan_min_samples: _MinSamples = Field(None, description="Left out: 5, less for small batches.")
    reduce_outliers: _Flag = Field(None, description="Place outliers if their neighbors agree. Left out: true.")
    aspects: Annotated[dict[str, tuple[str, ...]] | None, PlainValidator(_aspects), WithJsonSchema(_ASPECTS_SCHEMA)] = (
        Field(None, description="Extension: names and seed words that topics are matched with.")
    )
    tier1_guided: _Flag = Field(None, description="Extension: match topics with ten built-in academic aspects.")
    match_threshold: _Cosine = Field(
        None,
        description="Extension: cosine below which a topic is emergent. Left out: what random words reach.",
    )
    mmr_diversity: _Share = Field(None, description="Extension: how diverse keywordsMmr are. Left out: 0.4.")
    multi_topic: _Flag = Field(None, description="Extension: name a second topic, also without aspects.")
    primary_threshold: _Share = Field(
        None, description="Extension: least probability of a comment with a second topic. Left out: 0.2."
    )
    secondary_threshold: _Share = Field(None, description="Extension: least probability of that topic. Left out: 0.15.")
    secondary_gap_max: _Share = Field(
        None, description="Extension: the most by which the first is more probable. Left out: 0.2."
    )
    embed_missing: _Flag = Field(
        None, description="Embed the texts of items without an embedding with the worker's own model. Left out: false."
    )
    stop_words: Annotated[tuple[str, ...] | None, PlainValidator(_stop_words), WithJsonSchema(_STOP_WORDS_SCHEMA)] = (
        Field(None, description="Words and phrases, such as names of teachers, that name no topic. Left out: none.")
    )

    labels: _Flag = Field(
        None, description="Extension: name each topic for people, by the language model of the worker. Left out: false."
    )
    refit: _Flag = Field(None, description="Find topics anew, though `previous` is given. Left out: false.")
    min_documents: _Documents = Field(None, description="Fewest comments that an update adds. Left out: 10.")
    neutralize: _Flag = Field(
        None, description="Extension: group comments whatever pronoun, address or language they use. Left out: false."
    )

    def to_topic_params(self) -> TopicParams:
        """Give the request's parameters the engine's names."""
        return TopicParams(
            min_cluster_size=self.min_topic_size,
            n_topics=self.nr_topics,
            n_neighbors=self.umap_n_neighbors,
            n_components=self.umap_n_components,
            min_samples=self.hdbscan_min_samples,
            reduce_outliers=self.reduce_outliers is not False,
            aspects=self.aspects,
            academic_aspects=self.tier1_guided is True,
            match_threshold=self.match_threshold,
            mmr_diversity=_or(self.mmr_diversity, DEFAULT_MMR_DIVERSITY),
            multi_topic=self.multi_topic is True,
            second_topic=SecondTopicRule(
                _or(self.primary_threshold, DEFAULT_SECOND_TOPIC.primary),
                _or(self.secondary_threshold, DEFAULT_SECOND_TOPIC.secondary),
                _or(self.secondary_gap_max, DEFAULT_SECOND_TOPIC.most_gap),
            ),
            stop_words=self.stop_words or (),
            refit=self.refit is True,
            neutralize=self.neutralize is True,
        )


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


class Envelope(BaseModel):
    """The envelope without what is in `items`, which is read one by one."""

    version: Annotated[
        _OptionalString,
        AfterValidator(_major_version_1),
        WithJsonSchema({"type": ["string", "null"], "pattern": r"^1(\.|$)"}),
    ] = None
    type: Annotated[_OptionalString, only(JobType.FIT), schema_of(JobType.FIT)] = None
    model: ModelReference | None = None
    params: Params | None = None
    items: Annotated[list[Any], Strict()]
