"""References to symbols in documents: [`worker::step`](../runtime/scheduler/worker.cc) names what that file has.

A reference is a link to a .h or .cc file whose text is one code span. It is good when the file declares or defines
the symbol: `a::b` written out before a definition, or `b` declared inside the braces of `a`. The rule is textual, and
leans on our format (`type name`, `type* name`): comments, strings and mere uses (calls) do not count. A code span that
is the name of a file is left to links.py.
"""

import os
import re

from source import blank, line_of

REFERENCE = re.compile(r"\[`([^`\n]+)`\]\(([^()\s#]+\.(?:h|cc))(?:#[^()\s]*)?\)")
FENCE = re.compile(r"^```.*?^```", re.S | re.M)
SYMBOL = re.compile(r"~?\w+(?:::~?\w+)*")
ATTRIBUTE = re.compile(r"\[\[.*?\]\]", re.S)
# What stands before a declared name: the end of a type, on the same line. Not one of the words of a use.
NO_TYPE = (
    r"(?:return|co_return|co_await|co_yield|throw|new|delete|else|case|goto|using|typename|operator"
    r"|public|private|protected|virtual)"
)
TYPE = r"(?:(?<!\w)(?!%s\s)\w+|[\w<*&)\].]>+)[*&]*[ \t]+" % NO_TYPE
CLASS = r"\b(?:class|struct|union|enum(?:\s+(?:class|struct))?)\s+"
HEAD = CLASS + r"(?:\w+\s+)*(?:\w+::)*%s\b(?:\s+final)?\s*(?::(?!:)[^;{}]*)?\{"
NAMESPACE = r"\bnamespace\s[^;{}()=]*\b%s\b[^;{}()=]*\{"


def bodies(code, name):
    """What stands in the braces of each class, enum or namespace `name`; whether it is an enum."""
    escaped = re.escape(name)
    for match in re.finditer("%s|%s" % (HEAD % escaped, NAMESPACE % escaped), code):
        depth = 1
        for at in range(match.end(), len(code)):
            depth += {"{": 1, "}": -1}.get(code[at], 0)
            if depth == 0:
                yield code[match.end() : at], match.group().startswith("enum")
                break


def declares(code, name, inside=""):
    """Whether `name` is declared or defined in `code`: a type, a function, a variable, an alias, a macro."""
    escaped = re.escape(name)
    patterns = [
        HEAD % escaped,
        CLASS + r"%s\s*;" % escaped,
        r"\busing\s+%s\s*=" % escaped,
        r"\bconcept\s+%s\s*=" % escaped,
        r"#\s*define\s+%s\b" % escaped,
        TYPE + r"(?:\w+::)*%s\s*[({=;\[,]" % escaped,
    ]
    if name.lstrip("~") == inside:  # a constructor or a destructor
        patterns.append(r"(?<![\w.>:])%s\s*\(" % escaped)
    return any(re.search(pattern, code) for pattern in patterns)


def has_symbol(code, symbol):
    scopes, name = symbol.split("::")[:-1], symbol.split("::")[-1]
    if not scopes:
        return declares(code, name)
    if re.search(TYPE + r"(?:\w+::)*%s\s*[({]" % re.escape(symbol), code):
        return True  # written out, before a body that stands outside of its class
    if name.lstrip("~") == scopes[-1] and re.search(r"^%s\s*\(" % re.escape(symbol), code, re.M):
        return True  # the same, of a constructor or a destructor
    insides = [(code, False)]
    for scope in scopes:
        insides = [inner for body, _ in insides for inner in bodies(body, scope)]
    if len(scopes) > 1:  # `struct a::b {` outside of `a`
        insides += bodies(code, "::".join(scopes))
    return any(
        re.search(r"\b%s\b" % re.escape(name), body) if is_enum else declares(body, name, scopes[-1])
        for body, is_enum in insides
    )


def check(tree):
    problems = []
    known = {}
    for document in tree.select([".md"]):
        text = tree.text(document)
        prose = FENCE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)
        for match in REFERENCE.finditer(prose):
            symbol, target = match.group(1), match.group(2)
            if "." in symbol or "/" in symbol or re.match(r"[a-z]+:/", target):
                continue
            where = "%s:%d" % (document, line_of(text, match.start()))
            symbol = symbol[:-2] if symbol.endswith("()") else symbol
            if not SYMBOL.fullmatch(symbol):
                problems.append("%s: `%s` is no name; write `a::b`, as a debugger takes it" % (where, symbol))
                continue
            path = os.path.normpath(os.path.join(os.path.dirname(document), target))
            if path not in known:
                source = tree.text(path)
                known[path] = None if source is None else ATTRIBUTE.sub(" ", blank(source))
            if known[path] is None:
                continue  # links.py says that the file is not there
            if not has_symbol(known[path], symbol):
                problems.append("%s: %s declares no `%s`: mend the one or the other" % (where, path, symbol))
    return problems
