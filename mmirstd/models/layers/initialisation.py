"""The initialisation that most official IRSTD codes share."""

from __future__ import annotations

# Kaiming normal (fan out) for convolutions, ones and zeros for norms; to be given as init_cfg.
KAIMING_FAN_OUT = (dict(type='Kaiming', layer='Conv2d', mode='fan_out', nonlinearity='relu'),
                   dict(type='Constant', layer='_BatchNorm', val=1, bias=0))
