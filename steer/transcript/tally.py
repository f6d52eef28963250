"""Where a conversation stands: entries summed up."""

from __future__ import annotations

from collections.abc import Callable

from steer.model.step import Entry, Spent, Step, Usage

Price = Callable[[Usage], float | None]  # of one answer; None: not known


class Tally:
    """Steps are counted once however often they are reported. Where the agent reports money that is what is told,
    else what `price` makes of the tokens; None as soon as one answer's price is not known.
    """

    def __init__(self, price: Price = lambda usage: None) -> None:
        self._price = price
        self._open: set[str] = set()
        self._reported: float | None = None
        self._priced: float | None = 0.0
        self._usage = Usage()
        self.steps = 0
        self.step_text = ""

    def add(self, entry: Entry) -> None:
        if isinstance(entry, Step):
            self._add_step(entry)
        elif isinstance(entry, Spent):
            self._add_spent(entry.usage)

    def _add_step(self, step: Step) -> None:
        if step.id not in self._open:
            self.steps += 1
        self.step_text = one_line(step)
        self._open.add(step.id)
        if len(self._open) > 5000:
            self._open.clear()

    def _add_spent(self, spent: Usage) -> None:
        known = self._usage
        if spent.cost_usd is not None:
            self._reported = (self._reported or 0.0) + spent.cost_usd
        if spent.tokens and self._priced is not None:
            price = spent.cost_usd if spent.cost_usd is not None else self._price(spent)
            self._priced = None if price is None else self._priced + price
        self._usage = Usage(
            model=spent.model if spent.model and spent.context else known.model or spent.model,
            input=known.input + spent.input,
            output=known.output + spent.output,
            cache_read=known.cache_read + spent.cache_read,
            cache_write=known.cache_write + spent.cache_write,
            context=spent.context or known.context,
        )

    @property
    def usage(self) -> Usage:
        u = self._usage
        cost = self._reported if self._reported is not None else self._priced if u.tokens else None
        return Usage(u.model, u.input, u.output, u.cache_read, u.cache_write, cost, u.context)


def one_line(step: Step) -> str:
    """The newest action for a list: "Bash: make test (exit 2)"; untrusted, at most 160 characters."""
    words = " ".join(step.action[:400].split())
    end = f" (exit {step.exit})" if step.exit else " (failed)" if step.is_error else ""
    room = 160 - len(end)
    head = f"{step.tool}: {words}" if words else step.tool
    return (head if len(head) <= room else head[: room - 1] + "…") + end
