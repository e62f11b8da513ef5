"""What is to be said of a topic beside its keywords: its aspect, and a wording that its comments share."""

from worker.topics.extensions import AspectMatch
from worker.topics.fit import TopicFit
from worker.topics.nuisance import Excess, Nuisance


def excess_line(excess: Excess) -> str:
    """Say how far a share is from the batch's own: '93% of its comments say "she", 31% of all comments do'."""
    mark, share, of_all = excess.mark, percent(excess.share), percent(excess.of_all)
    match mark.kind:
        case Nuisance.LANGUAGE:
            return f"{share} of its comments are in {mark.name}, {of_all} of all comments are"
        case Nuisance.LENGTH:
            bound = f"up to {mark.bound}" if mark.name == "short" else f"{mark.bound} or more"
            return f"{share} of its comments are {mark.name} ({bound} words), {of_all} of all comments are"
        case _:
            return f'{share} of its comments say "{mark.name}", {of_all} of all comments do'


def doubt_lines(fit: TopicFit) -> list[str]:
    """Name the topics whose comments share a wording, by their number; only the report tells whether that matters."""
    numbers = range(len(fit.topics)) if fit.continuity is None else fit.continuity.numbers
    return [
        f"topic {number} may be sorted by wording: {'; '.join(excess_line(e) for e in own if e.is_doubt)}"
        for number, own in zip(numbers, fit.excesses, strict=False)
        if any(excess.is_doubt for excess in own)
    ]


def aspect_text(match: AspectMatch) -> str:
    """Name the aspect of a topic and the cosine to it."""
    name = f"emergent, nearest {match.label}" if match.is_emergent else match.label
    return f"{name} ({match.similarity:.2f})"


def percent(share: float) -> str:
    """Write a share, one below a tenth with a decimal."""
    return f"{share:.1%}" if 0 < share < 0.1 else f"{share:.0%}"
