"""Small networks, images and videos for the inferencers' tests."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.config import Config, ConfigDict
from mmengine.registry import init_default_scope
from torch import nn

from mmirstd.models.segmentors import ClassicalSegmentor
from mmirstd.registry import MODELS
from tests.shared import REPO


class LocalContrast(ClassicalSegmentor):
    """Top-hat of 9x9 with a fixed threshold of 0.2: each output depends on 8 pixels around it, as in a small
    convolutional network; remembers the largest input."""

    def __init__(self) -> None:
        super().__init__(0.0, dict(type='mmseg.SegDataPreProcessor'))
        self.largest = 0

    def saliency(self, image: np.ndarray) -> np.ndarray:
        return cv2.morphologyEx(image, cv2.MORPH_TOPHAT, np.ones((9, 9), np.uint8))

    def logits(self, image: np.ndarray) -> np.ndarray:
        self.largest = max(self.largest, image.size)
        return np.clip(40 * (self.saliency(image) - np.float32(0.2)), -13, 13)


def conv_net(seed: int = 0) -> nn.Module:
    """A fully convolutional mmseg network with strides 2 and 4 inside; a radius of less than 32 pixels."""
    init_default_scope('mmseg')
    torch.manual_seed(seed)
    model = MODELS.build(
        ConfigDict(
            type='mmseg.EncoderDecoder',
            data_preprocessor=dict(type='mmseg.SegDataPreProcessor'),
            backbone=dict(
                type='mmseg.UNet',
                in_channels=1,
                base_channels=4,
                num_stages=3,
                strides=(1, 1, 1),
                enc_num_convs=(1, 1, 1),
                dec_num_convs=(1, 1),
                downsamples=(True, True),
                enc_dilations=(1, 1, 1),
                dec_dilations=(1, 1),
                norm_cfg=dict(type='BN'),
            ),
            decode_head=dict(type='mmirstd.IRSTDHead', in_channels=4, channels=4, in_index=2),
            test_cfg=dict(mode='whole'),
        )
    )
    for parameter in model.parameters():
        if parameter.dim() == 4:
            nn.init.normal_(parameter, std=0.5)
    model.eval()
    with torch.no_grad():  # logits of a normal size, neither constant nor saturated
        logits = model.decode_head(model.extract_feat(torch.rand(1, 1, 64, 64)))
        last, scale = model.decode_head.conv_seg, 2 / logits.std()
        last.weight *= scale
        last.bias.copy_((last.bias - logits.mean()) * scale)
    return model


def tiny_ggl_config() -> Config:
    """GGL-Net of four base channels under the test pipeline of the real data sets."""
    cfg = Config.fromfile(str(REPO / 'configs/ggl_net/ggl-net-tiny_cpu-b8-45e_nuaa-sirst-341-86.py'))
    cfg.model.backbone.base_channels = 4
    cfg.model.neck.update(in_channels=[4, 8, 16, 32, 64], ratio=2)
    cfg.model.decode_head.update(in_channels=4, channels=4)
    return cfg


def scene(
    height: int = 64,
    width: int = 96,
    targets: tuple[tuple[int, int], ...] = ((30, 40),),
    seed: int = 0,
    bright: float = 110,
) -> np.ndarray:
    """(H, W) uint8: noise around 90, and 3x3 targets of ``bright`` more at these rows and columns (centers)."""
    image = np.random.default_rng(seed).normal(90, 3, (height, width))
    for row, column in targets:
        image[row - 1 : row + 2, column - 1 : column + 2] += bright
    return np.clip(image, 0, 255).astype(np.uint8)


def write_image(path: Path, image: np.ndarray) -> Path:
    """Write by the suffix, also where the name is not ASCII."""
    path.parent.mkdir(parents=True, exist_ok=True)
    done, data = cv2.imencode(path.suffix, image)
    assert done
    path.write_bytes(data.tobytes())
    return path


def moving_frames(count: int = 8) -> list[np.ndarray]:
    """A target that moves 4 pixels to the right in each frame, from column 20 in row 30."""
    return [scene(targets=((30, 20 + 4 * k),), seed=k) for k in range(count)]


def write_video(path: Path, frames: list[np.ndarray], codec: str = 'MJPG', fps: float = 10) -> Path:
    """Write with OpenCV."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), fps, frames[0].shape[::-1])
    assert writer.isOpened()
    for frame in frames:
        writer.write(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
    writer.release()
    return path


def write_mjpeg(path: Path, frames: list[np.ndarray]) -> Path:
    """A raw Motion-JPEG stream: JPEG files one after the other, which may differ in size."""
    path.write_bytes(b''.join(cv2.imencode('.jpg', frame)[1].tobytes() for frame in frames))
    return path
