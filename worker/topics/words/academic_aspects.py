"""The built-in aspects of teaching; words only, so that the parent process can name them too."""

from collections.abc import Mapping, Sequence

from worker.topics.fit import TopicParams

# What `tier1_guided` takes: the aspects of teaching that the questionnaires ask for, in the
# words of the students' three languages.
ACADEMIC_ASPECTS: Mapping[str, tuple[str, ...]] = {
    "teaching_clarity": ("clear", "explain", "explanation", "understand", "confusing", "klaro", "malinaw", "masabtan"),
    "assessment_grading": ("grade", "grading", "exam", "quiz", "score", "rubric", "marka", "grado"),
    "workload_pacing": ("workload", "deadline", "requirements", "fast", "rushed", "pace", "paspas", "bilis"),
    "teaching_methodology": (
        "activity",
        "group",
        "reporting",
        "discussion",
        "strategy",
        "method",
        "demonstration",
        "lab",
    ),
    "instructor_attitude": ("kind", "strict", "rude", "patient", "approachable", "mabait", "buotan", "masungit"),
    "responsiveness_support": ("reply", "respond", "feedback", "question", "consultation", "answer", "tubag", "sagot"),
    "punctuality_attendance": ("late", "absent", "on time", "early", "punctual", "huli", "dugay", "schedule"),
    "lms_digital_tools": ("online", "zoom", "internet", "module", "lms", "video", "slides", "google"),
    "real_world_relevance": ("real", "example", "experience", "practical", "industry", "job", "career", "kinabuhi"),
    "language_communication": (
        "english",
        "tagalog",
        "bisaya",
        "filipino",
        "language",
        "accent",
        "pronunciation",
        "lengguwahe",
    ),
}


def aspects_in_force(params: TopicParams) -> Mapping[str, Sequence[str]] | None:
    """Give the aspects to match: those that were sent, the built-in ones if asked for, or None."""
    if params.aspects is not None:
        return params.aspects
    return ACADEMIC_ASPECTS if params.academic_aspects else None
