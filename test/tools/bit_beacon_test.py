"""Every verb, flag and error of bit-beacon; exchange with NumPy; a second reader.

usage: bit_beacon_test.py BIN BEACON_MUTANTS
"""
import io
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unittest
import zipfile

import numpy as np

import beacon_reader
import beacon_values
import beacon_writer

BIN, MUTANTS = pathlib.Path(sys.argv[1]), sys.argv[2]
CORPUS = pathlib.Path(__file__).resolve().parents[1] / "fuzz" / "corpus" / "beacon"
KEY = bytes(range(32))
ROWS = np.array([[0.5, -1.25, 2, 0], [0.75, -1, 2.25, 0], [0.25, -1.5, 1.75, 0.25], [1, -0.75, 2.5, 0.25]])
IDS = ("myspace", "mymodel", "mypi")
BARE = bytes.fromhex("424954018f3f73649b17e37c0100100101000000000004000004000000000402000400000000ff0000"
                     "2800b8ff8800080034f1")
ROUTE = "2f6294b3a590f455fdbda861bc6ae911ea2f40b5b226cc4243af2a5da986a037"


class BitBeacon(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.dir = pathlib.Path(self.folder.name)
        self.rows, self.out, self.key = self.dir / "rows.npy", self.dir / "out.bit", self.dir / "key"
        np.save(self.rows, ROWS)
        self.key.touch(0o600)
        self.key.write_text(KEY.hex() + "\n")

    def tearDown(self):
        self.folder.cleanup()

    def run_tool(self, *arguments, code=0, **kwargs):
        command = [BIN / "bit-beacon", *(a if isinstance(a, bytes) else str(a) for a in arguments)]
        result = subprocess.run(command, capture_output=True, **kwargs)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        # A key is never shown.
        self.assertNotIn(KEY.hex().encode(), result.stdout + result.stderr)
        return result.stdout.decode(), result.stderr.decode()

    def refuse(self, exit_code, message, *arguments, **kwargs):
        _, err = self.run_tool(*arguments, code=exit_code, **kwargs)
        self.assertIn(message, err)
        self.assertEqual(err.splitlines()[-1].count("bit-beacon: error: "), 1, err)

    def emit(self, *arguments, rows=None, out=None, ids=IDS, key=True, **kwargs):
        if rows is not None:
            np.save(self.rows, rows)
        keys = ["--hmac-key-file", self.key] if key else []
        return self.run_tool("emit", self.rows, out or self.out, *ids, *keys, *arguments, **kwargs)

    def results(self, path=None):
        return beacon_reader.read((path or self.out).read_bytes())["results"]

    # ---- the worked examples -------------------------------------------------

    def test_worked_example(self):
        self.emit("--delta_q16", 1024, "--sds_w_mu", 1.0, "--sds_w_trS", 0.5)
        self.assertEqual(self.out.read_bytes(), (CORPUS / "signed.bit").read_bytes())
        self.assertEqual(self.run_tool("route", self.out, "--shards", 64)[0], f"{ROUTE} 55\n")
        content = self.run_tool("route", "--content", self.out)[0]
        bare = CORPUS / "bare.bit"
        self.assertEqual(self.run_tool("route", bare, "--shards", 64)[0],
                         "6203f0571ebb87398d38ccc67164fb1a04a3f12cb19c8960cd94ba6ac2261af1 49\n")
        self.assertEqual(self.run_tool("route", "--content", bare)[0], content)

    def test_names_of_the_public_description(self):
        _, err = self.run_tool("emit", self.rows, self.out, *IDS, "--delta_q16", 1024, "--sds_w_mu", 1.0,
                               "--sds_w_trS", 0.5, "--hmac_key_hex", KEY.hex())
        self.assertIn("warning: other processes can read a key on the command line", err)
        self.assertEqual(self.out.read_bytes(), (CORPUS / "signed.bit").read_bytes())
        self.run_tool("verify", self.out, "--hmac_key_hex=" + KEY.hex())

    # ---- verify ---------------------------------------------------------------

    def test_verify_answers(self):
        self.emit()
        out, _ = self.run_tool("verify", self.out)
        self.assertIn("intact      yes\n  authentic   not checked: unauthenticated, no key was given\n"
                      "  acceptable  yes", out)
        out, _ = self.run_tool("verify", self.out, "--hmac-key-file", self.key, "--json")
        answer = json.loads(out)[0]
        self.assertEqual([answer[k] for k in ("intact", "authentic", "acceptable")], ["yes"] * 3)
        self.assertEqual(answer["results"]["SDS"], 0.375)
        space = ("--space", "myspace", "--model", "mymodel", "--pi")
        self.run_tool("verify", self.out, *space, "mypi")
        self.refuse(1, "the given ids make", "verify", self.out, *space, "other")
        self.refuse(2, "belong together", "verify", self.out, "--space", "x")
        self.refuse(1, "authentication is required", "verify", self.out, "--require-auth")
        bare = CORPUS / "bare.bit"
        self.refuse(1, "there is no HMAC_V1", "verify", bare, "--hmac-key-file", self.key)

    def test_exit_codes(self):
        self.emit()
        good = self.out.read_bytes()
        cases = {1: bytes([*good[:-1], good[-1] ^ 1]), 3: good[:-1],
                 5: good[:129] + b"\x81" + good[130:]}
        for code, data in cases.items():
            self.out.write_bytes(data)
            self.run_tool("verify", self.out, code=code)
        self.run_tool("verify", self.dir / "none", code=4)
        self.run_tool("verify", code=2)
        self.run_tool("verify", self.out, "--wrong", code=2)
        self.run_tool(code=2)
        self.run_tool("--version")
        self.assertIn("8 drift", self.run_tool("--help")[0])
        os.truncate(self.out, (64 << 20) + 1)
        self.refuse(6, "at most 64 MiB", "verify", self.out)

    def test_several_in_one_file(self):
        self.emit()
        one = self.out.read_bytes()
        self.out.write_bytes(one + one)
        self.assertEqual(self.run_tool("verify", self.out)[0].count("intact      yes"), 2)
        self.assertEqual(self.run_tool("route", self.out)[0], f"{ROUTE}\n{ROUTE}\n")
        self.out.write_bytes(one + one[:-1])
        self.refuse(3, "at byte", "verify", self.out)
        self.out.write_bytes(one + b"junk")
        self.refuse(3, "does not begin with BIT", "verify", self.out)

    # ---- keys --------------------------------------------------------------------

    def test_key_sources(self):
        self.emit()
        with open(self.key) as file:
            os.set_inheritable(file.fileno(), True)
            self.run_tool("verify", self.out, "--hmac-key-fd", file.fileno(), close_fds=False)
        self.run_tool("verify", self.out, "--hmac-key-env", "BEACON_KEY",
                      env={"BEACON_KEY": str(self.key)})
        self.refuse(2, "names no key file", "verify", self.out, "--hmac-key-env", "BEACON_KEY", env={})
        self.refuse(4, "cannot be opened", "verify", self.out, "--hmac-key-file", self.dir / "none")
        self.refuse(4, "is no regular file", "verify", self.out, "--hmac-key-file", self.dir)
        self.run_tool("verify", self.out, "--hmac-key-file", self.key, "--hmac-key-fd", 3, code=2)

    def test_key_files_that_others_can_read_are_refused(self):
        for mode in (0o640, 0o604, 0o620, 0o644):
            self.key.chmod(mode)
            self.refuse(2, f"its mode is {mode:04o}; chmod 600 it", "verify", CORPUS / "signed.bit",
                        "--hmac-key-file", self.key)

    def test_bad_keys(self):
        for text, message in (("00" * 31, "expected at least 32"), ("00" * 32, "all zeros"),
                              ("zz" * 32, "pairs of hexadecimal digits"), ("", "expected at least 32")):
            self.key.write_text(text)
            self.refuse(2, message, "verify", CORPUS / "signed.bit", "--hmac-key-file", self.key)

    def test_key_in_arguments_is_wiped(self):
        """While the tool waits for its input, /proc shows no key."""
        fifo = self.dir / "fifo"
        os.mkfifo(fifo)
        for form in (["--hmac_key_hex", KEY.hex()], ["--hmac_key_hex=" + KEY.hex()]):
            process = subprocess.Popen([BIN / "bit-beacon", "verify", fifo, *form],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            with open(fifo, "wb") as file:  # opens when the tool has opened it
                shown = pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes()
                file.write((CORPUS / "signed.bit").read_bytes())
            self.assertEqual(process.wait(), 0)
            self.assertNotIn(KEY.hex().encode(), shown)
            self.assertIn(b"x" * 64, shown)

    def test_keygen(self):
        key = self.dir / "new"
        out, _ = self.run_tool("keygen", key)
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        self.assertEqual(len(key.read_text()), 65)
        self.assertNotIn(key.read_text()[:32], out)
        self.refuse(4, "cannot be created", "keygen", key)
        self.run_tool("emit", self.rows, self.out, *IDS, "--hmac-key-file", key)
        self.refuse(1, "the HMAC does not match", "verify", self.out, "--hmac-key-file", self.key)

    # ---- chains -------------------------------------------------------------------

    def test_chain_and_replay(self):
        first, second, third, state = (self.dir / n for n in ("1.bit", "2.bit", "3.bit", "state"))
        self.emit("--sequence", 1, "--issued", 1000, "--expires", 5000, out=first)
        self.emit("--previous", first, "--issued", 1100, out=second)
        self.emit("--previous", second, "--issued", 1200, out=third)
        key = ("--hmac-key-file", self.key)
        answer = json.loads(self.run_tool("verify", second, "--json")[0])[0]
        self.assertEqual((answer["sequence"], answer["issued"], answer["expires"]), (2, 1100, 0))
        check = lambda path, now=1500: ("verify", path, *key, "--state", state, "--now", now)
        self.run_tool(*check(first))
        self.run_tool(*check(second))
        before = state.read_text()
        self.refuse(1, "it was seen before: its sequence number is 1", *check(first))
        self.refuse(1, "it was seen before: its sequence number is 2", *check(second))
        self.assertEqual(state.read_text(), before)
        fork = self.dir / "fork.bit"
        self.emit("--previous", first, "--sequence", 3, out=fork)
        self.refuse(1, "it follows", *check(fork))
        self.run_tool(*check(third))
        self.refuse(1, "it expired at 5000", "verify", first, *key, "--now", 5000)
        self.refuse(1, "in the future", "verify", first, *key, "--now", 999)
        self.refuse(2, "--state needs a key", "verify", first, "--state", state)
        self.refuse(1, "its key id is", "verify", first, *key, "--key-id", "00" * 8)
        self.refuse(2, "16 hexadecimal digits", "verify", first, *key, "--key-id", "00")
        self.refuse(2, "neither UNIX seconds nor now", "verify", first, *key, "--now", "x")
        self.refuse(1, "there is no ORIGIN_V1", "verify", CORPUS / "signed.bit", *key, "--now", 1)
        self.refuse(2, "the previous beacon's", "emit", self.rows, self.out, *IDS, *key, "--previous",
                    third, "--sequence", 3)
        state.write_text("broken\n")
        self.refuse(3, "line 1", *check(third))

    # ---- drift ----------------------------------------------------------------------

    def test_reference_and_thresholds(self):
        ref = self.dir / "ref.bit"
        self.emit("--scalar", "f64", out=ref)
        self.emit("--ref", ref, "--threshold", "SDS=0.2", rows=ROWS)
        results = self.results()
        self.assertEqual((results["norm_dmu"], results["cos_mu"], results["SDS"]), (0, 1, 0.125))
        self.assertEqual(results["ref"], "8f3f73649b17e37c")
        _, err = self.emit("--ref", ref, "--threshold", "SDS=0.2", rows=ROWS + 3, code=8)
        self.assertIn("drift: SDS is 6.125, above the threshold 0.2", err)
        self.assertEqual(self.results()["norm_dmu"], 6)
        self.refuse(8, "the beacon reports drift: SDS is 6.125, above the threshold 0.2", "verify", self.out, "--hmac-key-file", self.key)
        _, err = self.emit("--ref", ref, "--threshold", "cos_mu=0.99", rows=-ROWS, code=8)
        self.assertIn("below the threshold", err)
        npz = self.dir / "ref.npz"
        self.run_tool("export-scl", ref, npz)
        self.emit("--ref", npz, rows=ROWS)
        self.assertEqual(self.results()["ref"], "npz")
        keys = ("--hmac-key-file", self.key)
        for word in ("SDS", "SDS=", "SDS=x", "sds=1", "=1"):
            self.refuse(2, "no NAME=NUMBER", "emit", self.rows, self.out, *IDS, *keys, "--threshold", word)
        self.refuse(2, "given twice", "emit", self.rows, self.out, *IDS, "--threshold", "SDS=1",
                    "--threshold", "SDS=2")
        np.save(self.rows, ROWS[:, :3])
        self.refuse(3, "the reference has 4 dimensions, the window 3", "emit", self.rows, self.out, *IDS,
                    "--ref", ref)

    def test_emit_inputs(self):
        for dtype in ("<f2", ">f4", "<f4", "<f8", ">f8", "<i2", "i1", "u1", "<u4", ">i8"):
            for order in "CF":
                rows = np.array([[1, 2, 3], [3, 4, 7]]).astype(dtype, order=order)
                self.emit(rows=rows)
                self.assertEqual(beacon_reader.read(self.out.read_bytes())["calib"]["mu"], (2, 3, 5))
        self.emit(rows=np.array([1.0, 2.0]))
        self.assertEqual(self.results()["norm_dmu"], 0)
        key = ("emit", self.rows, self.out, *IDS)
        for rows, code, message in ((np.zeros((2, 2, 2)), 3, "expected [rows, columns]"),
                                    (np.zeros((0, 3)), 3, "expected [rows, columns]"),
                                    (np.array([[1, np.nan]]), 1, "row 0, column 1 is not finite"),
                                    (np.array([[1j]]), 5, "expected f2, f4, f8 or integers"),
                                    (np.array([["x"]]), 5, "expected f2, f4, f8 or integers"),
                                    (np.array([[None]]), 5, "Python objects (pickle) are never read")):
            np.save(self.rows, rows)
            self.refuse(code, message, *key)
        self.rows.write_bytes(b"x")
        self.refuse(3, "does not begin like one", *key)
        np.save(self.rows, ROWS)
        self.refuse(2, "expected auto or a whole number", *key, "--delta_q16", "0.5")
        self.refuse(2, "expected auto, none, diagonal", *key, "--sigma", "some")
        self.refuse(2, "--t0 and --t1 belong together", *key, "--t0", 1)
        self.refuse(2, "t0 and t1", *key, "--t0", 2, "--t1", 1)
        self.refuse(2, "must be UTF-8", "emit", self.rows, self.out, b"\xff", "m", "p")

    def test_delta_auto_and_saturation(self):
        self.emit("--delta_q16", "auto", rows=ROWS / 100)
        auto = beacon_reader.read(self.out.read_bytes())
        self.assertEqual(auto["delta_q16"], 1)
        self.emit(rows=ROWS * 1000)
        self.assertEqual(beacon_reader.read(self.out.read_bytes())["flags"], 15)

    def test_sigma_choices(self):
        rows = np.random.default_rng(1).normal(size=(40, 200))
        for choice, word, kind, flags in (("auto", "lowrank:16", 2, 71), ("diagonal", "diagonal", 2, 71),
                                          ("full", None, 3, 7), ("none", "none", 0, 71),
                                          ("lowrank:3", "lowrank:3", 2, 71)):
            self.emit("--sigma", choice, rows=rows)
            read = beacon_reader.read(self.out.read_bytes(), KEY)
            self.assertEqual(read["results"].get("sigma"), word)
            self.assertEqual((read["calib"]["sigma_kind"], read["flags"]), (kind, flags))
            self.assertAlmostEqual(read["results"]["tr_Sigma"], rows.var(axis=0).sum(), places=9)
            self.run_tool("verify", self.out, "--hmac-key-file", self.key)

    def test_projection(self):
        rows = np.random.default_rng(2).normal(size=(6, 50))
        self.emit(rows=rows, ids=("s", "m", "rp:5:8"))
        read = beacon_reader.read(self.out.read_bytes())
        self.assertEqual(read["dim"], 8)
        signs = np.empty((50, 8))
        for n in range(400):
            z = (5 + (n // 64 + 1) * 0x9E3779B97F4A7C15) % 2**64
            z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
            z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
            z ^= z >> 31
            signs[n // 8, n % 8] = 1 if z >> n % 64 & 1 else -1
        np.testing.assert_allclose(read["calib"]["mu"], (rows @ signs / 8**0.5).mean(axis=0), rtol=1e-5, atol=1e-6)

    # ---- merge ------------------------------------------------------------------------

    def test_merge(self):
        rows = np.random.default_rng(3).normal(size=(30, 5))
        parts = []
        for i, (begin, end) in enumerate(((0, 7), (7, 20), (20, 30))):
            parts.append(self.dir / f"part{i}.bit")
            self.emit("--scalar", "f64", "--t0", begin, "--t1", end, rows=rows[begin:end], out=parts[-1])
        ids = ("--space", "myspace", "--model", "mymodel", "--pi", "mypi")
        key = ("--hmac-key-file", self.key)
        self.run_tool("merge", self.out, *parts, *ids, *key)
        read = beacon_reader.read(self.out.read_bytes(), KEY)
        np.testing.assert_allclose(read["calib"]["mu"], rows.mean(axis=0), rtol=1e-13)
        want = np.cov(rows.T, ddof=0)
        np.testing.assert_allclose(read["calib"]["Sigma"], [want[i, j] for i in range(5) for j in range(i + 1)],
                                   rtol=1e-11, atol=1e-13)
        self.assertEqual(read["calib"]["W"], 30)
        self.assertIsNone(read["results"]["SDS"])
        self.run_tool("merge", self.out, *parts, *ids, *key, "--ref", parts[0], "--threshold", "SDS=1e-9", code=8)
        self.refuse(3, "its context is not that", "merge", self.out, *parts, *ids[:-1], "x", *key)
        self.refuse(3, "has no CALIB_STATS_V1", "merge", self.out, CORPUS / "bare.bit", parts[0], *ids)
        self.emit("--sigma", "diagonal", rows=rows, out=parts[1])
        self.refuse(3, "cannot be merged", "merge", self.out, *parts, *ids, *key)
        self.run_tool("merge", self.out, parts[0], *ids, code=2)

    # ---- NumPy ------------------------------------------------------------------------

    def test_numpy_reads_ours(self):
        self.emit(rows=ROWS)
        npz = self.dir / "out.npz"
        self.run_tool("export-scl", self.out, npz)
        loaded = np.load(npz, allow_pickle=False)
        self.assertEqual(sorted(loaded.files), ["Sigma", "W", "mu", "t0", "t1"])
        self.assertTrue(all(loaded[name].dtype == np.float64 for name in loaded.files))
        np.testing.assert_array_equal(loaded["mu"], [0.625, -1.125, 2.125, 0.125])
        np.testing.assert_array_equal(loaded["Sigma"], np.cov(ROWS.T, ddof=0))
        self.assertEqual((loaded["W"][()], loaded["t0"][()], loaded["W"].shape), (4, 0, ()))
        again = self.dir / "again.npz"
        self.run_tool("export-scl", self.out, again, "--hmac-key-file", self.key)
        self.assertEqual(npz.read_bytes(), again.read_bytes())
        with zipfile.ZipFile(npz) as archive:
            for entry in archive.infolist():
                self.assertEqual((entry.compress_type, entry.date_time), (0, (1980, 1, 1, 0, 0, 0)))
        self.refuse(1, "there is no HMAC_V1", "export-scl", CORPUS / "bare.bit", npz, "--hmac-key-file", self.key)

    def test_export_without_calibration_says_unknown(self):
        npz = self.dir / "bare.npz"
        _, err = self.run_tool("export-scl", CORPUS / "bare.bit", npz)
        self.assertIn("Sigma is not known", err)
        loaded = np.load(npz)
        self.assertEqual((loaded["W"][()], loaded["Sigma"].any()), (0, False))
        self.refuse(2, "W is not above 0", "import-scl", npz, self.out, *IDS)

    def gaussian(self, dim=5, seed=4):
        rows = np.random.default_rng(seed).normal(size=(20, dim)) * np.logspace(-3, 3, dim)
        cov = np.atleast_2d(np.cov(rows.T, ddof=0))
        return {"mu": rows.mean(axis=0), "Sigma": (cov + cov.T) / 2, "W": np.float64(20),
                "t0": np.float64(1.5), "t1": np.float64(2.5)}

    def test_every_f64_survives(self):
        npz, back = self.dir / "in.npz", self.dir / "back.npz"
        for dim in (1, 5, 130):
            data = self.gaussian(dim)
            np.savez(npz, **data)
            self.run_tool("import-scl", npz, self.out, *IDS, "--hmac-key-file", self.key)
            self.run_tool("export-scl", self.out, back)
            loaded = np.load(back)
            for name, value in data.items():
                self.assertEqual(loaded[name].tobytes(), np.asarray(value).tobytes(), name)
        data["Sigma"][3, 1] += 1e-9 * data["Sigma"].max()  # within the tolerance: kept as it is
        np.savez(npz, **data)
        self.run_tool("import-scl", npz, self.out, *IDS)
        self.run_tool("export-scl", self.out, back)
        self.assertEqual(np.load(back)["Sigma"].tobytes(), data["Sigma"].tobytes())
        # BIT -> npz -> BIT
        self.run_tool("import-scl", back, self.dir / "second.bit", *IDS)
        self.assertEqual((self.dir / "second.bit").read_bytes(), self.out.read_bytes())

    def test_we_read_what_numpy_writes(self):
        data = {"mu": np.array([1, 2, 3]), "Sigma": np.diag([1, 2, 3]), "W": 4, "t0": 0, "t1": 0}
        npz = self.dir / "in.npz"
        for save in (np.savez, np.savez_compressed):
            for dtype in ("<f4", "<f8", ">f8", ">f4", "<f2", "<i4", "u1"):
                for order in "CF":
                    save(npz, **{k: np.asarray(v).astype(dtype, order=order) for k, v in data.items()})
                    self.run_tool("import-scl", npz, self.out, *IDS)
                    calib = beacon_reader.read(self.out.read_bytes())["calib"]
                    self.assertEqual((calib["mu"], calib["Sigma"], calib["W"]), ((1, 2, 3), (1, 0, 2, 0, 0, 3), 4))
        # Fortran order of an asymmetric matrix tells rows from columns.
        data["Sigma"] = np.array([[1, 2e-7, 0], [0, 1, 0], [0, 0, 1.0]], order="F")
        np.savez(npz, **data)
        self.run_tool("import-scl", npz, self.out, *IDS)
        self.assertEqual(beacon_reader.read(self.out.read_bytes())["calib"]["Sigma"],
                         (1, 2e-7, 0, 0, 1, 0, 0, 0, 1))
        # NPY version 2, and W with one dimension.
        with zipfile.ZipFile(npz, "w") as archive:
            for name, value in data.items():
                buffer = io.BytesIO()
                value = np.atleast_1d(value) if name == "W" else np.asarray(value)
                np.lib.format.write_array(buffer, value, version=(2, 0))
                archive.writestr(name + ".npy", buffer.getvalue())
        self.run_tool("import-scl", npz, self.out, *IDS)

    def test_npz_refusals(self):
        npz = self.dir / "in.npz"

        def refused(code, message, **changes):
            data = {k: v for k, v in {**self.gaussian(3), **changes}.items() if v is not None}
            np.savez(npz, **data)
            self.refuse(code, message, "import-scl", npz, self.out, *IDS)

        refused(3, "there is no array Sigma", Sigma=None)
        refused(3, "Sigma is not [3, 3]", Sigma=np.zeros((3, 4)))
        refused(3, "mu is not one-dimensional", mu=np.zeros((1, 3)))
        refused(3, "expected one", W=np.zeros(2))
        refused(2, "W is not above 0", W=-1.0)
        refused(1, "mu.npy: element 1 is not finite", mu=np.array([0, np.inf, 0]))
        refused(2, "Sigma is not symmetric at [1, 0]", Sigma=np.array([[1, 0.1, 0], [0, 1, 0], [0, 0, 1.0]]))
        refused(2, "Sigma[2, 2] is negative", Sigma=np.diag([1, 1, -1.0]))
        refused(5, "Python objects (pickle) are never read", t0=np.array(None))
        npz.write_bytes(b"PK\x05\x06 no zip")
        self.refuse(3, "is no .npz file", "import-scl", npz, self.out, *IDS)
        np.savez(npz, **self.gaussian(3))
        data = bytearray(npz.read_bytes())
        data[data.index(b"mu.npy") + 100] ^= 1
        npz.write_bytes(data)
        self.refuse(3, "cannot be unpacked", "import-scl", npz, self.out, *IDS)

    # ---- inspect, probe ------------------------------------------------------------------

    def test_inspect(self):
        self.emit(rows=np.ones((3, 40)))
        out, _ = self.run_tool("inspect", self.out, "--numbers", 3)
        self.assertIn("... 37 more", out)
        self.assertIn("mu[39]", out)
        self.assertIn("CRC16           matches", out)

    def test_probe(self):
        out, _ = self.run_tool("probe", CORPUS / "signed.bit")
        for text in ("guesses, not a verification", "this format: yes", "perhaps CONFIG_V1",
                     "perhaps RESULTS_V1: {", "perhaps HMAC_V1",
                     "CRC matches: initial FFFF, not reflected, big-endian, with END"):
            self.assertIn(text, out)
        # A sibling with other record numbers and another CRC.
        foreign = b"BIT\x01" + bytes(8) + b"\x07\x00\x10" + b"\0\0\0\4\0\0\4\0" + bytes(8) + b"\x09\0\0" + bytes(8)
        foreign += struct.pack("<H", __import__("binascii").crc_hqx(foreign[4:], 0))
        self.out.write_bytes(foreign)
        out, _ = self.run_tool("probe", self.out)
        self.assertIn("CRC matches: initial 0000, not reflected, little-endian, with END", out)
        self.out.write_bytes(b"x")
        self.run_tool("probe", self.out)

    # ---- watch ---------------------------------------------------------------------------

    def test_watch(self):
        folder = self.dir / "w"
        folder.mkdir()
        ref = self.dir / "ref.bit"
        self.emit("--scalar", "f64", out=ref)
        previous = []
        for i in range(6):
            path = folder / f"{i}.bit"
            self.emit("--ref", ref, "--threshold", "SDS=2", "--issued", 1000 + i, "--sequence", i + 1, *previous,
                      rows=ROWS + (3 if i == 4 else 0.01 * i), out=path, code=8 if i == 4 else 0)
            previous = ["--previous", path]
        key = ("--hmac-key-file", self.key)
        svg, html = self.dir / "t.svg", self.dir / "t.html"
        out, err = self.run_tool("watch", folder, *key, "--svg", svg, "--html", html, code=8)
        self.assertIn("drift in 1 of 6 beacons", err)
        self.assertEqual([line.split()[-1] for line in out.splitlines()],
                         ["state", "ok", "ok", "ok", "ok", "DRIFT", "ok"])
        self.assertEqual([line.split()[-2] for line in out.splitlines()][1:], ["first"] + ["follows"] * 5)
        import xml.dom.minidom
        picture = xml.dom.minidom.parse(str(svg))
        self.assertEqual(len(picture.getElementsByTagName("circle")), 1 + 3 * 6)
        page = html.read_text()
        self.assertIn(svg.read_text(), page)
        self.assertNotIn("http://", page.replace("http://www.w3.org/2000/svg", ""))
        self.assertNotIn("<script", page)
        # One is taken away, one is damaged.
        (folder / "1.bit").unlink()
        damaged = bytearray((folder / "3.bit").read_bytes())
        damaged[60] ^= 1
        (folder / "3.bit").write_bytes(damaged)
        out, err = self.run_tool("watch", folder, *key, "--svg", svg, code=1)
        self.assertIn("1 refused, 2 missing or broken links", err)
        self.assertEqual(out.count("MISSING"), 2)
        self.assertIn("REFUSED", out)
        # A fork: another beacon with the next number.
        self.emit("--sequence", 7, out=folder / "fork.bit")
        self.assertIn("BROKEN", self.run_tool("watch", folder, *key, code=1)[0])
        (self.dir / "empty").mkdir()
        self.refuse(3, "there is no .bit file", "watch", self.dir / "empty")
        self.refuse(4, "cannot be opened", "watch", self.dir / "none")

    # ---- the second reader ------------------------------------------------------------------

    def test_second_reader_reads_ours(self):
        rng = np.random.default_rng(7)
        for i in range(30):
            rows = rng.normal(size=(rng.integers(1, 9), rng.integers(1, 200))) * 10.0 ** rng.integers(-3, 4)
            extra = ["--sequence", i] if i % 3 == 0 else []
            extra += ["--scalar", "f64"] if i % 2 else []
            self.emit("--threshold", "SDS=1e9", *extra, rows=rows)
            read = beacon_reader.read(self.out.read_bytes(), KEY)
            np.testing.assert_allclose(read["calib"]["mu"], rows.mean(axis=0), rtol=1e-6, atol=1e-6)
            self.assertEqual(read["routing_key"] + "\n", self.run_tool("route", self.out)[0])

    def test_we_verify_what_a_second_writer_wrote(self):
        mu, ids = [0.625, -1.125, 2.125, 0.125], ("myspace", "mymodel", "mypi")
        self.assertEqual(beacon_writer.write(mu, 1024, ids), BARE)
        rng = np.random.default_rng(11)
        for i in range(20):
            dim = int(rng.integers(1, 40)) if i else 9000  # the long one has fragments
            mu = [float(x) for x in rng.normal(size=dim)]
            variances = [x * x for x in mu] if i % 2 == 0 else None
            results = '{"SDS":0.5,"cos_mu":1,"norm_dmu":0.25,"thresholds":{},"tr_Sigma":null}'
            self.out.write_bytes(beacon_writer.write(
                mu, 64, ("Größe \"x\"", "m/x", "\U0001f600"), KEY, variances, 7,
                results if i % 3 else None, [(0x33, b"unknown, skipped")] * (i % 4 == 0)))
            ids = ("--space", "Größe \"x\"", "--model", "m/x", "--pi", "\U0001f600")
            self.run_tool("verify", self.out, "--hmac-key-file", self.key, *ids)
            read = beacon_reader.read(self.out.read_bytes(), KEY)
            self.assertEqual(read["calib"] and read["calib"]["mu"], variances and tuple(mu))

    def test_second_reader_agrees_on_damage(self):
        stream = subprocess.run([MUTANTS, "--print", "4000", "5"], capture_output=True, check=True).stdout
        at = accepted = count = 0
        while at < len(stream):
            size, ours = struct.unpack("<IB", stream[at:at + 5])
            data = stream[at + 5:at + 5 + size]
            at += 5 + size
            theirs = beacon_values.accepts(beacon_reader.read, data)
            self.assertEqual(bool(ours), theirs, data.hex())
            self.assertFalse(beacon_values.accepts(beacon_reader.read, data, KEY))
            accepted += theirs
            count += 1
        self.assertGreater(count, 3900)
        self.assertGreater(accepted, 100)  # without the key, a repaired CRC convinces


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
