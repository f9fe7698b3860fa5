"""Which files are left out: ignore files as git reads them, hidden files, include and exclude globs.

Rules see paths, never contents. A rule of a folder nearer to the file wins over one further up.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from pathspec import GitIgnoreSpec

from rlm_cli.corpus.options import ReadOptions

IGNORE_FILES = (".rlmignore", ".ignore", ".gitignore")
"""In order of precedence within one folder."""

VERSION_CONTROL = frozenset({".git", ".hg", ".svn", ".jj"})
_MAX_IGNORE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class _Spec:
    spec: GitIgnoreSpec
    name: str


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that hold in one folder; `below` gives those of a folder inside it.

    Shape:   chain holds (prefix, specs) pairs, the nearest folder first; prefix is the path from that
             folder to this one, ending in `/`, or empty.
    """

    options: ReadOptions
    include: GitIgnoreSpec | None
    exclude: GitIgnoreSpec | None
    chain: tuple[tuple[str, tuple[_Spec, ...]], ...] = field(default=())

    def below(self, name: str, folder: str, has_ignore_file: bool) -> Rules:
        """The rules inside the folder `name` of this one."""
        chain = tuple((f"{prefix}{name}/", specs) for prefix, specs in self.chain)
        return Rules(self.options, self.include, self.exclude, chain).here(folder, has_ignore_file)

    def here(self, folder: str, has_ignore_file: bool) -> Rules:
        """These rules and those of the ignore files that lie in the folder itself."""
        if not has_ignore_file or not self.options.is_ignore_respected:
            return self
        specs = tuple(spec for name in IGNORE_FILES if (spec := _read_spec(Path(folder), name)))
        if not specs:
            return self
        return Rules(self.options, self.include, self.exclude, (("", specs), *self.chain))

    def why_left_out(self, name: str, path: str, is_folder: bool) -> str | None:
        """The reason why an entry is not read, None when it may be.

        Shape:   name is the entry's own, path is relative to the input folder.
        """
        if name in VERSION_CONTROL:
            return "version control data"
        if name[0] == "." and not self.options.is_hidden_read:
            return "hidden (--hidden reads it)"
        if self.exclude is not None and self.exclude.match_file(path + "/" if is_folder else path):
            return "excluded (--exclude)"
        if self.include is not None and not is_folder and not self.include.match_file(path):
            return "not included (--include)"
        for prefix, specs in self.chain:
            inner = f"{prefix}{name}/" if is_folder else prefix + name
            for spec in specs:
                decision = spec.spec.check_file(inner).include
                if decision is not None:
                    return f"ignored by {spec.name} (--no-ignore reads it)" if decision else None
        return None


def rules_for(folder: Path, options: ReadOptions) -> Rules:
    """The rules at an input folder, with those of its parents up to the root of its repository."""
    include = GitIgnoreSpec.from_lines(options.include) if options.include else None
    exclude = GitIgnoreSpec.from_lines(options.exclude) if options.exclude else None
    chain: list[tuple[str, tuple[_Spec, ...]]] = []
    if options.is_ignore_respected:
        prefix = ""
        for child, parent in _up_to_repository(folder):
            prefix = f"{child.name}/{prefix}"
            specs = tuple(spec for name in IGNORE_FILES if (spec := _read_spec(parent, name, prefix)))
            if specs:
                chain.append((prefix, specs))
    return Rules(options, include, exclude, tuple(chain))


def member_rules(options: ReadOptions) -> Rules:
    """The rules for what lies inside of a file: hidden names, `--exclude`; the file itself was included."""
    exclude = GitIgnoreSpec.from_lines(options.exclude) if options.exclude else None
    return Rules(options, None, exclude)


def why_member_left_out(rules: Rules, path: str) -> str | None:
    """The reason why a member is not read, by its path inside of the file; None when it may be."""
    names = path.split("/")
    for number, name in enumerate(names, 1):
        why = rules.why_left_out(name, "/".join(names[:number]), number < len(names))
        if why is not None:
            return why
    return None


def _up_to_repository(folder: Path) -> list[tuple[Path, Path]]:
    """(child, parent) pairs from the folder up to its repository's root; none outside of a repository."""
    pairs: list[tuple[Path, Path]] = []
    here = folder
    while not (here / ".git").exists():
        if here.parent == here:
            return []
        pairs.append((here, here.parent))
        here = here.parent
    return pairs


def _read_spec(folder: Path, name: str, named: str = "") -> _Spec | None:
    """The rules of an ignore file, without those that leave out what the user has named themselves."""
    try:
        handle = os.open(folder / name, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        text = os.read(handle, _MAX_IGNORE_BYTES).decode("utf-8", "replace")
    except OSError:
        return None
    finally:
        os.close(handle)
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if named:
        lines = [line for line in lines if not GitIgnoreSpec.from_lines([line]).match_file(named)]
    return _Spec(GitIgnoreSpec.from_lines(lines), name) if lines else None
