use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::guests::{denied, packed, plan, wait};
use crate::limits::Limits;
use crate::model::{Failure, FailureKind, InputGroup, Plan, Request, Role, StepName};
use crate::policy::{Deny, Grant, Operator, Removals};
use crate::rotation::{Call, LogLine, Plugin, StepError, StepResult};
use crate::secret::{Redactor, Secret};
use crate::wasm::{Gate, NetworkOptions};

/// Runs preflight of a guest, and hands out what came of it and what it logged.
fn run(body: &str, limits: &Limits) -> (StepResult<Plan>, Vec<LogLine>) {
    let redactor = Redactor::default();
    redactor.learn(&Secret::new("hunter2-hunter2"));
    let lines = Rc::new(RefCell::new(Vec::new()));
    let sink = Rc::clone(&lines);
    let gate = Arc::new(Gate::new(NetworkOptions::default(), limits).unwrap());
    // A step may be short of time; compiling here is not.
    let packed = packed(body, &Limits { timeout: Limits::default().timeout, ..limits.clone() });
    packed.load().unwrap();
    let log = Rc::new(move |line| sink.borrow_mut().push(line));
    let mut plugin = packed.instantiate(limits, gate, redactor, log);

    let grant = Grant::new([], &Operator::default()).unwrap();
    let grant = grant.for_step(StepName::Preflight, Removals::Nothing);
    let value = |text: &str| pamrun_contract::value::Value::text(text);
    let inputs = InputGroup {
        name: "target".to_owned(),
        record: "uid".to_owned(),
        role: Role::Target,
        values: vec![("key_id".to_owned(), value("k0")), ("key".to_owned(), value("the-old-key").secret())],
    };
    let request = Request {
        rotation_id: "rotation".to_owned(),
        marker: "pamrun-abcdef-rotation.1".to_owned(),
        attempt: 1,
        records: Vec::new(),
        inputs: vec![inputs],
        settings: Vec::new(),
        proposed: None,
        deliver: Vec::new(),
        delivered_id: None,
    };
    let call = Call { request: &request, grant: &grant, budget: limits.timeout };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let result = runtime.block_on(plugin.preflight(call));
    (result, lines.take())
}

fn preflight(body: &str, limits: &Limits) -> (Result<Plan, StepError>, Vec<LogLine>) {
    let (step, lines) = run(body, limits);
    (step.result, lines)
}

/// The name of the limit that a guest was stopped by.
fn limit(body: &str, limits: &Limits) -> &'static str {
    match preflight(body, limits).0 {
        Err(StepError::Limit { name, .. }) => name,
        other => panic!("no limit: {other:?}"),
    }
}

#[test]
fn a_step_returns_what_the_guest_returned_and_the_host_knows() {
    let (result, _) = preflight(&plan(12, 2), &Limits::default());
    let plan = result.unwrap();
    let Plan { target, creates, findings, .. } = &plan;
    assert_eq!((target.as_str(), creates.as_str(), findings.len()), ("keys:k0", "the password", 2));
}

#[test]
fn a_module_for_wasi_0_1_runs_in_the_same_empty_sandbox() {
    let fail_if = |condition: &str| format!("(if {condition} (then unreachable))");
    let body = [
        // Random numbers are there, and stdout is the log.
        fail_if("(call $random_get (i32.const 640) (i32.const 16))"),
        fail_if("(i64.eqz (i64.load (i32.const 640)))"),
        "(i32.store (i32.const 600) (i32.const 256)) (i32.store (i32.const 604) (i32.const 12))".to_owned(),
        fail_if("(call $fd_write (i32.const 1) (i32.const 600) (i32.const 1) (i32.const 608))"),
        // No variable of the environment, no argument, and no folder: descriptor 3 is bad (8).
        fail_if("(call $environ (i32.const 620) (i32.const 624))"),
        fail_if("(i32.load (i32.const 620))"),
        fail_if("(call $arguments (i32.const 620) (i32.const 624))"),
        fail_if("(i32.load (i32.const 620))"),
        fail_if("(i32.ne (call $prestat (i32.const 3) (i32.const 620)) (i32.const 8))"),
        plan(12, 0),
    ];
    let (result, lines) = preflight(&body.concat(), &Limits::default());
    assert_eq!(result.unwrap().creates, "the password");
    let texts: Vec<_> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["the password"]);
}

#[test]
fn a_call_that_is_not_declared_is_refused_and_noted_whatever_the_guest_makes_of_it() {
    let call = "(call $call (i32.const 12))";
    let (step, _) = run(&format!("{call} {call} {}", plan(1, 0)), &Limits::default());
    step.result.unwrap();
    let [Deny::NotDeclared(why)] = &step.trace.denials[..] else { panic!("{:?}", step.trace.denials) };
    assert!(why.contains("no request `the password`"), "{why}");
    let (step, _) = run(&format!("{call} {}", denied(8, 3)), &Limits::default());
    assert!(matches!(step.result, Err(StepError::Refused(Deny::NotDeclared(_)))), "{:?}", step.result);
    assert_eq!(step.trace.denials, []);
}

#[test]
fn calls_that_are_refused_have_an_end() {
    let limits = Limits { requests: 10, ..Limits::default() };
    assert_eq!(
        limit("(loop $again (call $call (i32.const 12)) (br $again)) unreachable", &limits),
        "requests"
    );
}

#[test]
fn a_busy_loop_ends_with_the_cpu_limit() {
    let limits = Limits { cpu: Duration::from_millis(50), ..Limits::default() };
    assert_eq!(limit("(loop $again (br $again)) unreachable", &limits), "cpu");
}

#[test]
fn waiting_for_ever_ends_with_the_budget() {
    let limits = Limits { timeout: Duration::from_millis(50), ..Limits::default() };
    assert_eq!(limit(&(wait(Duration::from_hours(1)) + "unreachable"), &limits), "timeout");
}

#[test]
fn waiting_is_no_computing() {
    let limits = Limits { cpu: Duration::from_millis(50), ..Limits::default() };
    let (result, _) = preflight(&(wait(Duration::from_millis(200)) + &plan(1, 0)), &limits);
    assert!(result.is_ok(), "{result:?}");
}

#[test]
fn hoarding_memory_ends_with_the_memory_limit() {
    let hoard = "(loop $again (drop (memory.grow (i32.const 16))) (br $again)) unreachable";
    assert_eq!(limit(hoard, &Limits::default()), "memory");
}

#[test]
fn a_guest_that_starts_too_large_meets_the_memory_limit() {
    assert_eq!(limit("unreachable", &Limits { memory: 1000, ..Limits::default() }), "memory");
}

#[test]
fn flooding_the_log_ends_with_the_log_limit() {
    for length in [40, 0] {
        let flood = format!("(loop $again (call $say (i32.const {length})) (br $again)) unreachable");
        assert_eq!(limit(&flood, &Limits::default()), "log");
    }
}

#[test]
fn returning_too_much_ends_with_the_output_limit() {
    let limits = Limits { output: 100, ..Limits::default() };
    assert_eq!(limit(&plan(90, 0), &limits), "output");
    assert_eq!(limit(&plan(1, 5), &limits), "output");
    // So much that the host must not even take it over.
    let grow = "(drop (memory.grow (i32.const 512)))".to_owned();
    assert_eq!(limit(&(grow + &plan(1, 1_000_000)), &Limits::default()), "output");
}

#[test]
fn a_log_line_is_redacted_escaped_and_cut_at_line_ends() {
    let (_, lines) = preflight(&format!("(call $say (i32.const 46)) {}", plan(12, 0)), &Limits::default());
    let texts: Vec<_> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts[..2], ["the password is [redacted]", "line two \\u{1b}[31m"]);
    assert!(texts.len() == 3 && texts[2].contains("logged in preflight held a secret"), "{texts:?}");
    assert_eq!(lines[0].step, StepName::Preflight);
}

#[test]
fn the_log_of_a_step_that_traps_is_dropped() {
    let (result, lines) = preflight("(call $say (i32.const 12)) unreachable", &Limits::default());
    assert!(matches!(result, Err(StepError::Trap(why)) if why.contains("panicked or aborted")));
    assert_eq!(lines, []);
}

#[test]
fn a_failure_keeps_its_kind_and_loses_secrets_and_odd_codes() {
    let (result, _) = preflight(&denied(8, 31), &Limits::default());
    let failure = Failure {
        kind: FailureKind::Denied,
        code: "password".to_owned(),
        message: "the password is [redacted]".to_owned(),
        fix: None,
    };
    assert_eq!(result, Err(StepError::Failure(failure)));
    let (result, _) = preflight(&denied(20, 3), &Limits::default());
    assert!(matches!(result, Err(StepError::Failure(Failure { code, .. })) if code == "plugin-failure"));
}
