"""A UPS battery as physics, and the UPS's own belief about it. PURE.

Charge is counted in ampere-hours. Discharge follows Peukert (t = H * (C / (I * H))^k): a current
above the 20-hour rate takes more out than it gives. Voltage is the open-circuit curve of the
chemistry less the drop over the inner resistance. The runtime a UPS shows comes from the capacity
it believes in: that of a new battery until a discharge teaches it better.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

_HOURS = 20.0  # the rate capacities are printed for
_CHARGE_RATE = 0.1  # of the rated capacity per hour
_LEARNS_IN_S = 15.0  # time constant of the belief, while discharging
_EFFICIENCY = 0.9  # of the inverter

# open-circuit volts of a nominal 12 V block by state of charge
_CURVES = {
    "lead-acid": ((0.0, 10.8), (0.1, 11.6), (0.3, 12.0), (0.5, 12.3), (0.75, 12.6), (1.0, 12.9)),
    "lifepo4": ((0.0, 10.0), (0.1, 12.0), (0.3, 12.8), (0.5, 13.0), (0.7, 13.2), (0.95, 13.3), (1.0, 13.6)),
}
_PEUKERT = {"lead-acid": 1.2, "lifepo4": 1.03}


def _open_circuit(chemistry: str, charge: float) -> float:
    curve = _CURVES[chemistry]
    right = min(bisect_right(curve, (charge, float("inf"))), len(curve) - 1)
    (x0, y0), (x1, y1) = curve[right - 1], curve[right]
    return y0 + (y1 - y0) * (charge - x0) / (x1 - x0)


@dataclass(slots=True)
class Battery:
    """`rated_ah` is what is printed on it, `health` the share of that which is left of it."""

    rated_ah: float
    chemistry: str = "lead-acid"
    nominal_v: float = 24.0
    health: float = 1.0
    stored_ah: float = field(init=False)
    believed_ah: float = field(init=False)
    load_w: float = 0.0
    given_wh: float = 0.0  # delivered to the load since the beginning
    charging: bool = False

    def __post_init__(self) -> None:
        if self.chemistry not in _CURVES:
            raise ValueError(f"chemistry {self.chemistry!r}: write one of {', '.join(_CURVES)}")
        self.stored_ah = self.capacity_ah
        self.believed_ah = self.rated_ah

    @property
    def capacity_ah(self) -> float:
        return self.rated_ah * self.health

    @property
    def charge(self) -> float:
        """State of charge, 0 to 1, of what capacity is left."""
        return min(max(self.stored_ah / self.capacity_ah, 0.0), 1.0)

    @property
    def empty(self) -> bool:
        return self.stored_ah <= 0.0

    def drawn_amperes(self, load_w: float) -> float:
        return load_w / _EFFICIENCY / self.nominal_v

    def _ah_per_hour(self, load_w: float) -> float:
        """What an hour of this load takes out; never less than the current itself."""
        amperes = self.drawn_amperes(load_w)
        rate = self.rated_ah / _HOURS
        excess: float = max(amperes / rate, 1.0) ** (_PEUKERT[self.chemistry] - 1.0)
        return amperes * excess

    def runtime_s(self, load_w: float) -> float:
        """The truth: how long what is stored carries this load."""
        return self.stored_ah / self._ah_per_hour(load_w) * 3600.0 if load_w > 0 else 86400.0

    def shown_runtime_s(self, load_w: float) -> float:
        """What the UPS shows: its believed capacity, by the charge it measures."""
        if load_w <= 0:
            return 86400.0
        return self.believed_ah * self.charge / self._ah_per_hour(load_w) * 3600.0

    def wear_to(self, lasts_s: float, load_w: float) -> None:
        """Makes it so old that, full, it carries this load for so long."""
        wanted = self._ah_per_hour(max(load_w, 1.0)) * lasts_s / 3600.0 / self.rated_ah
        self.health = min(max(wanted, 1e-6), 1.0)
        self.stored_ah = self.capacity_ah

    def discharge(self, load_w: float, seconds: float) -> None:
        """Carries the load; stops giving at empty."""
        self.charging = False
        self.load_w = load_w
        per_hour = self._ah_per_hour(load_w)
        if per_hour <= 0 or self.empty:
            return
        lasts = min(seconds, self.stored_ah / per_hour * 3600.0)
        self.stored_ah = max(self.stored_ah - per_hour * lasts / 3600.0, 0.0)
        if lasts < seconds:
            self.stored_ah = 0.0
        self.given_wh += load_w * lasts / 3600.0
        self.believed_ah *= (self.capacity_ah / self.believed_ah) ** min(seconds / _LEARNS_IN_S, 1.0)

    def recharge(self, seconds: float) -> None:
        self.load_w = 0.0
        self.stored_ah = min(
            self.stored_ah + self.rated_ah * _CHARGE_RATE * seconds / 3600.0, self.capacity_ah
        )
        self.charging = self.stored_ah < self.capacity_ah

    @property
    def amperes(self) -> float:
        """At its poles; negative while it discharges."""
        if self.load_w > 0:
            return -self.drawn_amperes(self.load_w)
        return self.rated_ah * _CHARGE_RATE if self.charging else 0.0

    @property
    def volts(self) -> float:
        blocks = self.nominal_v / 12.0
        resistance = 0.02 * blocks
        at_rest = _open_circuit(self.chemistry, self.charge) * blocks
        return at_rest + self.amperes * resistance + (0.6 * blocks if self.load_w <= 0 else 0.0)
