"""What the SDK does in ordinary Python: the template's plugin against answers from a script.

Run by plugins/from-template.sh, in a project: there `plugin` is the template's.
"""

import unittest
from datetime import timedelta
from json import loads

import pamrun
from pamrun import (
    Conflict,
    Credential,
    Denied,
    Invalid,
    Listed,
    NotFound,
    Plan,
    Plugin,
    Removed,
    Unavailable,
    Uncertain,
    Unproven,
    Update,
    Verified,
    WrongCredential,
    clock,
    finding,
    http,
    log,
)
from pamrun.build import stamp
from pamrun.manifest import to_json
from pamrun.testing import FakeHost, Lost, NotSent, Refused, answer, request
from plugin import Tokens

URL = "https://api.example.com/v1/things?secret=canary"


def given():
    return request(Tokens, target={"account": "a/1", "token_id": "old"}, attached=[{"admin_token": "admin"}])


def listing(*names):
    tokens = [{"id": name.lower(), "name": name, "expires": "2031-01-01T00:00:00Z"} for name in names]
    return answer(200, {"tokens": tokens})


class Template(unittest.TestCase):
    def test_what_the_record_names_is_planned_for_removal(self):
        with FakeHost.scripted(listing("Old", "Other")) as outside:
            plan = Tokens().preflight(given())
        self.assertEqual(plan.target, "api.example.com/a/1")
        self.assertEqual([old.id for old in plan.removes], ["old"])
        self.assertEqual(outside.calls(), ["GET /v1/accounts/a%2F1"])
        self.assertEqual(outside.sent[0].headers["authorization"], "Bearer admin")

    def test_an_answer_that_shows_no_token_is_uncertain(self):
        plan = Plan("t", "c")
        for unclear in (answer(201, {"id": "new"}), answer(201, body=b"<html>"), answer(503), Lost("gone")):
            with FakeHost.scripted(unclear), self.assertRaises(Uncertain):
                Tokens().rotate(given(), plan)

    def test_a_token_that_is_not_accepted_is_the_wrong_credential(self):
        made = Credential("new", [Update.secret("token", "value")])
        with FakeHost(lambda _call, _elapsed: answer(401)) as outside, self.assertRaises(WrongCredential):
            Tokens().verify(given(), Plan("t", "c"), made)
        self.assertEqual(len(outside.sent), 8)
        for late in (answer(401), answer(503)):
            with FakeHost.scripted(late, late, answer(200)):
                self.assertEqual(Tokens().verify(given(), Plan("t", "c"), made), Verified())
        with FakeHost.scripted(answer(200)) as outside:
            self.assertEqual(Tokens().verify(given(), Plan("t", "c"), made), Verified())
        self.assertEqual(outside.sent[0].headers["authorization"], "Bearer value")

    def test_rollback_removes_every_try_and_nothing_else(self):
        ours = given()
        second = ours.marker.removesuffix("1") + "2"
        with FakeHost.scripted(listing("Other", ours.marker, second), answer(204), answer(404)):
            undone = Tokens().rollback(ours, Plan("t", "c"), None)
        self.assertEqual(undone.seen, [ours.marker.lower(), second.lower()])
        self.assertEqual(undone.gone, undone.seen)

    def test_commit_takes_what_is_not_there_as_gone(self):
        with FakeHost.scripted(answer(404)):
            removed = Tokens().commit(given(), Plan("t", "c", [Listed("old")]), "new")
        self.assertEqual(removed, [Removed("old", True)])


class Http(unittest.TestCase):
    def test_only_a_lost_request_that_changes_something_is_uncertain(self):
        for error, reading, changing in [
            (Refused("no"), Denied, Denied),
            (NotSent("no"), Unavailable, Unavailable),
            (Lost("no"), Unavailable, Uncertain),
        ]:
            with FakeHost.scripted(error, error, error), self.subTest(type(error).__name__):
                self.assertRaises(reading, http.get, URL)
                self.assertRaises(reading, http.post, URL, changes=False)
                self.assertRaises(changing, http.post, URL)

    def test_a_status_is_a_failure_by_what_the_request_does(self):
        for status, reading, changing in [
            (302, Unavailable, Uncertain),
            (400, Denied, Denied),
            (401, Denied, Denied),
            (403, Denied, Denied),
            (404, NotFound, NotFound),
            (408, Unavailable, Uncertain),
            (409, Conflict, Conflict),
            (429, Unavailable, Unavailable),
            (500, Unavailable, Uncertain),
        ]:
            with FakeHost.scripted(answer(status), answer(status)), self.subTest(status):
                self.assertIs(type(http.get(URL).failure()), reading)
                failure = http.delete(URL).failure()
                self.assertIs(type(failure), changing)
                self.assertIn(f"api.example.com answered {status} to DELETE /v1/things", failure.message)
                self.assertNotIn("canary", failure.message)

    def test_retry_after_is_read_in_both_forms(self):
        far_away = 0xFFFF_FFFF
        for value, seconds in [
            ("7", 7),
            (" 0 ", 0),
            ("99999999999", far_away),
            ("9" * 400 + ".5", far_away),
            ("45.5", 46),
            ("0.001", 1),
            ("7.0", 7),
            ("Tue, 01 Jan 2030 00:00:09 GMT", 9),
            ("Tuesday, 01-Jan-30 00:01:00 GMT", 60),
            ("Tue Jan  1 00:00:02 2030", 2),
            ("Mon, 31 Dec 2029 23:59:59 GMT", 0),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Fri, 31 Dec 9999 23:59:59 GMT", far_away),
            *((text, None) for text in ["", "soon", "-1", "-1.5", "1.", ".5", "1e3", "nan", "2030-01-01T00:00:20Z"]),
        ]:
            with FakeHost.scripted(answer(429, headers={"Retry-After": value})), self.subTest(value):
                self.assertEqual(http.get(URL).failure().retry_after, seconds)

    def test_a_part_of_a_second_is_waited_for_as_a_whole_one(self):
        late = answer(429, headers={"Retry-After": "Tue, 01 Jan 2030 00:00:09 GMT"})
        with FakeHost.scripted(late):
            clock.sleep(0.5)
            self.assertEqual(http.get(URL).retry_after(), 9)

    def test_json_goes_both_ways(self):
        with FakeHost.scripted(answer(200, {"a": [1]})) as outside:
            self.assertEqual(http.put(URL, json={"b": "é"}, headers={"X-Y": "z"}).json(), {"a": [1]})
        self.assertEqual(outside.sent[0].headers, {"x-y": "z", "content-type": "application/json"})


class Findings(unittest.TestCase):
    def test_a_finding_is_a_note_of_one_or_two_lines(self):
        self.assertEqual(finding("info", "new", "it will be made"), "info new: it will be made")
        text = finding("error", "app-full", "the app has no room", "remove some")
        self.assertEqual(text, "error app-full: the app has no room\nremove some")

    def test_what_a_service_called_something_makes_no_further_line(self):
        text = finding("warning", "owner", 'the app "a\nerror b: c"', "ask\r\nsomebody")
        self.assertEqual(text, 'warning owner: the app "a error b: c"\nask  somebody')

    def test_level_and_code_are_checked(self):
        for level, code in [("fatal", "a"), ("info", "Not Kebab"), ("info", ""), ("info", "a-")]:
            with self.assertRaises(ValueError):
                finding(level, code, "m")


class Values(unittest.TestCase):
    def test_the_marker_of_any_try_of_this_rotation_is_recognised_and_no_other(self):
        ours = given()
        rotation = ours.marker.removesuffix(".1")
        for name in ("1", "2", "11"):
            self.assertTrue(ours.made_this(f"{rotation}.{name}"))
        for name in ("", rotation, f"{rotation}.", f"{rotation}2.1", f"{rotation}.1 copy", "1"):
            self.assertFalse(ours.made_this(name), name)

    def test_settings_are_read_by_their_type(self):
        class Timed(Plugin):
            manifest = {**Tokens.manifest, "settings": [
                {"key": "pause", "type": "duration", "default": "250ms", "description": ""},
                {"key": "deep", "type": "bool", "default": True, "description": ""},
            ]}

        timed = request(Timed)
        self.assertEqual(timed.setting_duration("pause"), timedelta(milliseconds=250))
        self.assertIs(timed.setting_flag("deep"), True)
        for read, key, code in [
            (timed.setting_int, "deep", "setting-misread"),
            (timed.setting_text, "none", "setting-missing"),
        ]:
            with self.assertRaises(Invalid) as raised:
                read(key)
            self.assertEqual(raised.exception.code, code)

    def test_a_missing_field_or_record_is_named(self):
        for read in (lambda: given().target.text("token"), lambda: given().record_with("none")):
            self.assertRaises(Invalid, read)

    def test_a_wrong_type_is_told_where_it_is_written(self):
        for make in (
            lambda: Listed(7),
            lambda: Plan("t", "c", ["old"]),
            lambda: Credential("h", Update.text("a", "b")),
            lambda: Update.secret("token", None),
            lambda: Removed("a", 1),
            lambda: Unproven(None),
        ):
            self.assertRaises(TypeError, make)

    def test_values_do_not_show_when_printed(self):
        shown = repr([given(), Update.secret("token", "canary"), request(Tokens, target={"account": "canary"})])
        self.assertNotIn("canary", shown)
        self.assertNotIn("admin'", shown)

    def test_time_passes_in_sleep_only_and_lines_are_kept(self):
        with FakeHost.scripted() as outside:
            before = clock.now()
            clock.sleep(300)
            self.assertEqual(clock.now() - before, timedelta(minutes=5))
            log.info("a line")
        self.assertEqual(outside.logged, ["a line"])

    def test_the_manifest_is_completed_and_the_stamp_is_a_section(self):
        whole = to_json({"name": "a", "version": "1", "strategy": "overlap", "records": [], "requests": [
            {"method": "GET", "host": "h", "path": "/"}]})
        self.assertIn('"hosts": ["https://h"]', whole)
        self.assertIn('"steps": ["all"]', whole)
        values = [{"value": "all", "description": "Every old key."}, "none"]
        ranged = {"key": "days", "type": "int", "description": "d", "min": 1, "max": 730}
        chosen = {"key": "retire", "type": "enum", "description": "r", "values": values}
        settings = loads(to_json({**loads(whole), "settings": [ranged, chosen]}))["settings"]
        self.assertEqual(settings, [ranged, chosen])
        text = f"language=python sdk={pamrun.__version__}".encode()
        self.assertEqual(stamp(), bytes([0, 11 + len(text), 10]) + b"pamrun-sdk" + text)
