//! What of the C SDK does not need a component, compiled for this machine by the compiler that links Rust.

use std::path::Path;
use std::process::Command;

#[test]
fn the_c_sdk_passes_its_unit_tests() {
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/sdk-c");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c_sdk");
    let sources =
        ["src/call.c", "src/memory.c", "src/trying.c", "src/value.c", "testing/fake.c", "tests/sdk_test.c"];
    let built = Command::new("cc")
        .args(["-std=c2x", "-Wall", "-Wextra", "-Werror", "-o"])
        .arg(&program)
        .args(["include", "testing"].map(|folder| format!("-I{}", sdk.join(folder).display())))
        .args(sources.map(|source| sdk.join(source)))
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let run = Command::new(&program).output().unwrap();
    let told = [run.stdout, run.stderr].concat();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&told));
}
