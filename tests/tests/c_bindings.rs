//! The bindings that the C SDK hides are kept in the repository, because their generator takes minutes
//! to build; here it is built anyway.

use std::path::Path;

use wit_bindgen_core::Files;
use wit_bindgen_core::wit_parser::Resolve;

#[test]
fn the_kept_bindings_are_those_of_the_interface() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(root.join("wit/v1")).unwrap();
    let world = resolve.select_world(&[package], Some("rotator")).unwrap();
    let mut files = Files::default();
    // No object file: `plugin pack` knows the only world that there is.
    let options = wit_bindgen_c::Opts { no_object_file: true, ..Default::default() };
    options.build().generate(&mut resolve, world, &mut files).unwrap();
    let folder = root.join("plugins/sdk-c/generated");
    for (name, current) in files.iter() {
        let path = folder.join(name);
        if std::env::var_os("UPDATE_BINDINGS").is_some() {
            std::fs::write(&path, current).unwrap();
        }
        let kept = std::fs::read(&path).unwrap_or_default();
        assert!(kept == current, "run the tests once with UPDATE_BINDINGS=1, and commit {}", path.display());
    }
}
