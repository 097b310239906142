"""Damaged and invented files for everything that reads one: nothing but our own errors may come out.

    OMP_NUM_THREADS=1 python -m tests.reliability.fuzz --cases 50000

Each case is a good file that was changed: bytes (bits, cuts, repeated and exchanged parts, numbers at their limits),
and of JSON and XML also the tree (values of other types, keys that are gone, parts that are repeated).  A case that
ends in another error, takes longer than two seconds or fills the memory is a finding; it is kept beside the report, and
becomes a test in tests/test_findings.py.  ``tests.reliability.guided_fuzz`` lets the coverage of our code guide.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import math
import os
import random
import resource
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tests.reliability.fuzz_targets import Target, targets

LIMIT_SECONDS = 2.0
LIMIT_BYTES = 3 * 2**30
TOKENS = [
    *(b'', b'\0', b'\xff' * 4, b'\x7f\xff\xff\xff', b'\x80\0\0\0', b'\xef\xbb\xbf', b'\xed\xa0\x80', b'\n', b'\r\n'),
    *(b'-1', b'0', b'1e999', b'NaN', b'null', b'true', b'[]', b'{}', b'[' * 5000, b'9' * 30, b'9' * 5000, b'"a"'),
    *(b'"', b',', b'../', b'%s', b'\t', b'#'),
]
#: In the place of any value of JSON.
VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 10**400, 0.5, -0.0, 1e-320, 1e308, float('nan')),
    *(float('inf'), '', 'a', '0', 'nan', '1e999', '../../x', '\ud800', 'a\0b', 'x' * 3000, [], {}, [[]], [None]),
    *([1, 2, 3, 4], [-1e9, 0, 1e9, 1], {'a': 1}, [{}], [[[[[[]]]]]]),
]


def mutate(data: bytes, draw: random.Random) -> bytes:
    """Another version of a file."""
    if draw.random() < 0.6:
        for parse in (_change_json, _change_xml):
            changed = parse(data, draw)
            if changed is not None:
                return changed
    return mutate_bytes(data, draw)


def mutate_bytes(data: bytes, draw: random.Random) -> bytes:
    """Change bytes."""
    for _ in range(draw.choice((1, 1, 1, 2, 3, 8))):
        size = len(data)
        at, end = sorted((draw.randint(0, size), draw.randint(0, size)))
        way = draw.randrange(7)
        if way == 0 and size:
            spot = min(at, size - 1)
            data = data[:spot] + bytes([data[spot] ^ 1 << draw.randrange(8)]) + data[spot + 1 :]
        elif way == 1:
            data = data[:at]
        elif way == 2:
            data = data[:at] + draw.choice(TOKENS) + data[at:]
        elif way == 3:
            token = draw.choice(TOKENS)
            data = data[:at] + token + data[at + len(token) :]
        elif way == 4:
            data = data[:at] + data[min(end, at + 64) :]
        elif way == 5:
            data = data[:end] + data[at : min(end, at + 256)] + data[end:]
        elif size:
            spot = min(at, size - 1)
            data = data[:spot] + draw.randbytes(draw.randint(1, 8)) + data[spot + 1 :]
    return data


def _change_json(data: bytes, draw: random.Random) -> bytes | None:
    """Change values, keys and lists; None where it is no JSON with something in it."""
    if data[:1] not in (b'{', b'['):
        return None
    try:
        root = json.loads(data)
    except (ValueError, RecursionError):
        return None
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        places: list[tuple[Any, Any]] = []
        todo = [root]
        while todo:
            node = todo.pop()
            inside = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
            places += [(node, key) for key in inside]
            todo += [node[key] for key in inside]
        if not places:
            return json.dumps(draw.choice(VALUES)).encode('utf-8', 'surrogatepass')
        node, key = draw.choice(places)
        way = draw.randrange(6)
        if way < 3:
            node[key] = copy.deepcopy(draw.choice(VALUES))
        elif way == 3:
            del node[key]
        elif way == 4:
            other, name = draw.choice(places)
            if name in other if isinstance(other, dict) else name < len(other):
                node[key] = copy.deepcopy(other[name])
        elif isinstance(node, list):
            node.insert(key, copy.deepcopy(node[key]))
        else:
            node[draw.choice(('', 'id', 'x', key + 'x'))] = node.pop(key)
    return json.dumps(root, ensure_ascii=draw.random() < 0.9).encode('utf-8', 'surrogatepass')


def _change_xml(data: bytes, draw: random.Random) -> bytes | None:
    """Change texts, attributes and elements; None where it is no XML."""
    if data[:1] != b'<':
        return None
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError):
        return None
    words = ['', '-1', '0', '1e999', 'nan', 'a', '9' * 400, '1,2', '1,2;3,4', '0.5', '../x', ',', 'x' * 3000]
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        elements = list(root.iter())
        element = draw.choice(elements)
        way = draw.randrange(5)
        if way == 0:
            element.text = draw.choice(words)
        elif way == 1 and element.attrib:
            element.set(draw.choice(list(element.attrib)), draw.choice(words))
        elif way == 2 and element.attrib:
            del element.attrib[draw.choice(list(element.attrib))]
        elif way == 3 and len(element):
            element.remove(element[draw.randrange(len(element))])
        elif len(element):
            element.append(copy.deepcopy(draw.choice(elements)))
    return ElementTree.tostring(root) if len(list(root.iter())) < 500 else None


def try_case(read: Callable[[Path], Any], path: Path, data: bytes) -> str | None:
    """What is wrong with the answer to a file; None: it was read, or refused in our words."""
    from mmirstd.utils.errors import UserError

    path.write_bytes(data)
    began = time.process_time()  # a busy machine is no finding
    try:
        read(path)
    except UserError:
        pass
    except Exception:
        return traceback.format_exc()
    seconds = time.process_time() - began
    return f'took {seconds:.1f} s' if seconds > LIMIT_SECONDS else None


def be_quiet() -> None:
    """Our own warnings, a line for each damaged file, are not shown."""
    warnings.simplefilter('ignore')
    logging.disable(logging.CRITICAL)


def peak_memory() -> float:
    """MiB that this process had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def fuzz_kind(kind: str, target: Target, cases: int, seed: int, keep: Path) -> tuple[int, float]:
    """Try files of a kind in a process of its own, since a decoder may end it.

    Args:
        kind: Its name.
        target: Its good files, and what reads one.
        cases: How many.
        seed: Of the changes.
        keep: Folder for findings.

    Returns:
        The number of findings, and MiB that the process had at most.
    """
    with tempfile.TemporaryDirectory() as name:
        told = Path(name) / 'told.json'
        pid = os.fork()
        if not pid:
            draw = random.Random(f'{seed} {kind}')
            found: dict[str, str] = {}
            for _ in range(cases):
                file, data = draw.choice(target.files)
                changed = mutate(data, draw)
                (Path(name) / 'last').write_bytes(changed)
                wrong = try_case(target.read, Path(name) / file, changed)
                if wrong is not None and wrong[-200:] not in found:
                    found[wrong[-200:]] = wrong
                    (keep / f'{kind.replace(" ", "_")}_{len(found)}_{file}').write_bytes(changed)
                    print(f'{kind}: {wrong}', flush=True)
            told.write_text(json.dumps((len(found), peak_memory())))
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if status:
            shutil.copy(Path(name) / 'last', keep / f'{kind.replace(" ", "_")}_ended_the_process')
            print(f'{kind}: the process ended with {status}', flush=True)
            return 1, math.nan
        findings, peak = json.loads(told.read_text())
        return findings, peak


def fuzz(cases: int, seed: int, names: list[str], keep: Path) -> int:
    """Try so many files of each kind.

    Args:
        cases: Of each kind.
        seed: Of the changes.
        names: Of the kinds; empty: all.
        keep: Folder for findings.

    Returns:
        The number of findings.
    """
    known = targets()
    total = Counter[str]()
    print(f'{"kind":16} {"cases":>9} {"seconds":>8} {"findings":>9} {"peak MiB":>9}', flush=True)
    for kind in names or known:
        began = time.monotonic()
        found, peak = fuzz_kind(kind, known[kind], cases, seed, keep)
        total.update(cases=cases, findings=found)
        print(f'{kind:16} {cases:9,} {time.monotonic() - began:8.0f} {found:9} {peak:9.0f}', flush=True)
    print(f'{total["cases"]:,} cases, {total["findings"]} kinds of findings')
    return total['findings']


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--cases', type=int, default=50_000, help='of each kind; default: %(default)s')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--targets', nargs='*', default=[], help='only these')
    parser.add_argument('--keep', type=Path, default=Path(tempfile.gettempdir()), help='folder for findings')
    args = parser.parse_args()
    args.keep.mkdir(parents=True, exist_ok=True)
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    be_quiet()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what decoders say
    sys.exit(fuzz(args.cases, args.seed, args.targets, args.keep) > 0)


if __name__ == '__main__':
    main()
