"""The plugin's judgement, against a host that answers by the names of requests. `make test` runs it."""

import unittest
from datetime import timedelta

from pamrun import Credential, Failure, Plan, Retired, Uncertain, Verified
from pamrun.testing import FakeHost, answer, listed, lost, rejected, request, unavailable
from plugin import Tokens

GIVEN = request({"target.account": "acme", "target.token_id": "old"})
PLAN = Plan("one token", ["old"])


class Steps(unittest.TestCase):
    def test_what_the_record_names_is_planned_for_removal(self):
        with FakeHost({"tokens": answer(items=[listed("old"), listed("other")])}) as outside:
            plan = Tokens().preflight(GIVEN)
        self.assertEqual(plan, Plan("one token that lives for 90 days", ["old"]))
        self.assertEqual(outside.called(), ["tokens"])

    def test_a_record_that_names_no_token_is_told(self):
        with FakeHost({"tokens": answer(items=[listed("other")])}):
            plan = Tokens().preflight(GIVEN)
        self.assertEqual((plan.removes, [one.code for one in plan.findings]), ([], ["no-old-token"]))

    def test_a_service_that_asks_to_wait_is_waited_for(self):
        busy = rejected(429, retry_after=timedelta(seconds=7))
        with FakeHost({"tokens": [busy, answer()]}) as outside:
            Tokens().preflight(GIVEN)
        self.assertEqual(outside.elapsed, 7)

    def test_a_token_is_made_once(self):
        made = answer(id="new", expires="2031-01-01T00:00:00Z")
        with FakeHost({"create": made}):
            self.assertEqual(Tokens().rotate(GIVEN, PLAN), Credential("new", expires="2031-01-01T00:00:00Z"))
        with FakeHost({"create": lost()}) as outside, self.assertRaises(Uncertain):
            Tokens().rotate(GIVEN, PLAN)
        self.assertEqual(outside.called(), ["create"])

    def test_a_new_token_may_take_a_while(self):
        with FakeHost({"whoami": [rejected(401), unavailable(503), answer(account="acme")]}):
            self.assertEqual(Tokens().verify(GIVEN, PLAN, "new"), Verified())

    def test_a_token_that_is_never_accepted_is_the_wrong_credential(self):
        with FakeHost({"whoami": rejected(401)}) as outside, self.assertRaises(Failure) as raised:
            Tokens().verify(GIVEN, PLAN, "new")
        self.assertEqual((raised.exception.kind, outside.elapsed), ("wrong-credential", 60))

    def test_what_is_gone_already_is_looked_for_twice(self):
        with FakeHost({"delete": rejected(404), "tokens": answer()}) as outside:
            self.assertEqual(Tokens().commit(GIVEN, PLAN, "new"), [Retired("old", "gone")])
        self.assertEqual(outside.calls, [("delete", {"key": "old"}), ("tokens", {}), ("tokens", {})])

    def test_rollback_removes_every_try_and_nothing_else(self):
        second = GIVEN.marker.removesuffix("1") + "2"
        shown = [listed("old", "by hand"), listed("a", GIVEN.marker), listed("b", second), listed("c", None)]
        with FakeHost({"tokens": answer(items=shown), "delete": answer()}) as outside:
            retired = Tokens().rollback(GIVEN, PLAN, "c")
        self.assertEqual([one.id for one in retired], ["a", "b", "c"])
        self.assertEqual(outside.called(), ["tokens", "delete", "delete", "delete"])
