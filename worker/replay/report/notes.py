"""What a reader should know of how a fit came about."""

from worker.replay.session import Session


def notes_on(session: Session) -> list[str]:
    """Say what the fit did of itself: split, dissolved, taken out, or ranked without a language model."""
    notes = session.stage_notes
    lines = list(session.batch.warnings)
    if notes.get("giant_split"):
        lines.append(
            f"HDBSCAN alone put {float(notes['largest_share']):.0%} of the comments into one cluster. The cluster has "
            "distinct parts, so it was split into them."
        )
    elif notes.get("giant_found"):
        lines.append(
            f"One cluster holds {float(notes['largest_share']):.0%} of the comments. It has no distinct parts, so it "
            "was not split: the comments may all be about one thing."
        )
    dissolved = ("clusters_without_words_dissolved", "topics_without_words_dissolved")
    n_dissolved = sum(int(notes.get(name, 0)) for name in dissolved)
    n_set_aside = int(notes.get("comments_set_aside", 0))
    if n_dissolved or n_set_aside:
        lines.append(
            f"{n_set_aside} comments left their clusters, because most comments there hold no word that could name a "
            f"topic; clusters that became no topic for that reason: {n_dissolved}."
        )
    if "neutralized" in session.fit.parameters:
        lines.append(
            "Taken out of the embeddings before comments were grouped, with the share of their variance: "
            f"{session.fit.parameters['neutralized']}."
        )
    if session.fit.guidance is not None and session.fit.guidance.warning:
        lines.append(f"Aspects: {session.fit.guidance.warning}.")
    if session.fit.encoder == "corpus":
        lines.append(
            "Keywords were ranked with vectors made from the embeddings of the comments, not with a language model."
        )
    return lines
