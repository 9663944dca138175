"""The part of smoke.py that sifts two parties' captures."""
import json
import os
import random
import re
import signal
import subprocess
import sys
import time

from checks import check
from tool import HERE, TOOL, run


def sift_options(alice, bob, out):
    return ["sift", "--protocol", "bbm92", "--alice", alice, "--bob", bob, "--map", "1=H,2=V,3=D,4=A", "--out", out]


def test_sift(folder):
    pairs, other, out = (os.path.join(folder, name) for name in ("pairs", "other", "out"))
    done = run("tags", "emulate", "--out", pairs, "--duration", "3", "--ghost-probability", "0.1")
    check("emulate says EMULATED", done.returncode == 0 and b"EMULATED" in done.stdout, done.stderr)
    truth = json.load(open(os.path.join(pairs, "truth.json"), encoding="utf-8"))
    alice, bob = os.path.join(pairs, "alice.a1"), os.path.join(pairs, "bob.a1")
    done = run(*sift_options(alice, bob, out), "--dedup", "auto", "--confidence", "0.999", "--format", "json")
    check("sift ends 0 and says nothing but its result in a pipe", done.returncode == 0 and done.stderr == b"", done.stderr)
    report = json.loads(done.stdout)
    check("the report is the file", report == json.load(open(os.path.join(out, "report.json"), encoding="utf-8")))
    check("keys of JSON are snake case", not re.search(rb'"[a-z_]*[A-Z]\w*" :', done.stdout))
    check("the report says what the keys are worth", "public" in report["key_content"])
    done = subprocess.run([sys.executable, os.path.join(HERE, "compare_keys.py"), out], capture_output=True)
    check("keys differ as the report says, and are 0600", done.returncode == 0, done.stdout + done.stderr)
    result = report["result"]
    ghosts = [result["alice_ghosts"], result["bob_ghosts"]]
    check("ghosts are removed", all(abs(a - b) < 0.02 * b + 20 for a, b in zip(ghosts, truth["ghosts"])), ghosts)
    for basis, expected in zip(result["bases"], truth["error_probability"]):
        low, high = basis["qber_interval"]
        check(f"QBER of {basis['basis']} is within its interval", low <= expected <= high, basis)
    x = (result["reference_ps"] - truth["reference_ps"]) * 1e-12
    offset = (truth["offset_seconds"] + truth["mean_delay_ps"] * 1e-12
              + x * (truth["skew_ppm"] * 1e-6 + 0.5 * truth["drift_per_second"] * x))
    check("the offset is found", abs(result["offset_seconds"]["value"] - offset) < 1e-9, (result, truth))
    followed = os.path.join(folder, "followed")
    done = run(*sift_options(alice, bob, followed), "--follow", "--format", "json")
    check("sift --follow ends 0", done.returncode == 0 and done.stderr == b"", done.stderr)
    stream = json.loads(done.stdout)["result"]
    check("and its keys are about as long", abs(stream["key_bits"] / report["result"]["key_bits"] - 1) < 0.01, stream["key_bits"])
    done = subprocess.run([sys.executable, os.path.join(HERE, "compare_keys.py"), followed], capture_output=True)
    check("and its keys differ as the report says", done.returncode == 0, done.stdout + done.stderr)
    check("and no stretch was lost", stream["lost_stretches"] == 0 and stream["searches"] == 1, stream)
    done = run(*sift_options(alice, bob, followed), "--follow", "--dedup", "auto")
    check("--follow and --dedup do not go together", done.returncode == 64, done.stderr)
    done = run(*sift_options(alice, bob, out))
    check("a folder with something is refused", done.returncode == 64 and b"--force" in done.stderr, done.stderr)
    done = run(*sift_options(alice, bob, out), "--force")
    check("and written over on request", done.returncode == 0 and b"public" in done.stdout, done.stderr)

    run("tags", "emulate", "--out", other, "--duration", "3", "--seed", "2")
    never = os.path.join(folder, "never")
    stranger = os.path.join(other, "bob.a1")
    done = run(*sift_options(alice, stranger, never), "--range-s", "0.01")
    check("unrelated files exit 2", done.returncode == 2 and b"no correlation found" in done.stderr
          and b"--range-s" in done.stderr, f"{done.returncode} {done.stderr}")
    process = subprocess.Popen([TOOL, *sift_options(alice, stranger, never), "--max-skew-ppm", "1000"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(3)
    when = time.time()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    check("Ctrl-C ends a sift with 130, soon", process.returncode == 130 and time.time() - when < 5,
          (process.returncode, time.time() - when))
    done = run(*sift_options(alice, bob, never), "--map", "alice:1=H;bob:1=Q")
    check("a bad map has its place", done.returncode == 64 and b"character 17" in done.stderr, done.stderr)
    done = run(*sift_options(alice, bob + "x", never))
    check("a missing file is absent", done.returncode == 69 and b"bob.a1x" in done.stderr, done.stderr)
    cut = os.path.join(folder, "cut.a1")
    open(cut, "wb").write(open(alice, "rb").read()[:100_001])
    done = run(*sift_options(cut, bob, never))
    check("a damaged file gives an error with its place", done.returncode == 1 and b"at byte 100000" in done.stderr,
          done.stderr)
    check("no failure leaves a folder", not os.path.exists(never))

    bell, found = os.path.join(folder, "bell"), os.path.join(folder, "found")
    run("tags", "emulate", "--out", bell, "--duration", "2", "--to", "qkdtags", "--bob-angles", "22.5,67.5")
    done = run(*sift_options(os.path.join(bell, "alice.qkdtags"), os.path.join(bell, "bob.qkdtags"), found), "--map",
               "alice:1=H,2=V,3=D,4=A;bob:1=22.5deg,2=112.5deg,3=67.5deg,4=157.5deg")
    check("CHSH is given for its angles", done.returncode == 0 and b"S = 2." in done.stdout, done.stdout + done.stderr)


def test_sift_of_triggers(folder):
    """Prepare and measure: Alice's triggers are a pulse train, an input a state."""
    draw, clock = random.Random(1), 1 + 3e-6
    with open(os.path.join(folder, "a.csv"), "w", encoding="utf-8") as a, \
            open(os.path.join(folder, "b.csv"), "w", encoding="utf-8") as b:
        for file in (a, b):
            file.write("time_ps,channel\n")
        for pulse in range(300_000):
            state = draw.randrange(4)
            a.write(f"{1_000_000 * pulse},{state + 1}\n")
            if draw.random() < 0.05:
                seen = state if draw.random() < 0.5 else (state & 2 ^ 2) | draw.randrange(2)
                seen ^= draw.random() < 0.03
                b.write(f"{round(1_000_000 * pulse * clock + 2_345_678_901 + draw.gauss(0, 80))},{seen + 1}\n")
    done = run("sift", "--protocol", "bb84", "--alice", os.path.join(folder, "a.csv"), "--bob",
               os.path.join(folder, "b.csv"), "--map", "1=Z0,2=Z1,3=X0,4=X1", "--range-s", "0.01", "--out",
               os.path.join(folder, "out"), "--confidence", "0.999", "--format", "json")
    check("bb84 sifts", done.returncode == 0, done.stderr)
    result = json.loads(done.stdout)["result"]
    check("bb84 finds the offset", abs(result["offset_seconds"]["value"] - 2.345678901e-3
                                       - 3e-6 * result["reference_ps"] * 1e-12) < 1e-10, result["offset_seconds"])
    for basis in result["bases"]:
        low, high = basis["qber_interval"]
        check(f"bb84's QBER of {basis['basis']} is right", low <= 0.03 <= high and basis["sifted"] > 3000, basis)
    done = subprocess.run([sys.executable, os.path.join(HERE, "compare_keys.py"), os.path.join(folder, "out")],
                          capture_output=True)
    check("bb84's keys differ as the report says", done.returncode == 0, done.stdout + done.stderr)
