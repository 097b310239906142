"""The sessions of all people who use the app."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from threading import RLock

from .model_choices import ModelShelf
from .session import AppSession
from .upload_limits import UploadLimits


class SessionStore:
    """The sessions of all people; the one that has not been used for longest goes when there are too many.

    Args:
        shelf: The models.
        limits: What an upload may cost.
        folder: For their files.
        most: Sessions at most; each holds one file's results in memory.
    """

    def __init__(self, shelf: ModelShelf, limits: UploadLimits, folder: Path, most: int = 8) -> None:
        self.shelf = shelf
        self.limits = limits
        self.folder = folder
        self.most = most
        self._sessions: OrderedDict[str, tuple[AppSession, RLock]] = OrderedDict()
        self._lock = RLock()

    def __len__(self) -> int:
        return len(self._sessions)

    def get(self, key: str) -> tuple[AppSession, RLock]:
        """A person's session, begun if need be, and the lock to hold while using it."""
        with self._lock:
            if key not in self._sessions:
                folder = self.folder / secrets.token_urlsafe(12)
                self._sessions[key] = AppSession(self.shelf, self.limits, folder), RLock()
            self._sessions.move_to_end(key)
            for old in list(self._sessions)[: -self.most]:
                self.end(old, wait=False)
            return self._sessions[key]

    def end(self, key: str, wait: bool = True) -> None:
        """Forget a session and remove its files; one in use only if ``wait``."""
        with self._lock:
            held = self._sessions.get(key)
        if held is None:
            return
        session, lock = held
        if not lock.acquire(blocking=wait):
            return
        try:
            with self._lock:
                self._sessions.pop(key, None)
            session.close()
        finally:
            lock.release()

    def close(self) -> None:
        """Forget all sessions."""
        for key in list(self._sessions):
            with suppress(OSError):
                self.end(key)
