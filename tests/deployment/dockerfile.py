"""A Dockerfile as its stages and instructions: as much of the syntax as ours uses."""

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Stage:
    """One FROM and what follows it: (instruction, arguments) in order."""

    base: str
    name: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        """List the arguments of one kind of instruction."""
        return [arguments for name, arguments in self.instructions if name == instruction]


class Dockerfile:
    """A parsed file."""

    def __init__(self, path: Path) -> None:
        """Join continued lines, leave comments out, cut at each FROM."""
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
        self.arguments: dict[str, str] = {}
        self.stages: dict[str, Stage] = {}
        stage: Stage | None = None
        for line in re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines():
            if not line.strip():
                continue
            instruction, _, arguments = line.partition(" ")
            arguments = " ".join(arguments.split()) if instruction != "ENV" else arguments.strip()
            if instruction == "FROM":
                base, _, name = arguments.partition(" AS ")
                stage = self.stages[name or "last"] = Stage(base, name)
            elif stage is not None:
                stage.instructions.append((instruction, arguments))
            elif instruction == "ARG":
                name, _, value = arguments.partition("=")
                self.arguments[name] = value

    @property
    def last(self) -> Stage:
        """What a build without --target gives."""
        return list(self.stages.values())[-1]

    def lineage(self, name: str, **arguments: str) -> list[Stage]:
        """List a stage and what it stands on, the base first."""
        found: list[Stage] = []
        while name in self.stages:
            found.insert(0, self.stages[name])
            name = self.stages[name].base
            for argument, value in (self.arguments | arguments).items():
                name = name.replace(f"${{{argument}}}", value)
        return found

    def environment(self, name: str, **arguments: str) -> dict[str, str]:
        """Collect ENV of a stage and of what it stands on."""
        pairs = [shlex.split(env) for stage in self.lineage(name, **arguments) for env in stage.all("ENV")]
        return dict(pair.split("=", 1) for group in pairs for pair in group)

    def commands(self) -> list[tuple[str, str]]:
        """List (stage, command) of all RUN lines, cut at `&&`."""
        return [
            (stage.name, command.strip())
            for stage in self.stages.values()
            for run in stage.all("RUN")
            for command in re.sub(r"^--mount=\S+ ", "", run).split("&&")
        ]


def exec_form(arguments: str) -> list[str]:
    """Read the exec form `["a", "b"]`; the shell form, under which no signal arrives, is refused."""
    assert arguments.startswith("["), f"not the exec form: {arguments}"
    parsed: list[str] = json.loads(arguments)
    return parsed
