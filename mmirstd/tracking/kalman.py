"""Points that move at a nearly constant velocity, filtered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .camera_motion import CameraMotion

_POSITION = np.eye(2, 4)


class ConstantVelocity:
    """A Kalman filter of one point in the image, with the camera's motion taken out.

    The state is position and velocity over the background, in the axes of the present frame.

    Args:
        position: (2,) x, y of the first detection.
        measurement: Standard deviation of a detection's position, in pixels.
        speed: Of the unknown velocity at the start, in pixels a frame.
        maneuver: Of the change of the velocity from frame to frame, in pixels a frame.
    """

    def __init__(self, position: NDArray[np.float64], measurement: float, speed: float, maneuver: float) -> None:
        self.state = np.array([position[0], position[1], 0.0, 0.0])
        self.covariance = np.diag(np.square([measurement, measurement, speed, speed]))
        self._measurement = np.eye(2) * measurement**2
        self._maneuver = maneuver

    @property
    def position(self) -> NDArray[np.float64]:
        """(2,) x, y in pixels."""
        return self.state[:2]

    @property
    def velocity(self) -> NDArray[np.float64]:
        """(2,) over the background, in pixels a frame."""
        return self.state[2:]

    def predict(self, time: float, motion: CameraMotion) -> None:
        """Go on to another frame.

        Args:
            time: Frames from the last one.
            motion: Of the camera, over all of that time.
        """
        step = np.eye(4)
        step[0, 2] = step[1, 3] = time
        # White noise of the acceleration (Bar-Shalom), by its standard deviation after one frame.
        noise = np.kron([[time**3 / 3, time**2 / 2], [time**2 / 2, time]], np.eye(2)) * self._maneuver**2
        state = step @ self.state
        covariance = step @ self.covariance @ step.T + noise
        turn = np.kron(np.eye(2), motion.matrix[:, :2])
        state = turn @ state
        state[:2] += motion.matrix[:, 2]
        self.state, self.covariance = state, turn @ covariance @ turn.T

    def innovation(self, points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """How far points (N, 2) are from the prediction, (N, 2), and the covariance of that, (2, 2)."""
        return points - self.position, self.covariance[:2, :2] + self._measurement

    def correct(self, point: NDArray[np.float64]) -> None:
        """Take a detection (2,) in."""
        difference, spread = self.innovation(point)
        gain = np.linalg.solve(spread, self.covariance[:2]).T
        self.state = self.state + gain @ difference
        keep = np.eye(4) - gain @ _POSITION
        # Joseph's form: symmetric and positive whatever the rounding.
        self.covariance = keep @ self.covariance @ keep.T + gain @ self._measurement @ gain.T
