"""What a correction is about, and a gentle lint on it while it is typed.

A correction that names no place and no behaviour leaves the agent to guess, and one that asks for several things is
done in part. Hints say so; they never stand in the way.
"""

from __future__ import annotations

import re

MAX_HINTS = 2
_LONG = 240  # characters after which a text has said something, whatever its words

_VAGUE = re.compile(
    r"^(?:no+[,.! ]*)?(?:please |just |pls )?(?:"
    r"(?:fix|correct|repair|redo|solve|check|improve|undo|finish) (?:it|this|that|them|everything|the (?:code|bug|"
    r"problem|issue|error)s?)(?: (?:please|properly|correctly|now|again|up))*"
    r"|(?:please )?(?:try|do|run) (?:it |that |this )?(?:again|harder|better|once more|properly)"
    r"|make (?:it|this|that) (?:work|better|right|good|pass)"
    r"|(?:it|this|that)(?:'s| is| still|)? ?(?:still )?(?:does(?:n't| not) work|is(?:n't| not) working|not working|"
    r"broken|wrong|fails?|failing|bad|not (?:right|good|correct))(?: yet| anymore| at all)?"
    r"|(?:still |that's )?(?:wrong|broken|not working|no good|nope|failing)|doesn't work"
    r")[\s.!?…]*$",
    re.I,
)
_NUMBERED = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s+\S", re.M)
_ALSO = re.compile(
    r"\b(?:also|additionally|furthermore|besides|and another thing|while you(?:'re| are) at it|on top of that"
    r"|(?:one|another) more thing)\b",
    re.I,
)
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")
_ORDERS = re.compile(
    r"^(?:(?:please|then|and|now|also|next|finally)\b,? )*(?:add|fix|remove|delete|rename|change|use|move|update|"
    r"write|make|replace|revert|stop|keep|run|check|handle|return|test|document|refactor|implement|split|drop|raise)\b",
    re.I,
)
# What can be pointed at, in the order in which it is looked for.
_TARGETS = tuple(
    re.compile(p)
    for p in (
        r"`([^`\n]{2,80})`",
        r"(?<![\w/.])((?:[\w.@+-]+/)+[\w.@+-]*|\w[\w-]*\.[A-Za-z]{1,5}\w?)(?::\d+)?(?![\w/])",
        r"\b([A-Za-z_]\w*(?:\.\w+)*)\(",
        r"\b([a-z]\w*_\w+|[A-Z]\w*[a-z]\w*[A-Z]\w*|[a-z]+[A-Z]\w*)\b",
        r"\b(test_\w+|[A-Z]{1,4}\d{2,5})\b",
        r"(?<!\w)(--?[a-z][\w-]+)",
    )
)
_QUOTED = re.compile(r"\"[^\"\n]{3,}\"|“[^”\n]{3,}”|'[^'\n]{3,}'")
# Words with which a behaviour is told: what happens against what should, or what to do instead.
_BEHAVIOUR = re.compile(
    r"\b(?:should(?:n't)?|must(?:n't)?|expect(?:ed|s)?|instead|returns?|raises?|prints?|shows?|when|if|because|unless|"
    r"rather than|not (?:the|an?|in|by|with|to)|only|never|always|"
    r"without|before|after|until|line \d+|error|exception|timeout|status \d+)\b",
    re.I,
)
_STOP = frozenset(
    "the and for that this with you not are but was have has its it's is it to of in on at be do does did don't a an i "
    "please again still now then just so no yes can could would should will me my we our your they them there here "
    "what why how when from as by or if all any too very more make made try fix work works working use get got".split()
)


def targets(text: str) -> tuple[str, ...]:
    """Files, symbols, tests, options and codes that the text names, in order, each once."""
    found = [m.group(1) for pattern in _TARGETS for m in pattern.finditer(text)]
    return tuple(dict.fromkeys(t.rstrip(".") for t in found if not _is_abbreviation(t)))


def words(text: str) -> frozenset[str]:
    """The words that carry a text's meaning, for comparing what was said twice."""
    return frozenset(w for w in re.findall(r"[\w'./-]{3,}", text.lower()) if w not in _STOP)


def hints(text: str) -> tuple[str, ...]:
    """At most `MAX_HINTS` short sentences on what would make the correction easier to follow."""
    text = text.strip()
    if not text or text.startswith(("/", "!")) or len(text.split()) < 2:
        return ()
    found = []
    if _VAGUE.match(text):
        found.append("vague: say what is wrong and what it should do instead")
    elif not _names_something(text):
        found.append("names no file, symbol, test, error or behaviour: the agent has to guess")
    if _asks_for_several(text):
        found.append("several things at once: one at a time is followed more surely")
    return tuple(found[:MAX_HINTS])


def _names_something(text: str) -> bool:
    return bool(len(text) > _LONG or targets(text) or _QUOTED.search(text) or _BEHAVIOUR.search(text))


def _asks_for_several(text: str) -> bool:
    if len(_NUMBERED.findall(text)) >= 2:
        return True
    sentences = [s.strip() for s in _SENTENCE.split(text) if s.strip()]
    orders = [s for s in sentences if _ORDERS.match(s)]
    if _ALSO.search(text) and (len(sentences) > 1 or len(targets(text)) > 1):
        return True
    named = [set(targets(s)) for s in orders]
    different = [n for i, n in enumerate(named) if n and not any(n & other for other in named[:i])]
    return len(different) >= 3


def _is_abbreviation(word: str) -> bool:
    return word.lower().rstrip(".") in ("e.g", "i.e", "etc", "vs", "and/or", "yes/no", "either/or", "w/o")
