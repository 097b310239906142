from __future__ import annotations

import json

import pytest

from mmirstd.deploy.graph_description import GraphDescription
from mmirstd.utils.errors import DataError


def test_there_and_back() -> None:
    description = GraphDescription('segmentation', 'net', 0.4, 'uint16', dict(normalize='fixed', bit_depth=14))
    assert GraphDescription.from_json(description.to_json(), 'x.onnx') == description
    later = json.dumps({**json.loads(description.to_json()), 'new': 1, 'format_version': '1.7'})
    assert GraphDescription.from_json(later, 'x.onnx').threshold == 0.4


@pytest.mark.parametrize('text', [None, '', '[]', '{"kind": "segmentation"}'])
def test_a_file_of_others(text: str | None) -> None:
    with pytest.raises(DataError, match=r'x\.onnx: found no description by mmirstd.*(?s:.)*cure: export'):
        GraphDescription.from_json(text, 'x.onnx')


def test_a_file_of_a_later_format() -> None:
    values = json.loads(GraphDescription('segmentation', 'net', 0.5).to_json())
    for change in (dict(format_version='2.0'), dict(kind='hologram')):
        with pytest.raises(DataError, match='cure: install the mmirstd that wrote it'):
            GraphDescription.from_json(json.dumps({**values, **change}), 'x.onnx')
