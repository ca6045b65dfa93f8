"""What the SDK does in ordinary Python. Run by plugins/from-template.sh, in a project of its template."""

import tempfile
import unittest
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pamrun
from pamrun import (
    SECRET,
    Credential,
    Failure,
    Plan,
    Plugin,
    Refused,
    Rejected,
    Retired,
    Unavailable,
    Uncertain,
    Unproven,
    call,
    clock,
    fail,
    finding,
    log,
    retry,
    until,
)
from pamrun.build import stamp
from pamrun.checking import problems
from pamrun.manifest import read
from pamrun.mistake import mistake
from pamrun.stubs import stub
from pamrun.testing import FakeHost, answer, listed, rejected, request, unavailable
from pamrun.trouble import failure_of

MANIFEST = """
[inputs.target]
object = "object_id"

[inputs.admin]
one_of = [{ role = "attached", token = "a" }, { role = "provider", token = "b", tenant = "c" }]
secret = ["token"]

[settings]
pause = { type = "duration", default = "250ms" }
deep = { type = "bool", default = true }
host = { type = "host", default = "{target.object}" }
key = { type = "secret", default = "x" }
none = { type = "int" }

[common.api.errors]
code = "/code"

[requests.read]
effect = "reads"
common = "api"
outputs = { name = "/n", count = { at = "/c", type = "int", optional = true }, all = { at = "/a", type = "list", optional = true } }
lists = { each = "", outputs = { kind = { at = "/k", type = "text" } } }

[requests.make]
effect = "creates"
id = "/id"
params = { ends = "time", days = "int", size = { one_of = ["small", "large"] } }

[requests.named]
effect = "reads"
params = { from = "int" }

[requests.poll]
effect = "reads"
params = { handle = "answer" }
"""


def manifest_file(text=MANIFEST):
    folder = tempfile.TemporaryDirectory()
    file = Path(folder.name, "plugin.toml")
    file.write_text(text)
    return folder, file


class Case(unittest.TestCase):
    def setUp(self):
        folder, self.file = manifest_file()
        self.addCleanup(folder.cleanup)

    def host(self, peers):
        return FakeHost(peers, self.file)


class Calls(Case):
    def test_a_time_is_told_in_utc_and_to_the_second(self):
        berlin = datetime.fromisoformat("2030-06-01T02:00:00.5+02:00")
        for ends in (berlin, "2030-06-01T00:00:00Z"):
            with self.host({"make": answer(id="new")}) as outside:
                call("make", ends=ends, days=3, size="small")
            self.assertEqual(outside.calls, [("make", {"ends": "2030-06-01T00:00:00Z", "days": 3, "size": "small"})])

    def test_a_parameter_of_another_type_is_refused_where_it_is_written(self):
        with self.host({}):
            for wrong in (True, 1.5, None, datetime(2030, 1, 1)):
                self.assertRaises(TypeError, lambda wrong=wrong: call("named", **{"from": wrong}))

    def test_without_a_host_it_says_how_to_get_one(self):
        self.assertRaisesRegex(RuntimeError, "FakeHost", lambda: call("read"))

    def test_trouble_that_a_step_lets_pass_is_a_failure_of_its_status(self):
        said = {"code": "E1", "causes": ["x"], "message": "no\r\n way"}
        for status, kind, code in [
            (400, "denied", "rejected"),
            (401, "wrong-credential", "not-authorized"),
            (403, "denied", "forbidden"),
            (404, "not-found", "not-found"),
            (409, "conflict", "conflict"),
            (410, "not-found", "not-found"),
            (429, "unavailable", "throttled"),
        ]:
            failure = failure_of(Rejected("app", status, said))
            self.assertEqual((failure.kind, failure.code), (kind, code))
            self.assertEqual(failure.message, f"the service refuses `app` (HTTP {status} E1: no way)")
        failure = failure_of(Unavailable("app"))
        self.assertEqual((failure.kind, failure.code), ("unavailable", "service-unavailable"))
        self.assertEqual(failure.message, "the service does not answer `app` now (no answer)")
        self.assertIn("can be reached", failure.fix)
        self.assertEqual(failure_of(Uncertain("lost")).kind, "uncertain")
        self.assertEqual(failure_of(Refused("no")).code, "host-refused")


class Mistakes(Case):
    def told(self, step):
        with self.host({}) as outside:
            try:
                step()
            except Exception as error:
                failure = mistake(error)
        self.assertEqual((failure.kind, failure.code), ("other", "plugin-error"))
        self.assertIn("Traceback", outside.logged[0])
        return failure.message

    def test_a_mistake_is_named_with_its_place(self):
        self.assertRegex(self.told(lambda: {}["id"]), r"^the plugin raised KeyError at test_sdk\.py:\d+: 'id'$")
        # What is wrong shows in the SDK, and was written here.
        self.assertRegex(self.told(lambda: Plan(7)), r"^the plugin raised TypeError at test_sdk\.py:\d+: Plan\.creates must")
        self.assertRegex(self.told(lambda: __import__("nothing")), "import it at the top of the file")

    def test_what_may_hold_a_value_is_for_the_log_only(self):
        self.assertRegex(self.told(lambda: int("canary")), r"^the plugin raised ValueError at test_sdk\.py:\d+$")


class Trying(Case):
    def retried(self, told, times, window=480):
        """Fails as given, so many times; gives whether it ended well, the tries and the seconds."""
        replies = [*[told] * times, answer(name="n")]
        with self.host({"read": replies}) as outside:
            try:
                retry(lambda: call("read"), window)
            except (Rejected, Unavailable, Uncertain, Refused):
                return False, len(outside.calls), outside.elapsed
            return True, len(outside.calls), outside.elapsed

    def test_long_waits_are_waited_out_as_long_as_all_of_them_fit(self):
        def asking(status, seconds):
            return rejected(status, retry_after=timedelta(seconds=seconds))

        self.assertEqual(self.retried(asking(429, 46), 5), (True, 6, 230))
        self.assertEqual(self.retried(asking(503, 300), 1), (True, 2, 300))
        self.assertEqual(self.retried(asking(429, 300), 2), (False, 2, 300))
        self.assertEqual(self.retried(asking(429, 481), 1), (False, 1, 0))
        self.assertEqual(self.retried(asking(429, 7), 1, timedelta(seconds=6)), (False, 1, 0))

    def test_a_service_that_asks_for_next_to_nothing_is_not_asked_for_ever(self):
        self.assertEqual(self.retried(rejected(429, retry_after=timedelta(seconds=1)), 200), (False, 97, 96))
        self.assertEqual(self.retried(rejected(429, retry_after=timedelta()), 1), (True, 2, 5))
        self.assertEqual(self.retried(unavailable(retry_after=timedelta()), 1), (True, 2, 2))

    def test_what_says_no_time_is_tried_five_times(self):
        self.assertEqual(self.retried(unavailable(), 200), (False, 5, 30))
        self.assertEqual(self.retried(unavailable(503), 4), (True, 5, 30))

    def test_what_is_tried_again_is_logged_with_its_cause(self):
        with self.host({"read": [unavailable(503), answer(name="n")]}) as outside:
            retry(lambda: call("read"))
        self.assertEqual(outside.logged, ["trying again in 2 s: the service does not answer `read` now (HTTP 503)"])

    def test_what_is_decided_or_may_have_been_done_is_not_repeated(self):
        for told in (rejected(400, retry_after=timedelta(seconds=7)), Uncertain("lost"), Refused("no")):
            self.assertEqual(self.retried(told, 1), (False, 1, 0))

    def test_until_ends_with_what_is_found_or_with_its_window(self):
        for ready, ended in [(0, (True, 0)), (5, (True, 6)), (600, (False, 60))]:
            with self.host({}) as outside:
                found = until(lambda outside=outside, ready=ready: outside.elapsed >= ready, 60)
                self.assertEqual((found, outside.elapsed), ended)

    def test_until_asks_a_silent_service_for_half_a_minute(self):
        with self.host({"read": unavailable()}) as outside:
            self.assertRaises(Unavailable, until, lambda: call("read"), 600)
            self.assertEqual((outside.elapsed, len(outside.calls)), (30, 16))

    def test_until_waits_as_long_as_the_service_asks(self):
        late = rejected(429, retry_after=timedelta(seconds=100))
        with self.host({"read": [late, late, answer(name="n")]}) as outside:
            self.assertEqual(until(lambda: call("read"), 60).outputs["name"], "n")
            self.assertEqual(outside.elapsed, 200)
        with self.host({"read": late}) as outside:
            self.assertRaises(Rejected, until, lambda: call("read"), 60)
            self.assertEqual(outside.elapsed, 400)
        with self.host({"read": rejected(403)}) as outside:
            self.assertRaises(Rejected, until, lambda: call("read"), 60)
            self.assertEqual(outside.elapsed, 0)


class Values(Case):
    def test_the_marker_of_any_try_of_this_rotation_is_recognised_and_no_other(self):
        ours = request(manifest=self.file)
        rotation = ours.marker.removesuffix(".1")
        for name in ("1", "2", "11"):
            self.assertTrue(ours.made_this(f"{rotation}.{name}"))
        for name in (None, "", rotation, f"{rotation}.", f"{rotation}2.1", f"{rotation}.1 copy", f"{rotation}.²", "1"):
            self.assertFalse(ours.made_this(name), name)

    def test_an_input_that_the_host_keeps_or_that_is_empty_shows_nothing(self):
        given = request({"admin.token": SECRET, "admin.tenant": "", "target.object": "o"}, manifest=self.file)
        self.assertEqual([given.input(name) for name in ("admin.token", "admin.tenant", "x.y")], [None] * 3)
        self.assertEqual(given.input("target.object"), "o")

    def test_settings_have_their_types_and_defaults(self):
        given = request({"target.object": "o"}, settings={"deep": False}, manifest=self.file)
        self.assertEqual(given.setting("pause"), timedelta(milliseconds=250))
        self.assertEqual((given.setting("deep"), given.setting("host"), given.setting("none")), (False, "o", None))
        self.assertIs(given.setting("key"), SECRET)

    def test_a_wrong_type_is_told_where_it_is_written(self):
        for make in (
            lambda: Plan(7),
            lambda: Plan("c", [listed("old")]),
            lambda: Plan("c", findings=["text"]),
            lambda: Credential(7),
            lambda: Credential("h", [("a", "b")]),
            lambda: Retired("a", True),
            lambda: Unproven(None),
        ):
            self.assertRaises(TypeError, make)

    def test_level_code_and_kind_are_checked(self):
        for level, code in [("fatal", "a"), ("info", "Not Kebab"), ("info", ""), ("info", "a-")]:
            self.assertRaises(ValueError, finding, level, code, "m")
        self.assertRaises(ValueError, fail, "gone", "a", "m")
        with self.assertRaises(Failure) as raised:
            fail("not-found", "no-app", "it is not there", "make it")
        self.assertEqual((raised.exception.kind, raised.exception.fix), ("not-found", "make it"))

    def test_steps_that_are_left_out_say_what_they_cannot_do(self):
        plan = Plan("c", ["old"])
        given = request(manifest=self.file)
        self.assertIsInstance(Plugin().verify(given, plan, "new"), Unproven)
        self.assertEqual(Plugin().commit(given, plan, "new"), [Retired("old", "present")])
        self.assertRaises(Failure, Plugin().rollback, given, plan, "new")

    def test_time_passes_in_sleep_only_and_lines_are_kept(self):
        with self.host({}) as outside:
            before = clock.now()
            self.assertEqual(before, datetime(2030, 1, 1, tzinfo=UTC))
            clock.sleep(300)
            self.assertEqual(clock.now() - before, timedelta(minutes=5))
            log.info("a line")
        self.assertEqual(outside.logged, ["a line"])

    def test_the_stamp_is_a_section(self):
        text = f"language=python sdk={pamrun.__version__}".encode()
        self.assertEqual(stamp(), bytes([0, 11 + len(text), 10]) + b"pamrun-sdk" + text)


class FakeHosts(Case):
    def test_what_the_manifest_does_not_say_fails_the_test(self):
        good = {"ends": "2030-01-01T00:00:00Z", "days": 1, "size": "small"}
        for peers, name, params in [
            ({}, "reed", {}),
            ({}, "read", {}),
            ({}, "read", {"x": "y"}),
            ({"make": answer(id="n")}, "make", {**good, "size": "huge"}),
            ({"make": answer(id="n")}, "make", {**good, "days": "1"}),
            ({"make": answer()}, "make", good),
            ({"read": answer(nam="n")}, "read", {}),
            ({"read": answer(name="n", count="1")}, "read", {}),
            ({"read": answer(name="n", items=[listed("a")])}, "read", {}),
            ({"make": answer(id="n", items=[listed("a")])}, "make", good),
            ({"read": rejected(400, reason="x")}, "read", {}),
            ({"read": []}, "read", {}),
        ]:
            with self.host(peers), self.subTest(name=name, params=params):
                self.assertRaises(AssertionError, call, name, **params)
        self.assertRaises(AssertionError, self.host, {"reed": answer()})
        self.assertRaises(AssertionError, request, {"target.objekt": "x"}, manifest=self.file)
        self.assertRaises(AssertionError, request, settings={"dep": True}, manifest=self.file)

    def test_a_function_answers_by_the_parameters(self):
        with self.host({"named": lambda **params: rejected(params["from"])}):
            with self.assertRaises(Rejected) as raised:
                call("named", **{"from": 404})
        self.assertEqual((raised.exception.request, raised.exception.status), ("named", 404))


class Checking(Case):
    def found(self, code):
        file = self.file.with_name("plugin.py")
        file.write_text(code)
        return list(problems(file, read(self.file)))

    def test_what_the_manifest_declares_passes(self):
        code = "from pamrun import call as ask\nimport pamrun as p\nask('read')\np.call('read' if x else 'read')\n"
        code += "ask('make', ends=e, days=3, size='large')\nask('named', **{'from': 1})\nother.call('x')\n"
        self.assertEqual(self.found(code), [])

    def test_what_it_lacks_is_told_with_its_line_and_the_nearest_name(self):
        for line, told in [
            ("call('reed')", "the manifest has no request `reed`; is it `read`?"),
            ("call('zzz')", "the manifest has no request `zzz`; there are read, make, named"),
            ("call('read' if x else 'reed')", "the manifest has no request `reed`; is it `read`?"),
            ("call('poll', handle='x')", "the request `poll` is called by pamrun alone, to poll"),
            ("call('read', name='x')", "the request `read` has no parameter `name`; there are none"),
            ("call('named')", "the request `named` needs its parameter `from`"),
            ("call('named', **{'from': 'x'})", "the parameter `from` of `named` is int, and not 'x'"),
            ("call('make', ends=e, days=1, size='huge')", "the parameter `size` of `make` is one of small, large, and not 'huge'"),
            ("call('named', **given)", "which parameters does `named` get here? Write them out"),
            ("call(name)", "which request is called here? Write its name out"),
            ("call(f'read')", "which request is called here? Write its name out"),
            ("call('read', 'x')", "`call` takes the name of a request, and its parameters by name"),
            ("ask = call", "`call` is handed on here; call it where the request is named"),
            ("retry(call)", "`call` is handed on here; call it where the request is named"),
        ]:
            self.assertEqual(self.found(f"from pamrun import call\n\n{line}\n"), [f"plugin.py:3: {told}"])

    def test_the_stub_tells_names_parameters_and_outputs(self):
        text = stub(read(self.file))
        compile(text, "call.pyi", "exec")
        for part in (
            'ReadOutputs = TypedDict("ReadOutputs", {"name": str, "count": NotRequired[int], "all": NotRequired[list[str]]})',
            'ReadItem = TypedDict("ReadItem", {"kind": str})',
            "def call(request: Literal['read'], /) -> Answer[ReadOutputs, ReadItem]: ...",
            "def call(request: Literal['make'], /, *, ends: str | datetime, days: int, size: Literal['small', 'large'])"
            " -> Answer[MakeOutputs, Nothing]: ...",
            "def call(request: Literal['named'], /, **params: str | int | datetime) -> Answer[Nothing, Nothing]: ...",
        ):
            self.assertIn(part, text)
        self.assertNotIn("poll", text)
        folder, only = manifest_file('[requests.one]\neffect = "reads"\n')
        self.assertNotIn("@overload", stub(read(only)))
        folder.cleanup()

    def test_a_manifest_that_is_no_toml_is_named(self):
        folder, file = manifest_file("a = 1\nname =\n")
        self.assertRaisesRegex(ValueError, "plugin.toml: .*line 2", read, file)
        folder.cleanup()
