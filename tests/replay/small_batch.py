"""A small batch of three themes, one comment of which would like to be a script, and what its tests know of it."""

from typing import Any

NASTY = "the room </script><script>document.title='taken'</script><img src=x onerror=alert(1)> & <b>late</b>"
# An engine without a model: it starts at once.
QUICK = {"TOPIC_MODEL_TEST_ENGINE": "tests.replay.engines:two_topics"}
SMALL: dict[str, Any] = {"n_per_theme": 10, "n_themes": 3}
# Of the third theme: with two topics the first two themes are one topic.
EXPLAINED = 24
