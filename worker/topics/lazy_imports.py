"""Modules that no batch uses wait: they are imported by name at once, and executed when somebody looks into them."""

import importlib.abc
import importlib.machinery
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Final

# Its modules import each other in circles, which only their usual order resolves: all are executed together.
_TOGETHER: Final = "torch"
# One lock for all: to execute one module may execute others, in any order.
_LOCK: Final = threading.RLock()
# Those that are being executed together.
_together: Final[list[ModuleType]] = []


class _Waiting(ModuleType):
    """A module that is in `sys.modules` and not executed yet; a question for what it does not hold executes it."""

    def __getattr__(self, name: str) -> Any:
        if name == "__path__":  # a package has it from the beginning, and any other module is no package
            raise AttributeError(name)
        loader = self.__spec__.loader if self.__spec__ is not None else None
        if isinstance(loader, _Loader) and name in loader.names:
            return _Later(self, name)
        execute(self)
        return getattr(self, name)

    def __dir__(self) -> list[str]:
        execute(self)
        return dir(self)


class _Later:
    """A function or a class of a module that waits: to call it, look into it or derive from it executes the module."""

    def __init__(self, module: ModuleType, name: str) -> None:
        self.__module, self.__name = module, name

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self.__found()(*args, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__found(), name)

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, self.__found())

    def __mro_entries__(self, _: tuple[object, ...]) -> tuple[Any, ...]:
        return (self.__found(),)

    def __found(self) -> Any:
        execute(self.__module)
        return getattr(self.__module, self.__name)


class _Loader(importlib.abc.Loader):
    """Puts off what another loader would do."""

    def __init__(self, loader: importlib.abc.Loader, names: Sequence[str]) -> None:
        self.loader, self.names = loader, names

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__class__ = _Waiting


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the modules that are to wait."""

    def __init__(self, waiting: Mapping[str, Sequence[str]]) -> None:
        self._waiting = waiting

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in self._waiting:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._waiting[name])
        return spec


class _Guard(importlib.abc.MetaPathFinder):
    """Finds nothing, but executes what waits before one more module of that package enters by a side door."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if name.startswith(_TOGETHER + "."):
            _execute_together()


@contextmanager
def deferred(waiting: Mapping[str, Sequence[str]]) -> Iterator[None]:
    """Let modules that are imported meanwhile wait until somebody looks into them, however long that takes.

    What stands below a package that waits can be imported, and does not execute the package. Only one thread may look
    into modules that wait: another one would meet them half executed.

    Args:
        waiting: for each module, by its full name, those of its functions and classes that others import by name;
            until they are used, something stands in for them.
    """
    finder = _Finder(waiting)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        if not any(isinstance(other, _Guard) for other in sys.meta_path):
            sys.meta_path.insert(0, _Guard())


def is_waiting(name: str) -> bool:
    """Tell whether a module was imported and is not executed yet."""
    return isinstance(sys.modules.get(name), _Waiting)


def execute(module: ModuleType) -> None:
    """Execute a module that waits; does nothing with any other.

    Raises:
        Exception: whatever the module raises; it waits no longer then.
    """
    if module.__name__.startswith(_TOGETHER + "."):
        _execute_together()
    _execute(module)


def _execute_together() -> None:
    """Execute what waits of one package, in the order in which it was imported."""
    with _LOCK:
        if _together:
            return  # one of them imports more, or looks into the next
        _together.extend(
            module
            for name, module in sys.modules.items()
            if name.startswith(_TOGETHER + ".") and isinstance(module, _Waiting)
        )
        try:
            for module in _together:
                _execute(module)
        finally:
            _together.clear()


def _execute(module: ModuleType) -> None:
    with _LOCK:
        spec = module.__spec__
        if isinstance(module, _Waiting) and spec is not None and isinstance(spec.loader, _Loader):
            spec.loader = module.__loader__ = spec.loader.loader
            module.__class__ = ModuleType  # type: ignore[assignment]
            spec.loader.exec_module(module)
