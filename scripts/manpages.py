#!/usr/bin/env python3
"""Writes man pages from the parser's own description of itself.

Usage: manpages.py HELP_JSON FOLDER, where HELP_JSON is what --experimental-dump-help prints.
"""
import json
import os
import sys


def escape(text):
    lines = (text or "").replace("\\", "\\e").replace("-", "\\-").split("\n")
    return "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in lines)


def spelling(argument):
    if argument["kind"] == "positional":
        return f"<{argument.get('valueName', '')}>"
    names = ["-" * (1 if n["kind"] == "short" else 2) + n["name"] for n in argument.get("names", [])]
    suffix = f" <{argument['valueName']}>" if argument["kind"] == "option" and "valueName" in argument else ""
    return ", ".join(names) + suffix


def page(command, path):
    name = "-".join(path)
    out = [f'.TH "{name.upper()}" 1 "" "qkdctl" "qkdctl manual"', ".SH NAME"]
    out.append(f"{escape(name)} \\- {escape(command.get('abstract', '')).rstrip('.')}")
    out += [".SH SYNOPSIS", f".B {escape(' '.join(path))}"]
    arguments = [a for a in command.get("arguments", []) if a.get("shouldDisplay", True)]
    out.append(escape(" ".join(f"[{spelling(a)}]" if a.get("isOptional") else spelling(a) for a in arguments)))
    if command.get("discussion"):
        out += [".SH DESCRIPTION", ".nf", escape(command["discussion"]), ".fi"]
    if arguments:
        out.append(".SH OPTIONS")
        for argument in arguments:
            out += [".TP", f".B {escape(spelling(argument))}", escape(argument.get("abstract") or "")]
            if argument.get("defaultValue"):
                out.append(escape(f"Default: {argument['defaultValue']}."))
    inner = [c for c in command.get("subcommands", []) if c["commandName"] != "help" and c.get("shouldDisplay", True)]
    if inner:
        out.append(".SH SEE ALSO")
        out.append(", ".join(f"\\fB{escape('-'.join(path + [c['commandName']]))}\\fR(1)" for c in inner))
    return "\n".join(out) + "\n", inner


def write(command, path, folder):
    text, inner = page(command, path)
    with open(os.path.join(folder, "-".join(path) + ".1"), "w", encoding="utf-8") as file:
        file.write(text)
    for sub in inner:
        write(sub, path + [sub["commandName"]], folder)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as source:
        write(json.load(source)["command"], ["qkdctl"], sys.argv[2])
