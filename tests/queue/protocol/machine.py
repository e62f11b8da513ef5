"""What Hypothesis may do to two workers and their Redis, in any order: the protocol as a state machine."""

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.effort import effort
from tests.queue.protocol.wire import Fate
from tests.queue.protocol.workers import LOCK_S, SOCKET_TIMEOUT_S, STALLED_S
from tests.queue.protocol.world import World

LETTERS = st.sampled_from("ab")
COMMANDS = st.sampled_from(
    [
        "moveToActive",
        "extendLocks",
        "moveToFinished",
        "moveToDelayed",
        "reacquire",
        "moveStalledJobsToWait",
        "LRANGE",
        "MGET",
        "HMGET",
        "BZPOPMIN",
    ]
)
LATE_S = st.sampled_from([0.3, 3.0, 12.0, SOCKET_TIMEOUT_S + 1, 40.0])
REFUSALS = ("READONLY You can't write against a read only replica.", "LOADING Redis is loading the dataset in memory")
FATES = st.one_of(
    st.just(Fate(lost_there=True)),
    st.just(Fate(lost_back=True)),
    st.builds(Fate, late_there_s=LATE_S),
    st.builds(Fate, late_back_s=LATE_S),
    st.builds(Fate, refusal=st.sampled_from(REFUSALS)),
)
OUTAGES_S = st.sampled_from([1.0, 10.0, 0.8 * LOCK_S, LOCK_S + 5.0, LOCK_S + 2.0 * STALLED_S])
PAUSES_S = st.sampled_from([0.1, 1.0, 2.5, 6.0, float(STALLED_S), 30.0])
COMPUTES_S = st.sampled_from([0.5, 10.0, 40.0, 150.0])
MAX_KILLS, MAX_JOBS = 3, 5
# Some minutes on one core.
SOAK_EXAMPLES = 1000


class Protocol(RuleBasedStateMachine):
    """Two workers, up to five jobs, and everything that can go wrong on the way to Redis and back."""

    def __init__(self) -> None:
        """Begin a world."""
        super().__init__()
        self.world = World()
        self.n_kills = 0

    @initialize(jobs_s=st.lists(COMPUTES_S, min_size=1, max_size=3))
    def begin(self, jobs_s: list[float]) -> None:
        """Have one job at least."""
        self.add(jobs_s)

    @rule(jobs_s=st.lists(COMPUTES_S, min_size=1, max_size=3))
    def add(self, jobs_s: list[float]) -> None:
        """Add jobs, each of so many seconds; every third is removed when it completes."""
        for seconds in jobs_s[: MAX_JOBS - len(self.world.seconds)]:
            number = len(self.world.seconds) + 1
            self.world.add(f"j{number}", seconds, is_removed=number % 3 == 0)

    @rule(seconds=PAUSES_S)
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.world.pass_time(seconds)

    @rule(letter=LETTERS, command=COMMANDS, fate=FATES, seconds=PAUSES_S)
    def disturb(self, letter: str, command: str, fate: Fate, seconds: float) -> None:
        """Let a worker's next command of a kind meet a fate."""
        if letter in self.world.workers:
            self.world.disturb(letter, command, fate)
        self.world.pass_time(seconds)

    @rule(letter=LETTERS, outage_s=OUTAGES_S, is_silent=st.booleans(), seconds=PAUSES_S)
    def cut_off(self, letter: str, outage_s: float, is_silent: bool, seconds: float) -> None:
        """Cut one worker off from Redis for a time."""
        if letter in self.world.workers:
            self.world.cut_off(letter, outage_s, is_silent=is_silent)
        self.world.pass_time(seconds)

    @rule(place=st.sampled_from([0, 1]), seconds=PAUSES_S)
    def steal_lock(self, place: int, seconds: float) -> None:
        """Delete the lock of an active job, as a fail-over may."""
        self.world.steal_lock(place)
        self.world.pass_time(seconds)

    @rule(letter=LETTERS, grace_s=st.sampled_from([0.0, 20.0]), seconds=PAUSES_S)
    def shut_down(self, letter: str, grace_s: float, seconds: float) -> None:
        """Ask a worker to leave: it hands its job back if it is not done in time."""
        if letter in self.world.workers:
            self.world.shut_down(letter, grace_s)
        self.world.pass_time(seconds)

    @precondition(lambda self: self.n_kills < MAX_KILLS)
    @rule(letter=LETTERS)
    def kill(self, letter: str) -> None:
        """Kill a worker."""
        if letter in self.world.workers:
            self.n_kills += 1
            self.world.kill(letter)

    @rule(letter=LETTERS)
    def start(self, letter: str) -> None:
        """Start a worker in the place of one that was killed."""
        if letter not in self.world.workers:
            self.world.start(letter)

    @invariant()
    def nobody_breaks_a_rule(self) -> None:
        """Stop at the first violation."""
        self.world.check()

    def teardown(self) -> None:
        """Heal everything; every job is then delivered, once."""
        try:
            if not self.world.referee.violations:
                self.world.settle()
                self.world.check()
        finally:
            self.world.close()


def budget(n_examples: int, *, shrink: bool = True) -> settings:
    """Give the settings of a run: always the same one; `make soak` looks longer, and elsewhere each time."""
    return settings(
        max_examples=effort(n_examples, soak=SOAK_EXAMPLES),
        derandomize=not effort(0, soak=1),
        stateful_step_count=20,
        deadline=None,
        database=None,
        print_blob=True,
        report_multiple_bugs=False,
        phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
