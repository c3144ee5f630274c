//! `cargo xtask codegen [--check]`: writes `tf-provider/src/protocol/generated/` from `proto/`.
//!
//! A package of its own, so that nobody who only builds or tests waits for a protobuf compiler.

use std::{
    error::Error,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

const FILES: [&str; 4] =
    ["tfplugin6.proto", "grpc_controller.proto", "grpc_stdio.proto", "grpc_broker.proto"];

/// Each package becomes one file of the same name.
const PACKAGES: [&str; 2] = ["plugin", "tfplugin6"];

fn main() -> ExitCode {
    let result = match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => write(),
        [flag] if flag == "--check" => check(),
        _ => Err("usage: cargo xtask codegen [--check]".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "this is a command line tool")]
            {
                eprintln!("codegen: {error}");
            }
            ExitCode::FAILURE
        }
    }
}

fn write() -> Result<(), Box<dyn Error>> {
    for (path, code) in generate()? {
        fs::write(&path, code).map_err(|e| format!("writing {}: {e}", path.display()))?;
    }
    Ok(())
}

fn check() -> Result<(), Box<dyn Error>> {
    for (path, code) in generate()? {
        if fs::read_to_string(&path).unwrap_or_default() != code {
            let path = path.display();
            return Err(format!("{path} is not what proto/ says; run `cargo xtask codegen`").into());
        }
    }
    Ok(())
}

/// What the generated files should hold.
fn generate() -> Result<Vec<(PathBuf, String)>, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let made = tempfile::tempdir()?;
    tonic_prost_build::configure()
        .out_dir(made.path())
        // Maps in the order of their keys: what we send depends on nothing but what it says.
        .btree_map(".")
        // They hold what users keep secret; generated.rs prints their sizes instead.
        .skip_debug([".tfplugin6.DynamicValue", ".tfplugin6.RawState"])
        // A server answers `Unimplemented` to what it does not define.
        .generate_default_stubs(true)
        // Only the client that plays core needs these, and it brings its own connection.
        .client_mod_attribute(".", "#[cfg(feature = \"testing\")]")
        .build_transport(false)
        .compile_fds(protox::compile(FILES, [root.join("proto")])?)?;

    PACKAGES
        .into_iter()
        .map(|package| {
            let file = format!("{package}.rs");
            let code = format!(
                "//! The protobuf package `{package}`. Made by `cargo xtask codegen` from `proto/`; do not edit.\n\n{}",
                fs::read_to_string(made.path().join(&file))?
            );
            let path = root.join("tf-provider/src/protocol/generated").join(file);
            Ok((path, format(&root, &code)?))
        })
        .collect()
}

/// As `cargo fmt` would leave it, so that both checks agree.
fn format(root: &Path, code: &str) -> Result<String, Box<dyn Error>> {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024"])
        .current_dir(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| format!("starting rustfmt: {e}"))?;
    // The handle is dropped here, which is how rustfmt learns that the input has ended.
    rustfmt.stdin.take().ok_or("rustfmt has no input")?.write_all(code.as_bytes())?;
    let output = rustfmt.wait_with_output()?;
    if !output.status.success() {
        return Err("rustfmt refused the generated code".into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_code_is_what_proto_says() {
        check().unwrap();
    }
}
