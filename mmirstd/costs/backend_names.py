"""Names of the backends in tables and records."""

from __future__ import annotations

#: PyTorch, in several ways.
OFFICIAL = 'torch, as in the official code'
TORCH, FOLDED, TORCH_BF16 = 'torch', 'torch folded', 'torch bf16'
#: Name -> runtime and precision of an exported file.
SESSIONS: dict[str, tuple[str, str]] = {
    'onnxruntime': ('onnxruntime', 'fp32'),
    'openvino': ('openvino', 'fp32'),
    'openvino bf16': ('openvino', 'bf16'),
    'onnxruntime int8': ('onnxruntime', 'int8'),
    'openvino int8': ('openvino', 'int8'),
}
#: After a backend's name: one frame and what is kept of the past, in place of the whole clip.
STREAMING = ' streaming'
