"""A drawing that shows itself in a notebook."""

from __future__ import annotations

import os
from typing import Any


class Picture(bytes):
    """The bytes of a picture, which a notebook displays; :meth:`Event.picture` draws one.

    Parameters
    ----------
    data
        The bytes of the file.
    form
        ``"svg"``, ``"png"`` or ``"pdf"``.

    Examples
    --------
    >>> import wavekeep
    >>> picture = wavekeep.open("samples/M529LMOK.DK0W").picture()
    >>> picture.form, picture[:4]
    ('svg', b'<svg')
    """

    form: str

    def __new__(cls, data: bytes = b"", form: str = "svg") -> Picture:
        picture = super().__new__(cls, data)
        picture.form = form
        return picture

    def save(self, path: str | os.PathLike[str]) -> str:
        """Writes the bytes as a new file.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        str
            The path.

        Raises
        ------
        FileTakenError
            The file exists. This is a ``FileExistsError``.

        Examples
        --------
        >>> import os, tempfile, wavekeep
        >>> picture = wavekeep.open("samples/M529LMOK.DK0W").picture(form="png")
        >>> path = picture.save(os.path.join(tempfile.mkdtemp(), "event.png"))
        >>> os.path.getsize(path) == len(picture)
        True
        """
        from ._errors import FileTakenError

        try:
            with open(path, "xb") as file:
                file.write(self)
        except FileExistsError:
            message = f"{os.fspath(path)} already exists"
            raise FileTakenError(message, path=os.fspath(path)) from None
        return os.fspath(path)

    def _repr_svg_(self) -> str | None:
        return self.decode() if self.form == "svg" else None

    def _repr_png_(self) -> bytes | None:
        return bytes(self) if self.form == "png" else None

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        if self.form == "svg":
            return {"image/svg+xml": self.decode(), "text/plain": repr(self)}
        kind = "image/png" if self.form == "png" else "application/pdf"
        return {kind: bytes(self), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<Picture: {self.form}, {len(self)} bytes>"
