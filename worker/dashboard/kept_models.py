"""Kept models for the pages: which there are, and what a version holds. A version never changes, so it is read once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from worker.cli.models.reading import read_files
from worker.contract.sealed_result import from_bytes
from worker.dashboard.markdown_escape import plain
from worker.lifecycle.keeping import OUTCOME
from worker.models.model import KeptModel, KeptTopic
from worker.models.model_file import from_files
from worker.settings import Settings
from worker.store.store import ModelStore

# Of the keywords of a topic, so many name it.
_N_IN_NAME: Final = 3
_MOST_VERSIONS_HELD: Final = 64
_ASK: Final = "kept-tenant"


@dataclass(frozen=True, eq=False)
class Version:
    """A version of a tenant's model.

    Attributes:
        tenant: whose it is.
        name: of the version.
        parent: the version that it was made from; None for none.
        model: what it holds.
        result: of the job that made it, without ids of comments; empty if it has none.
    """

    tenant: str
    name: str
    parent: str | None
    model: KeptModel
    result: Mapping[str, Any]


def open_store() -> ModelStore:
    """Open the store of the settings."""
    return ModelStore(Settings.from_environment().model_store)


def choose_tenant(store: ModelStore) -> str | None:
    """Let the person choose a tenant; None, with a line that says what to do, if no model is kept."""
    tenants = store.tenants()
    if not tenants:
        st.info(f"No model is kept in {plain(store.location)} yet. Make one on the page Train.")
        return None
    chosen: str | None = st.sidebar.selectbox("Tenant", tenants, key=_ASK)
    return chosen


def choose_version(store: ModelStore, tenant: str) -> Version | None:
    """Let the person choose a version of a tenant, the active one first; None if it has none."""
    active = store.active(tenant)
    names = store.versions(tenant)
    if active is None or not names:
        st.info(f"{plain(tenant)} has no active model. Make one on the page Train.")
        return None
    names.sort(key=lambda name: name != active.version)
    chosen = st.sidebar.selectbox(
        "Version", names, format_func=lambda name: f"{name} (active)" if name == active.version else name
    )
    return read(tenant, chosen)


def read(tenant: str, name: str) -> Version:
    """Read a version, or give the one that was read before.

    Raises:
        VersionMissing, StoreCorrupt, StoreUnavailable, BrokenModel: as `worker.cli.models.reading.read_version`.
    """
    version: Version = _read(Settings.from_environment().model_store, tenant, name)
    return version


def _read_anew(url: str, tenant: str, name: str) -> Version:
    store = ModelStore(url)
    files, details = read_files(store, tenant, name)
    result = from_bytes(files[OUTCOME]) if OUTCOME in files else {}
    return Version(tenant, name, store.config(tenant, name).parent, from_files(files, details), result)


_read = st.cache_resource(_read_anew, max_entries=_MOST_VERSIONS_HELD, show_spinner="Reading the model …")


def topic_name(topic: KeptTopic, n_keywords: int = _N_IN_NAME) -> str:
    """Name a topic in a list: its number, and its label or its first keywords."""
    return f"{topic.number} · {topic.label or ', '.join(topic.keywords[:n_keywords])}"


def show_figures(figures: Mapping[str, int]) -> None:
    """Show figures side by side, also on a phone."""
    with st.container(horizontal=True, gap="large"):
        for name, value in figures.items():
            st.metric(name, f"{value:,}", width="content")


def as_json(document: Mapping[str, Any]) -> str:
    """Write a result for a person's own disk."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2)
