#!/usr/bin/env python3
"""Runs Swabian's own client, unmodified, against an emulated Pulse Streamer 8/2.

usage: pulsestreamer_client.py ADDRESS

ADDRESS is the emulator's IP address. The client knows no other ports than 8050 (JSON-RPC over
HTTP) and 21328 (binary), so the emulator has to stand on these.

Needs `pip install pulsestreamer==2.1.2`: its default class talks JSON-RPC and brings tinyrpc 1.1.0,
requests, gevent-websocket and numpy. Prints `N passed, N failed`; exit code 1 if anything failed.
"""

import sys
import time

import numpy as np
from pulsestreamer import ClockSource, OutputState, PulseStreamer, TriggerRearm, TriggerStart

LONGEST = 2_000_000


class Checks:
    """Counts what held and what did not, and goes on after a failure."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def equal(self, name, value, expected):
        self.true(f"{name}: {value!r}, expected {expected!r}", value == expected)

    def true(self, name, holds):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {name}")

    def raises(self, name, action):
        try:
            action()
        except Exception:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {name}: nothing was raised")


def wait_until(condition, seconds=5.0):
    """Whether the condition comes to hold in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False


def identity(check, streamer):
    check.true("the binary port is used", streamer._has_binary)
    check.equal("words of a serial number", len(streamer.getSerial().split(":")), 6)
    check.true("the emulator owns up in its firmware", "EMULATED" in streamer.getFirmwareVersion())
    check.true("the FPGA has an id of its own", streamer.getFPGAID() not in ("", streamer.getSerial()))
    check.true("the hardware has a version", bool(streamer.getHardwareVersion()))
    hostname = streamer.getHostname()
    streamer.setHostname("interop")
    check.equal("hostname", streamer.getHostname(), "interop")
    streamer.setHostname(hostname)
    check.equal("network configuration", set(streamer.getNetworkConfiguration()), {"dhcp", "ip", "netmask", "gateway"})
    check.true("temperature", 0 < float(streamer.getTemperature()) < 100)
    check.equal("underflow", streamer.getUnderflow(), 0)
    check.equal("status register", streamer.getStatusRegister(), 0)


def settings(check, streamer):
    for source in ClockSource:
        streamer.selectClock(source)
        check.equal("clock", streamer.getClock(), source)
    streamer.selectClock(ClockSource.INTERNAL)
    for start in TriggerStart:
        for rearm in TriggerRearm:
            streamer.setTrigger(start=start, rearm=rearm)
            check.equal("trigger start", streamer.getTriggerStart(), start)
            check.equal("trigger rearm", streamer.getTriggerRearm(), rearm)
    streamer.setAnalogCalibration(0.01, -0.02, 1.1, 0.9)
    check.equal(
        "calibration", streamer.getAnalogCalibration(),
        {"dc_offset_a0": 0.01, "dc_offset_a1": -0.02, "slope_a0": 1.1, "slope_a1": 0.9})
    streamer.setAnalogCalibration()
    streamer.reset()
    check.equal("trigger after reset", streamer.getTriggerStart(), TriggerStart.IMMEDIATE)


def immediate(check, streamer):
    sequence = streamer.createSequence()
    sequence.setDigital(0, [(100_000_000, 1), (100_000_000, 0)])
    sequence.setAnalog(0, [(50_000_000, 0.5), (150_000_000, -1.0)])
    streamer.stream(sequence, 2, OutputState.ZERO())
    check.true("an immediate sequence plays", streamer.isStreaming())
    check.true("has a sequence", streamer.hasSequence())
    check.true("has not finished", not streamer.hasFinished())
    check.true("finishes", wait_until(streamer.hasFinished))
    check.true("no longer plays", not streamer.isStreaming())


def software(check, streamer):
    streamer.setTrigger(TriggerStart.SOFTWARE, TriggerRearm.MANUAL)
    streamer.stream([(1000, [0], 1.0, -1.0), (1000, [], 0, 0)], 1, OutputState.ZERO())
    check.true("waits for its trigger", not streamer.isStreaming() and not streamer.hasFinished())
    streamer.startNow()
    check.true("finishes after the trigger", wait_until(streamer.hasFinished))
    check.raises("is not armed again", streamer.startNow)
    check.true("rearms", streamer.rearm())
    streamer.startNow()
    check.true("finishes again", wait_until(streamer.hasFinished))
    streamer.setTrigger(TriggerStart.IMMEDIATE)


def endless(check, streamer):
    streamer.stream([(1000, [0, 7], 0, 0)], PulseStreamer.REPEAT_INFINITELY, OutputState([], 0, 0))
    time.sleep(0.05)
    check.true("an endless sequence plays", streamer.isStreaming())
    streamer.forceFinal()
    check.true("is forced to its end", streamer.hasFinished() and not streamer.isStreaming())
    streamer.constant(OutputState([1, 2], 0.25, -0.25))
    check.true("constant levels leave no sequence", not streamer.hasSequence())
    streamer.constant()
    streamer.setSquareWave125MHz([3])
    streamer.setSquareWave125MHz([])
    streamer.stream([(1000, [0], 0, 0)], PulseStreamer.REPEAT_INFINITELY)
    streamer.constant(OutputState.ZERO())
    check.true("constant ends an endless sequence", not streamer.isStreaming())


def limits(check, streamer):
    longest = np.zeros(LONGEST, dtype=type(streamer.createSequence()).pulse_dtype)
    longest["count"] = 50
    longest["digi"] = np.arange(LONGEST) & 1
    # The client's encoder takes an array as it comes from Sequence.getData.
    streamer.stream(longest, 1, OutputState.ZERO())
    check.true("the longest sequence is taken", streamer.hasSequence())
    check.true("and ends", wait_until(streamer.hasFinished))
    for count in (1, 31, 32, 33, 64):
        streamer.stream([(10, [0], 0, 0)] * count, 1, OutputState.ZERO())
        check.true(f"{count} steps end", wait_until(streamer.hasFinished))
    check.raises("0 runs are refused", lambda: streamer.stream([(10, [0], 0, 0)], 0))
    check.raises("an unknown method is refused", lambda: streamer.proxy.noSuchMethod())
    check.raises("a slot upload is refused", lambda: streamer.upload(0, [(10, [0], 0, 0)]))


def text_upload(check, streamer):
    streamer._has_binary = False
    try:
        streamer.stream([(50_000_000, [0], 1.0, 0)], 1, OutputState.ZERO())
        check.true("a sequence sent as text plays", streamer.isStreaming())
        check.true("and ends", wait_until(streamer.hasFinished))
        check.equal("serial number asked in the old way", len(streamer.getSerial().split(":")), 6)
    finally:
        streamer._has_binary = True


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 64
    check = Checks()
    try:
        streamer = PulseStreamer(sys.argv[1])
    except AssertionError as error:
        print(f"FAILED to connect: {error}\n0 passed, 1 failed")
        return 1
    for part in (identity, settings, immediate, software, endless, limits, text_upload):
        try:
            part(check, streamer)
        except Exception as error:
            check.true(f"{part.__name__} ended early: {error!r}", False)
        streamer.reset()
    check.true("nothing plays at the end", not streamer.isStreaming())
    print(f"{check.passed} passed, {check.failed} failed")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
