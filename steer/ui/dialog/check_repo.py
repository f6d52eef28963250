"""What changed in `.git`, and whether the operator accepts it."""

from __future__ import annotations

from steer.ui.dialog.diff import DiffDialog


class CheckRepoDialog(DiffDialog):
    """The result is True where the operator accepts what is shown."""

    hints = (("A", "accept it as it is"),)

    def pressed(self, key: str) -> None:
        if key == "A":
            self.dismiss(True)
        else:
            super().pressed(key)

    def confirms(self, key: str) -> bool:
        return key == "A" or super().confirms(key)
