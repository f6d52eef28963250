"""The goals in figures: each module measures one, beside the tools people use today, in one run.

A module has `measure(size: Size, folder: Path) -> Outcome`; `MODULES` says which goal is which. `folder` is empty, the
module's own, and removed afterwards.
"""
