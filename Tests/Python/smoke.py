#!/usr/bin/env python3
"""Uses the tool as a new user would, and checks what it says, writes and returns.

Usage: smoke.py TOOL. Prints 'N passed, N failed' and exits 1 if anything failed.
"""
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from checks import check, finish
from smoke_sift import test_sift, test_sift_of_triggers
from tool import HERE, TOOL, run

BENCH = os.path.join(HERE, "..", "..", "benches", "bb84-loopback.toml")


def session(folder, *options):
    return run("run", "--duration", "0.15", "--out", folder, *options)


def test_run(folder):
    first, second = os.path.join(folder, "a"), os.path.join(folder, "b")
    done = session(first, "--seed", "5", "--save-tags")
    check("run ends 0", done.returncode == 0, done.stderr)
    check("run says nothing but its result in a pipe", done.stderr == b"", done.stderr)
    check("every output says EMULATED", b"EMULATED" in done.stdout)
    for name in ("alice.key", "bob.key", "alice.frames", "bob.a1", "bob.seed"):
        mode = os.stat(os.path.join(first, name)).st_mode & 0o777
        check(f"{name} is 0600", mode == 0o600, oct(mode))
    done = session(second, "--seed", "5", "--format", "json")
    result = json.loads(done.stdout)["result"]
    saved = json.load(open(os.path.join(first, "report.json"), encoding="utf-8"))["result"]
    check("a seed gives the same result", result == saved)
    for name in ("alice.key", "bob.key", "sifting.bin"):
        one, two = (open(os.path.join(f, name), "rb").read() for f in (first, second))
        check(f"a seed gives the same {name}", one == two)
    cut = [open(os.path.join(f, "report.json"), encoding="utf-8").read().split('"run"')[0] for f in (first, second)]
    check("a seed gives the same bytes of the result", cut[0] == cut[1])
    other = session(os.path.join(folder, "c"), "--seed", "6", "--format", "jsonl")
    check("jsonl is one line", other.stdout.count(b"\n") == 1)
    check("another seed gives another result", json.loads(other.stdout)["result"] != saved)
    done = subprocess.run([sys.executable, os.path.join(HERE, "compare_keys.py"), first], capture_output=True)
    check("the independent script agrees", done.returncode == 0, done.stdout + done.stderr)
    done = run("replay", first)
    check("replay makes the same keys", done.returncode == 0, done.stderr)
    done = run("replay", first, "--format", "json")
    check("replay gives the same result", json.loads(done.stdout) == saved)
    check("the folder is not overwritten", session(first).returncode == 64)
    log = open(os.path.join(first, "emulators.log"), encoding="utf-8").read()
    lights = re.findall(r"alice-modulator emulated: (frame started|dark)", log)
    check("the emulators' log ends dark", bool(lights) and lights[-1] == "dark", lights[-4:])
    spoilt = bytearray(open(os.path.join(first, "alice.frames"), "rb").read())
    shutil.copytree(first, os.path.join(folder, "d"))
    open(os.path.join(folder, "d", "alice.frames"), "wb").write(spoilt[: len(spoilt) // 2])
    done = run("replay", os.path.join(folder, "d"))
    check("a cut file is named with its place", done.returncode == 1 and b"at byte" in done.stderr, done.stderr)


def test_alignment(folder):
    done = run("run", "--duration", "0.4", "--align", "--format", "json", "--out", os.path.join(folder, "align"))
    result = json.loads(done.stdout)["result"]
    check("a repeated pattern is unfit for keys", not result["fit_for_keys"] and "repeated" in result["unfit_reason"])
    check("a repeated pattern is found all the same", result["frames"]["synchronised"] == result["frames"]["played"])
    check("a repeated pattern is found in its place", result["clock"]["truth"]["frames_off_slot"] == 0)


def test_bad_input(folder):
    text = open(BENCH, encoding="utf-8").read()

    def refuse(name, old, new, *wanted):
        assert old in text, old
        path = os.path.join(folder, "bad.toml")
        open(path, "w", encoding="utf-8").write(text.replace(old, new, 1))
        done = run("run", "--bench", path, "--out", os.path.join(folder, "never"))
        said = done.stderr.decode()
        fine = done.returncode == 64 and re.search(r"bad\.toml:\d+", said) and all(w in said for w in wanted)
        check(f"bench with {name} is refused with its place", fine, f"{done.returncode} {said}")

    refuse("a number out of range", "efficiency = 0.10", "efficiency = 1.5", "detector.efficiency")
    refuse("a misspelt key", "length_km", "lenght_km", "channel")
    refuse("a wrong type", "window_ns = 4.0", 'window_ns = "wide"', "detection.window_ns")
    refuse("an unknown driver", '"thorlabs-mbx"', '"thorlabs-mbxx"', "driver")
    refuse("a driver in the wrong role", '"thorlabs-mbx"', '"sfifteen-tdc1"', "attenuator")
    refuse("probabilities that do not add up", "probability = 0.6", "probability = 0.7", "sum")
    refuse("broken TOML", "[channel]", "[channel", "TOML")
    refuse("a doubled channel", "Z0 = 1, Z1 = 2", "Z0 = 1, Z1 = 1", "same number")
    check("a missing bench is absent", run("run", "--bench", "nowhere.toml").returncode == 69)
    empty = os.path.join(folder, "empty.toml")
    open(empty, "w", encoding="utf-8").close()
    check("an empty bench is refused", run("run", "--bench", empty).returncode == 64)
    check("a directory is refused", run("tags", "info", folder).returncode in (1, 64))
    empty_tags = os.path.join(folder, "empty.a1")
    open(empty_tags, "w", encoding="utf-8").close()
    check("an empty tag file is refused", run("tags", "info", empty_tags).returncode in (1, 64))
    noise = os.path.join(folder, "noise.ptu")
    open(noise, "wb").write(b"PQTTTR\0\0" + bytes(range(256)) * 8)
    done = run("tags", "info", noise)
    check("a corrupt PTU is named with its place", done.returncode in (1, 64) and b"at byte" in done.stderr, done.stderr)
    big = run("tags", "histogram", noise, "--intervals", "--bin-ps", str(2**63 - 1), "--bins", "100")
    check("bins beyond a time tag's range are a usage error", big.returncode == 64, big.stderr)
    check("too many bins are a usage error", run("tags", "correlate", noise, "--bin-ps", "1", "--range-ns", "1e6").returncode == 64)
    check("an IPv6 address is refused", run("emulate", "thorlabs-mbx", "--address", "::1").returncode == 64)
    check("an unknown option is a usage error", run("run", "--nonsense").returncode == 64)
    check("a wrong duration is a usage error", run("run", "--duration", "-1").returncode == 64)
    check("an unknown role is a usage error", run("get", "nobody").returncode == 64)


def test_bench_at_hand():
    for arguments in (["list"], ["drivers"], ["drivers", "--unverified"], ["query", "bob-detector-z0"], ["safe"],
                      ["info", "bob-tagger"], ["get", "alice-attenuator", "attenuation"], ["--help"], ["run", "--help"]):
        done = run(*arguments)
        check(f"{' '.join(arguments)} ends 0", done.returncode == 0, done.stderr)
    check("doctor gives a verdict", run("doctor").returncode in (0, 2))
    json.loads(run("doctor", "--format", "json").stdout)
    done = run("set", "alice-attenuator", "attenuation", "12.5")
    check("set reads back", done.returncode == 0 and b"12.5 dB (EMULATED)" in done.stdout, done.stdout + done.stderr)
    done = run("set", "bob-detector-z0", "target-temperature", "-30")
    check("set takes a negative number", done.returncode == 0 and b"-30" in done.stdout, done.stdout + done.stderr)
    check("set takes one value", run("set", "alice-attenuator", "attenuation", "3", "4").returncode == 64)
    with open("/dev/full", "wb") as full:
        done = subprocess.run([TOOL, "drivers"], stdout=full, stderr=subprocess.PIPE, timeout=60)
    check("output that cannot be written is a failure", done.returncode == 1 and b"cannot write" in done.stderr)
    check("set refuses what is out of range", run("set", "alice-attenuator", "attenuation", "25").returncode == 64)
    check("set refuses what can only be read", run("set", "alice-attenuator", "locked", "on").returncode == 1)


def lights(log):
    """The modulator's events with their wall times."""
    rows = re.findall(r"^(\d+\.\d+) bench \S+ s alice-modulator emulated: (frame started|dark)", log, re.M)
    return [(float(when), what) for when, what in rows]


def test_signals(folder):
    live, log = os.path.join(folder, "live.toml"), os.path.join(folder, "emulators.txt")
    emulation = subprocess.Popen([TOOL, "emulate", "bb84-loopback", "--write-bench", live, "--log", log],
                                 stdout=subprocess.PIPE)
    try:
        for _ in range(8):
            emulation.stdout.readline()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL):
            name = signal.Signals(number).name
            open(log, "w", encoding="utf-8").close()
            out = os.path.join(folder, name)
            process = subprocess.Popen([TOOL, "run", "--bench", live, "--duration", "60", "--out", out],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            # The signal comes while a frame plays: within the tenth of a second after its start.
            deadline = time.time() + 60
            while time.time() < deadline and process.poll() is None:
                events = lights(open(log, encoding="utf-8").read())
                if events and events[-1][1] == "frame started":
                    break
                time.sleep(0.002)
            when = time.time()
            process.send_signal(number)
            process.communicate(timeout=60)
            # A slow build of the emulation may write its log late; its lines carry their own time.
            while time.time() < deadline:
                time.sleep(0.3)
                events = lights(open(log, encoding="utf-8").read())
                if events and events[-1][1] == "dark":
                    break
            last_lit = max((t for t, w in events if w == "frame started"), default=0)
            check(f"{name}: the light was on", any(w == "frame started" for _, w in events))
            dark = min((t for t, w in events if w == "dark" and t >= last_lit), default=float("inf"))
            check(f"{name}: dark within 200 ms", dark - when < 0.2 and events[-1][1] == "dark", dark - when)
            print(f"{name}: dark {1000 * (dark - when):+.0f} ms after the signal")
            if number == signal.SIGKILL:
                continue
            check(f"{name}: exit 130", process.returncode == 130, process.returncode)
            report = json.load(open(os.path.join(out, "report.json"), encoding="utf-8"))
            check(f"{name}: a valid partial report", report["run"]["status"] == "interrupted")
            check(f"{name}: all confirmed safe", report["run"]["safety_findings"] == [], report["run"])
    finally:
        emulation.send_signal(signal.SIGINT)
        check("emulate ends 0 on Ctrl-C", emulation.wait(timeout=20) == 0)


def test_recovery(folder):
    """What befalls the tagger is told, and what is left is right."""
    out = os.path.join(folder, "bytes")
    done = run("run", "--duration", "0.5", "--out", out, "--fault", "lose-bytes@0.25=2", "--format", "json")
    result = json.loads(done.stdout)["result"]
    check("a run outlives lost bytes", done.returncode == 0, done.stderr)
    check("lost bytes are a hole", [hole["cause"] for hole in result["holes"]] == ["misalignment"], result["holes"])
    check("one frame is left out, the others are in their places", result["frames"]["with_holes"] == 1
          and result["frames"]["synchronised"] == result["frames"]["played"] - 1
          and result["clock"]["truth"]["frames_off_slot"] == 0, result["frames"])
    done = run("run", "--duration", "0.9", "--out", os.path.join(folder, "back"), "--fault", "unplug@0.15=0.3")
    check("a run outlives an unplugged tagger", done.returncode == 0 and b"deviceLost" in done.stdout, done.stderr)
    check("and says so at once", b"the tagger is lost" in done.stderr and b"the tagger is back" in done.stderr)
    gone = os.path.join(folder, "gone")
    done = run("run", "--duration", "0.9", "--out", gone, "--fault", "unplug@0.3=60", "--patience", "0.5")
    check("a tagger that stays away ends the run", done.returncode not in (0, 130), done.returncode)
    check("and is not called safe", b"UNSAFE: bob-tagger" in done.stderr, done.stderr)
    report = json.load(open(os.path.join(gone, "report.json"), encoding="utf-8"))
    check("with a partial report", report["run"]["status"] == "failed" and report["result"]["sifted_bits"] > 0)
    done = run("run", "--fault", "stall@1")
    check("a fault that is none is refused with the forms", done.returncode == 64 and b"clock-step@S" in done.stderr)


def sizes_limited():
    # Writing beyond the limit then fails like a full disk, and does not kill.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))


def test_captures(folder):
    def tags_of(path, *options):
        done = run("tags", "info", path, "--format", "json", *options)
        return done.returncode, json.loads(done.stdout)["tags"] if done.stdout else None

    path = os.path.join(folder, "darks.qkdtags")
    done = run("capture", "--prepare", "--events", "2000", "--out", path, "--format", "json")
    outcome = json.loads(done.stdout)
    check("a capture keeps its number of tags", done.returncode == 0 and outcome["tags"] == 2000, done.stderr)
    check("the file holds what the capture says", tags_of(path) == (0, 2000))
    check("a capture does not write over a file", run("capture", "--out", path).returncode == 64)
    check("a wrong format is a usage error", run("capture", "--out", path + "x", "--to", "x").returncode == 64)

    full = os.path.join(folder, "full.qkdtags")
    done = run("capture", "--prepare", "--duration", "20", "--out", full, "--format", "json", preexec_fn=sizes_limited)
    outcome = json.loads(done.stdout)
    code, held = tags_of(full)
    check("a full disk ends a capture with an error", done.returncode == 1 and outcome["end"] == "failed", done.stderr)
    check("the file is valid, and the count honest", code == 0 and held == outcome["tags"] > 0, (code, held, outcome))
    check("tags that are in no file are counted", outcome["unwritten_tags"] > 0, outcome)

    stopped = os.path.join(folder, "stopped.qkdtags")
    process = subprocess.Popen([TOOL, "capture", "--prepare", "--out", stopped], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    time.sleep(8)
    process.send_signal(signal.SIGINT)
    out = process.communicate(timeout=30)[0].decode()
    code, held = tags_of(stopped)
    check("Ctrl-C ends a capture with 130", process.returncode == 130, process.returncode)
    check("and leaves a whole file", code == 0 and f"tags      {held};" in out, (code, held, out))

    live = os.path.join(folder, "live.toml")
    emulation = subprocess.Popen([TOOL, "emulate", "bb84-loopback", "--write-bench", live],
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    for _ in range(8):
        emulation.stdout.readline()
    lost = os.path.join(folder, "lost.qkdtags")
    process = subprocess.Popen([TOOL, "capture", "--bench", live, "--out", lost], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    time.sleep(3)
    emulation.kill()
    emulation.wait(timeout=20)
    error = process.communicate(timeout=60)[1]
    check("a lost tagger ends a capture with an error", process.returncode not in (0, 130), error)
    check("and leaves a whole file too", tags_of(lost)[0] == 0)


def test_tag_files(folder):
    source = os.path.join(folder, "a.csv")
    with open(source, "w", encoding="utf-8") as file:
        file.write("time_ps,channel\n" + "".join(f"{4000 * k},{k % 4 + 1}\n" for k in range(1000)))
    for name in ("qkdtags", "a0-2ns", "a1-2ns", "a2-8th-ns", "tdc1-raw", "swabian-dump", "qutag-raw", "qutag-compressed",
                 "ptu-hydraharp2-t2", "ptu-picoharp300-t2"):
        there, back = os.path.join(folder, name), os.path.join(folder, name + ".csv")
        options = ["--channel-map", "1=0,2=1,3=2,4=3"] if name == "ptu-picoharp300-t2" else []
        returns = ["--channel-map", "0=1,1=2,2=3,3=4"] if options else []
        if name == "qutag-compressed":
            check("a quTAG header cannot be made up", run("tags", "convert", source, there, "--to", name).returncode == 64)
            continue
        done = run("tags", "convert", source, there, "--to", name, *options)
        reading = [] if name.startswith("ptu") else ["--input-format", name]
        again = run("tags", "convert", there, back, *reading, *returns)
        same = os.path.exists(back) and open(back, "rb").read() == open(source, "rb").read()
        check(f"tags come back from {name}", done.returncode == 0 and again.returncode == 0 and same,
              done.stderr + again.stderr)
    check("an existing file is not written over", run("tags", "convert", source, back).returncode == 64)
    cut, merged = os.path.join(folder, "cut.csv"), os.path.join(folder, "merged.csv")
    run("tags", "cut", source, cut, "--from-s", "1e-6", "--to-s", "2e-6")
    check("a cut has its stretch", open(cut, encoding="utf-8").read().splitlines()[1:][0] == "1000000,3")
    done = run("tags", "merge", source, cut, "-o", merged, "--channel-step", "10", "--format", "json")
    check("a merge has all tags", json.loads(done.stdout)["tags_written"] == 1250, done.stdout)
    rows = json.loads(run("tags", "coincidences", merged, "--group", "3,13", "--window-ps", "1", "--format", "json").stdout)
    check("coincidences are counted", rows[0]["coincidences"] == 63, rows)


def main():
    with tempfile.TemporaryDirectory() as folder:
        for test in (test_run, test_alignment, test_bad_input, test_tag_files, test_sift, test_sift_of_triggers,
                     test_captures, test_signals, test_recovery):
            inner = os.path.join(folder, test.__name__)
            os.mkdir(inner)
            test(inner)
        test_bench_at_hand()
    finish()


if __name__ == "__main__":
    main()
