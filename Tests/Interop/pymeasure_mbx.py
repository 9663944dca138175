#!/usr/bin/env python3
"""Runs pymeasure's own driver of the Thorlabs MBX series, unmodified, against an emulated one.

usage: pymeasure_mbx.py PTY

PTY is the path of the serial port that the emulator stands on, such as /dev/pts/3.

Needs `pip install pymeasure==0.16.0 pyvisa-py pyserial`. Prints `N passed, N failed`; exit code 1 if
anything failed.
"""

import sys
import time

from pymeasure.instruments.thorlabs.thorlabsmbxseries import (
    MzmMode,
    RgbPowerMode,
    ThorlabsMBXSeries,
    VoaMode,
)


class Checks:
    """Counts what held and what did not, and goes on after a failure."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def equal(self, name, value, expected):
        self.true(f"{name}: {value!r}, expected {expected!r}", value == expected)

    def near(self, name, value, expected, tolerance):
        self.true(f"{name}: {value!r}, expected {expected} ± {tolerance}", abs(value - expected) <= tolerance)

    def true(self, name, holds):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {name}")


def wait_until(condition, seconds=10.0):
    """Whether the condition comes to hold in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def identity(check, mbx):
    check.true("the emulator owns up in its identity", "EMULATED" in mbx.id)


def modulator(check, mbx):
    for mode in MzmMode:
        mbx.mzm.mode = mode
        check.equal("bias mode", mbx.mzm.mode, mode)
    for ratio in (2.5, 10.25, 100):
        mbx.mzm.ratio_setpoint = ratio
        check.equal("ratio", mbx.mzm.ratio_setpoint, ratio)
    mbx.mzm.mode = MzmMode.MANUAL
    for volts in (-10, 5.4, 0):
        mbx.mzm.voltage_setpoint = volts
        check.equal("voltage to hold", mbx.mzm.voltage_setpoint, volts)
        check.true(f"bias goes to {volts} V", wait_until(lambda: abs(mbx.mzm.voltage - volts) < 0.1))
    check.true("power is not negative", mbx.mzm.power >= 0)


def lock(check, mbx):
    mbx.mzm.mode = MzmMode.AUTONULL
    mbx.mzm.calibrate()
    check.true("a calibration runs", mbx.mzm.is_calibrating)
    check.true("and ends", wait_until(lambda: not mbx.mzm.is_calibrating, 30))
    check.true("the lock to null holds", wait_until(lambda: mbx.mzm.is_stable))
    at_null = mbx.mzm.power
    mbx.mzm.mode = MzmMode.AUTOPEAK
    check.true("the lock to peak holds", wait_until(lambda: mbx.mzm.is_stable))
    check.true("more light at the peak than at null", mbx.mzm.power > at_null)
    mbx.mzm.mode = MzmMode.OFF


def attenuator(check, mbx):
    mbx.voa.enabled = True
    check.equal("attenuator on", mbx.voa.enabled, True)
    mbx.voa.mode = VoaMode.POWER
    check.equal("power mode", mbx.voa.mode, VoaMode.POWER)
    mbx.voa.power_setpoint = 0.25
    check.near("power to hold", mbx.voa.power_setpoint, 0.25, 1e-3)
    mbx.voa.mode = VoaMode.ATTENUATION
    check.equal("attenuation mode", mbx.voa.mode, VoaMode.ATTENUATION)
    for decibels in (0.5, 12.5, 20):
        mbx.voa.attenuation_setpoint = decibels
        check.near("attenuation to hold", mbx.voa.attenuation_setpoint, decibels, 1e-3)
        check.true(f"settles at {decibels} dB", wait_until(lambda: mbx.voa.is_stable))
        check.near("attenuation", mbx.voa.attenuation, decibels, 0.11)
        check.near("attenuation error", mbx.voa.attenuation_error, 0, 0.11)
    check.true("power behind the attenuator is not negative", mbx.voa.power >= 0)
    mbx.voa.enabled = False
    check.equal("attenuator off", mbx.voa.enabled, False)


def panel(check, mbx):
    for mode in RgbPowerMode:
        mbx.rgb.mode = mode
        check.equal("panel mode", mbx.rgb.mode, mode)
    mbx.rgb.rgb = (10, 20, 30)
    check.equal("panel colours", tuple(mbx.rgb.rgb), (10, 20, 30))
    mbx.rgb.white = 100
    check.equal("panel white", mbx.rgb.white, 100)


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 64
    check = Checks()
    try:
        mbx = ThorlabsMBXSeries(f"ASRL{sys.argv[1]}::INSTR", visa_library="@py")
    except Exception as error:
        print(f"FAILED to open: {error!r}\n0 passed, 1 failed")
        return 1
    for part in (identity, modulator, lock, attenuator, panel):
        try:
            part(check, mbx)
        except Exception as error:
            check.true(f"{part.__name__} ended early: {error!r}", False)
    mbx.adapter.close()
    print(f"{check.passed} passed, {check.failed} failed")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
