//! `--confine`: what a script may touch then, on kernels that can hold it to that.

use std::path::Path;

use pamrun_tests::gateway::{Exec, Python, Run, script};

use crate::bench::{Bench, digest};

impl Bench {
    fn confined(&self, arguments: &[&str]) -> Exec<'_> {
        if !self.gateway.path("granted.toml").exists() {
            self.grant("");
        }
        let exec = self.exec(&script("misbehaving.py")).argument("--confine").argument("--");
        arguments.iter().fold(exec, Exec::argument)
    }

    /// Grants the script its interpreter, wherever that is, and more.
    fn grant(&self, lines: &str) {
        self.grant_to_read(&[], lines);
    }

    fn grant_to_read(&self, more: &[&Path], lines: &str) {
        let mut read = vec![Python::of_this_machine().prefix.as_path()];
        read.extend(more);
        let digest = digest(&std::fs::read(script("misbehaving.py")).unwrap());
        let config =
            format!("version = 1\n[[plugin]]\ndigest = \"sha256:{digest}\"\nread = {read:?}\n{lines}\n");
        self.gateway.write("granted.toml", &config);
        self.gateway.write("config.toml", config);
    }

    /// Runs it, and tells whether it said so.
    #[track_caller]
    fn says(&self, arguments: &[&str], said: &str) -> Run {
        let run = self.run(self.confined(arguments));
        run.ends("ran", 0);
        assert_eq!(run.outcome["plugin"]["sandbox"], "confined", "{run}");
        assert!(run.stderr.contains(&format!("info: {said}")), "{run}");
        run
    }
}

#[test]
fn a_confined_script_works_in_its_own_folder_and_nowhere_else() {
    let bench = Bench::new();
    let outside = bench.gateway.path("outside");
    bench.says(&["write_outside", outside.to_str().unwrap()], "not written:");
    assert!(!outside.exists());
}

#[test]
fn an_unconfined_script_writes_where_its_user_may() {
    let bench = Bench::new();
    let outside = bench.gateway.path("outside");
    let exec =
        bench.exec(&script("misbehaving.py")).argument("--").argument("write_outside").argument(&outside);
    bench.run(exec).ends("ran", 0);
    assert!(outside.exists());
}

#[test]
fn a_confined_script_reads_what_programs_need_and_not_what_users_keep() {
    let bench = Bench::new();
    let kept = bench.write("kept", "of somebody else");
    bench.says(&["read_outside", kept.to_str().unwrap()], "not read:");
    bench.says(&["read_outside", "/etc/passwd"], "read:");
    bench.says(&["read_outside", "/etc/shadow"], "not read:");
    let run = bench.says(&["read_outside", "/proc/self/environ"], "not read:");
    assert!(!run.stderr.contains("of somebody else"), "{run}");
}

#[test]
fn what_the_operator_grants_may_be_read_and_written() {
    let bench = Bench::new();
    let folder = bench.gateway.path("granted");
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("file");
    let path = file.to_str().unwrap();
    bench.grant(&format!("write = [\"{}\"]", folder.display()));
    bench.says(&["write_outside", path], "written");
    bench.grant_to_read(&[&folder], "");
    bench.says(&["read_outside", path], "read: outside");
    bench.says(&["write_outside", path], "not written:");
}

#[test]
fn a_grant_of_what_is_not_there_stops_the_script_before_it_runs() {
    let bench = Bench::new();
    bench.grant_to_read(&[Path::new("/no/such/folder")], "");
    let run = bench.run(bench.confined(&["nothing"]));
    run.ends("failed", 1).with_code("script-not-started");
    assert!(run.outcome["error"].to_string().contains("/no/such/folder"), "{run}");
}

#[test]
fn the_network_is_granted_or_not_there() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let bench = Bench::new();
    bench.says(&["connect", "127.0.0.1", &port], "not connected:");
    bench.grant("network = true");
    bench.says(&["connect", "127.0.0.1", &port], "connected");
}

#[test]
fn a_confined_script_in_a_virtual_environment_finds_it() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.gateway.path("venv/bin")).unwrap();
    let python = bench.gateway.path("venv/bin/python");
    let installed = Python::of_this_machine();
    std::os::unix::fs::symlink(&installed.program, &python).unwrap();
    let home = installed.program.parent().unwrap().display();
    let configuration = bench.write("venv/pyvenv.cfg", format!("home = {home}\n"));
    let exec = bench.confined(&["read_outside", configuration.to_str().unwrap()]);
    let run = bench.run(exec_with(exec, &python));
    run.ends("ran", 0);
    assert!(run.stderr.contains("info: read: home"), "{run}");
}

/// The interpreter must stand before what is for the script.
fn exec_with<'a>(exec: Exec<'a>, interpreter: &Path) -> Exec<'a> {
    exec.before("--", &["--interpreter".as_ref(), interpreter.as_os_str()])
}
