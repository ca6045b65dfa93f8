//! What a file is that should be WebAssembly.

/// Says what a file that is no WebAssembly seems to be.
#[must_use]
pub fn seems(bytes: &[u8]) -> &'static str {
    match bytes {
        [] => "an empty file",
        [0x7f, b'E', b'L', b'F', ..] => "machine code for one kind of computer",
        [b'#', b'!', ..] => "a script",
        [0x1f, 0x8b, ..] | [b'P', b'K', ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => "a compressed archive",
        text if str::from_utf8(text).is_ok() => "a text",
        _ => "some other binary file",
    }
}
