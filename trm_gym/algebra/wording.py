"""The words in which people ask for what the task does, each turned into the alphabet's own.

``asked_in`` reads questions as the DeepMind mathematics dataset asks them (Saxton et al., 2019, arXiv 1904.01557).
"""

from __future__ import annotations

import re

from trm_gym.errors import ProblemError

_ASKING = r"(?:(?:find|what\s+is|how\s+much\s+is|evaluate|calculate)(?:\s+the)?(?:\s+value\s+of)?|value\s+of)"
_SYNONYMS = tuple(
    (re.compile(pattern), verb)
    for pattern, verb in (
        (r"^(?:please\s+|the\s+|(?:can|could)\s+you\s+|how\s+do\s+(?:i|you)\s+)+", ""),
        (r"\bwhat's\b", "what is"),
        (r"^solve\s+simultaneously\b", "solve "),
        (r"^solve\s+the\s+(?:equation|system)s?\b", "solve "),
        (r"^solve\s*(?:for\s+[a-z]\b)?\s*[:/]?\s*(.+?)(?:\s+for\s+[a-z](?:\s+and\s+[a-z])?)?$", r"\1"),
        (r"\s+(?:wrt|with\s+respect\s+to)\s+[a-z]$", ""),
        (rf"^{_ASKING}\s+(.+?)\s+(?:at|for|if|when|where)\s+([a-z])\s*(?:=|is\b)(?=[^,=]+$)", r"evaluate \1 at \2="),
        (r"^(?:find|what\s+is)\s+[a-z]\s*(?:[:/,]|if|when|such\s+that|in)\s*", ""),
        (rf"^(?:if\s+)?(.+=.+),\s*{_ASKING}\s+[a-z]$", r"\1"),
        (rf"^(?:if|when)\s+([a-z]\s*=[^=,]+),\s*{_ASKING}\s+(.+)$", r"evaluate \2 at \1"),
        (r"^(?:substitute|plug)\s+([a-z]\s*=.+?)\s+into\s+(.+)$", r"evaluate \2 at \1"),
        (r"^(?:find\s+)?(?:the\s+)?(?:roots?|zeros?|solutions?)\s+of\s+([^=]+?)(?:\s*=\s*0)?$", r"\1=0"),
        (r"^eq\((.+),\s*(.+)\)$", r"\1=\2"),
        (r"^(?:diff|differentiate)\s*\((.+),\s*[a-z]\s*\)$", r"differentiate \1"),
        (r"^d\s*\((.+)\)\s*/\s*d\s*[a-z]$", r"differentiate \1"),
        (r"^[∂d]\s*/\s*[∂d]\s*[a-z]\b", "differentiate "),
        (r"^(?:(?:find\s+)?(?:the\s+)?derivative\s+of\b|derive\b|diff\b)", "differentiate "),
        (r"^(?:factori[sz]e|factori[sz]ation\s+of)\b", "factor "),
        (r"^(?:simplify|combine)\b", "collect "),
        (r"^multiply(?:\s+out)?\b", "expand "),
        (r"^expand\s+and\s+(?:simplify|collect)\b", "expand "),
        (r"^factor\s+(?:completely|fully|out)\b", "factor "),
        (r"^(?:compute|calculate)\b", "evaluate "),
        (r"^(expand|factor|collect|differentiate|evaluate)\s*/\s*", r"\1 "),
        (r"^\(([^()]*=[^()]*,[^()]*=[^()]*)\)$", r"\1"),
        (r"\b(?:when|where|for|if|with)\b(?=\s*[a-z]\s*=)", " at "),
        (r"^(evaluate\s[^a-z]*([a-z])\b.*?\s)(?:at|for)\s+(?=-?[0-9/]+$)", r"\1at \2="),
        (r"\s+and\s+(?=.*=)", ", "),
    )
)
"""Words that people use for those of the alphabet, each as a pattern."""

_NAMING = tuple(
    re.compile(pattern)
    for pattern in (
        r"solve\s*for\s+(?P<asked>[a-z])\b(?P<of>.+)",
        r"solve\b(?P<of>.+)\bfor\s+(?P<asked>[a-z])$",
        r"\b(?:find|what\s+is)\s+(?P<asked>[a-z])\s*(?:[:/,]|if\b|when\b|such\s+that\b|in\b)(?P<of>.+)",
        rf"^(?:if\s+)?(?P<of>.+=.+),\s*{_ASKING}\s+(?P<asked>[a-z])$",
        r"^[∂d]\s*/\s*[∂d]\s*(?P<asked>[a-z])\b(?P<of>.+)",
        r"^(?:diff|differentiate)\s*\((?P<of>.+),\s*(?P<asked>[a-z])\s*\)$",
        r"^d\s*\((?P<of>.+)\)\s*/\s*d\s*(?P<asked>[a-z])$",
        r"\b(?:differentiate|derivative\s+of)\b(?P<of>.+)\b(?:wrt|with\s+respect\s+to)\s+(?P<asked>[a-z])$",
    )
)
"""Wordings that name the unknown which is asked for, or by which a derivative is taken."""

_ASKED = "(?P<asked>[a-z])"
_WHICH = f"(?: wrt {_ASKED}| with respect to {_ASKED.replace('asked', 'too')})?"
_QUESTIONS = tuple(
    (verb, re.compile(pattern))
    for verb, pattern in (
        ("", rf"Solve (?P<of>.+) for {_ASKED}\."),
        ("", rf"(?:Suppose|Let) (?P<of>.+)\. (?:What is|Calculate) {_ASKED}[.?]"),
        ("", rf"What is {_ASKED} in (?P<of>.+)\?"),
        ("", rf"(?:Determine|Find) {_ASKED}(?:, given| so| such) that (?P<of>.+)\."),
        ("expand ", r"Expand (?P<of>.+)\."),
        ("factor ", r"Factor (?P<of>.+)\."),
        ("collect ", r"Collect the terms in (?P<of>.+)\."),
        ("differentiate ", rf"Differentiate (?P<of>.+?){_WHICH}\."),
        ("differentiate ", rf"(?:What is|Find) the (?:first )?derivative of (?P<of>.+?){_WHICH}[.?]"),
    )
)


def check_asked(text: str) -> None:
    """Raise ProblemError where what is asked for is no unknown of the problem: the answer would be another one's."""
    for match in filter(None, (pattern.search(text) for pattern in _NAMING)):
        if match["asked"] not in re.findall(r"(?<![a-z])[a-z](?![a-z])", match["of"]):
            raise ProblemError(
                f"{match['asked']!r} is asked for in {text[:80]!r} and is not in {match['of'].strip(' /,')[:80]!r}: "
                "name an unknown that is"
            )


def in_known_words(text: str) -> str:
    """``text`` with the usual names of what is to be done turned into those of the alphabet."""
    for pattern, verb in _SYNONYMS:
        text = pattern.sub(verb, text)
    return text.strip()


def asked_in(question: str) -> tuple[str, dict[str, str]] | None:
    """The problem that a question asks, and what its unknowns are called there; None where it is no such question."""
    for verb, pattern in _QUESTIONS:
        if match := pattern.fullmatch(question.strip()):
            groups = match.groupdict()
            letters = sorted(set(re.findall("[a-z]", match["of"])))
            asked = groups.get("asked") or groups.get("too") or letters[0] if letters else ""
            others = [letter for letter in letters if letter != asked]
            if asked not in letters or len(others) > 1:
                return None
            called = {asked: "x", **dict.fromkeys(others, "y")}
            return verb + match["of"].translate(str.maketrans(called)), called
    return None
