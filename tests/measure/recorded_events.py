"""Recorded conversations of agents as events for `constc run`: what a host that calls the tools itself would have sent.

The recordings hold what the model read: a tool's answer as text. The tools of AgentDojo and AgentDyn return records, and their answers were written down as
YAML, as a Python literal or as JSON. Policies ask for fields of records (`result of search_emails.sender`), so an answer is read back into the record that
it was (`value`); what cannot be read stays text alone, and no field of it is an origin. Two things are as a host would do them before it asks:

- a table with records under names (`{"Order 1": {…}, …}`) is a list of records, each with its `key`;
- for policies that declare addresses of pages as `url`, one without a scheme is the one that the browser would open (`http://`).

Nothing else is changed, left out or added, and nothing here looks at labels of the recordings.
"""
import ast
import json
import re

SCHEMELESS = re.compile(r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+([/?#:].*)?$")


class Unreadable(Exception):
    pass


class Yaml:
    """What `yaml.safe_dump` writes of lists, records and scalars in block style; anything else is Unreadable."""

    def __init__(self, text):
        self.lines = text.split("\n")
        self.at = 0

    def skip_blank(self):
        while self.at < len(self.lines) and not self.lines[self.at].strip():
            self.at += 1
        return self.at < len(self.lines)

    def indent(self):
        line = self.lines[self.at]
        return len(line) - len(line.lstrip(" "))

    def block(self, least):
        """A list or a record whose first line stands at this indentation."""
        if not self.skip_blank() or self.indent() < least:
            raise Unreadable
        where = self.indent()
        if self.lines[self.at][where:where + 2] in ("- ", "-"):
            return self.items(where)
        return self.members(where)

    def items(self, where):
        out = []
        while self.skip_blank() and self.indent() == where and self.lines[self.at][where:where + 2] in ("- ", "-"):
            line = self.lines[self.at]
            rest = line[where + 2:]
            if re.match(r"[\w .'\"-]+:(\s|$)", rest) and rest[:1] not in "'\"":
                self.lines[self.at] = line[:where] + "  " + rest
                out.append(self.members(where + 2))
            elif rest.startswith("- "):
                self.lines[self.at] = line[:where] + "  " + rest
                out.append(self.items(where + 2))
            else:
                self.at += 1
                out.append(self.scalar(rest, where + 1))
        return out

    def members(self, where):
        out = {}
        while self.skip_blank() and self.indent() == where and not self.lines[self.at].startswith("- ", where):
            match = re.match(r"([\w][^:]{0,60}|'[^']*'):(?:\s+(.*))?$", self.lines[self.at][where:])
            if match is None:
                raise Unreadable
            key, rest = match[1].strip("'"), match[2]
            self.at += 1
            if rest:
                out[key] = self.scalar(rest, where + 1)
            elif self.skip_blank() and (self.indent() > where or self.lines[self.at].startswith("- ", where)):
                out[key] = self.block(where)
            else:
                out[key] = None
        if not out:
            raise Unreadable
        return out

    def more(self, least):
        """The lines that continue a scalar, without their indentation; blank ones only where more follow."""
        out, held = [], []
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if not line.strip():
                held.append("")
            elif len(line) - len(line.lstrip(" ")) >= least:
                out += held + [line.strip(" ")]
                held = []
            else:
                break
            self.at += 1
        return out

    def quoted(self, first, least):
        """A quoted scalar, which may go over several lines: one line end is a space, n empty lines are n line ends."""
        quote, text = first[0], first
        end = re.compile(r"'(?:[^']|'')*'\s*$" if quote == "'" else r'"(?:[^"\\]|\\.)*"\s*$', re.S)
        while end.match(text) is None:
            if self.at == len(self.lines):
                raise Unreadable
            text += "\n" + self.lines[self.at].strip(" ")
            self.at += 1
        text = text.strip()[1:-1]
        if quote == '"':
            text = re.sub(r"\\\n", "", text)
        text = re.sub(r" *\n(\n*)", lambda m: m[1] or " ", text)
        if quote == "'":
            return text.replace("''", "'")
        text = re.sub(r"\\ ", " ", text)
        text = re.sub(r"\\x([0-9A-Fa-f]{2})", r"\\u00\1", text)
        text = re.sub(r"\\U([0-9A-Fa-f]{8})", lambda m: chr(int(m[1], 16)), text)
        return json.loads('"' + text.replace("\t", "\\t") + '"')

    def scalar(self, first, least):
        if first[:1] in "'\"":
            return self.quoted(first, least)
        if re.match(r"[|>][-+]?$", first):
            return "\n".join(self.more(least))
        if first == "[]":
            return []
        if first == "{}":
            return {}
        if first[:1] in "[{&*!":
            raise Unreadable
        lines = [first] + self.more(least)
        text = re.sub(r"\n(\n*)", lambda m: m[1] or " ", "\n".join(lines))
        return {"null": None, "true": True, "false": False}.get(text, number(text))


def number(text):
    if re.fullmatch(r"-?\d+", text) and not re.match(r"-?0\d", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?\d+\.\d+", text) else text


def literal(text):
    """JSON or a Python literal; strings in a record that are literals of lists themselves are read too."""
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise Unreadable from None


def plain(value):
    """Tables under names are lists of records; what JSON cannot hold is a string."""
    if isinstance(value, dict):
        if value and all(isinstance(one, dict) for one in value.values()):
            return [{"key": str(key), **plain_members(one)} for key, one in value.items()]
        return plain_members(value)
    if isinstance(value, (list, tuple, set)):
        return [plain(one) for one in value]
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)


def plain_members(record):
    return {str(key): plain(one) for key, one in record.items()}


def structure(text):
    """The record that an answer was, or None."""
    if text.startswith("<<") and text.rstrip().endswith(">>"):
        text = text.strip()[2:-2]  # one pipeline put answers between these
    start = text.lstrip()[:1]
    if not start:
        return None
    try:
        if start in "[{":
            value = literal(text)
        else:
            reader = Yaml(text)
            value = reader.block(0)
            if reader.skip_blank():
                return None
    except (Unreadable, ValueError, IndexError):
        return None
    return plain(value) if isinstance(value, (dict, list)) and value else None


def arguments(text, whole_urls):
    value = json.loads(text)
    if whole_urls and isinstance(value, dict) and isinstance(value.get("url"), str) and SCHEMELESS.match(value["url"]):
        value["url"] = "http://" + value["url"]
    return value


def words(content):
    if isinstance(content, list):
        return "\n".join(part.get("text") or "" for part in content if isinstance(part, dict))
    return content or ""


def events(row, whole_urls=False):
    """The events of a recorded conversation, and for each the number of its tool call in the recording, or None."""
    out, calls, count = [], {}, 0
    for message in row["messages"]:
        role = message["role"]
        if role in ("system", "user"):
            out.append(({"stage": "system" if role == "system" else "input", "text": words(message["content"])}, None))
        elif role == "tool":
            text = words(message["content"])
            call = calls.get(message.get("tool_call_id")) or (message.get("name") or "unknown", {})
            event = {"stage": "result", "tool": call[0], "args": call[1], "text": text}
            value = structure(text)
            if value is not None:
                event["value"] = value
            out.append((event, None))
        else:
            if words(message.get("content")):
                out.append(({"stage": "output", "text": words(message["content"])}, None))
            for call in message.get("tool_calls") or []:
                name = call["function"]["name"]
                try:
                    args = arguments(call["function"]["arguments"], whole_urls)
                except ValueError:
                    args = None
                calls[call.get("id")] = (name, args if isinstance(args, dict) else {})
                out.append(({"stage": "action", "tool": name, "args": args}, count))
                count += 1
    return out
