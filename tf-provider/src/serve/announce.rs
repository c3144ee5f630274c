//! How core learns where we are: the handshake line, or a variable that a person passes on.

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use serde_json::{Map, Value, json};

/// Version of the handshake, and of the plugin protocol.
const VERSIONS: &str = "1|6";

/// The one line of stdout that core waits for.
///
/// A seventh field must not be there unless core has said that it reads it: older ones take it for a part of
/// the certificate.
pub(super) fn handshake(path: &Path, certificate: Option<&[u8]>, multiplex: bool) -> String {
    let path = path.display();
    let certificate = certificate.map(|der| STANDARD_NO_PAD.encode(der)).unwrap_or_default();
    let multiplexed = if multiplex { "|false" } else { "" };
    format!("{VERSIONS}|unix|{path}|grpc|{certificate}{multiplexed}")
}

/// The variable that makes Terraform and OpenTofu use a provider that runs already.
pub(super) fn reattach(source: &str, pid: u32, path: &Path) -> String {
    let provider = json!({
        "Protocol": "grpc",
        "ProtocolVersion": 6,
        "Pid": pid,
        "Test": true, // Core does not stop what it did not start.
        "Addr": { "Network": "unix", "String": path.display().to_string() },
    });
    let providers: Map<String, Value> =
        addresses(source).into_iter().map(|address| (address, provider.clone())).collect();
    format!("TF_REATTACH_PROVIDERS='{}'", Value::Object(providers))
}

/// Each core has a registry of its own for sources without a host.
fn addresses(source: &str) -> Vec<String> {
    if source.split('/').count() > 2 {
        return vec![source.to_owned()];
    }
    ["registry.terraform.io", "registry.opentofu.org"]
        .map(|registry| format!("{registry}/{source}"))
        .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handshake_lines() {
        let path = Path::new("/tmp/plugin1/plugin2");
        for (certificate, multiplex, line) in [
            (None, false, "1|6|unix|/tmp/plugin1/plugin2|grpc|"),
            (Some(&b"a"[..]), false, "1|6|unix|/tmp/plugin1/plugin2|grpc|YQ"),
            (Some(&b"\xfb\xff"[..]), true, "1|6|unix|/tmp/plugin1/plugin2|grpc|+/8|false"),
            (None, true, "1|6|unix|/tmp/plugin1/plugin2|grpc||false"),
        ] {
            assert_eq!(handshake(path, certificate, multiplex), line);
        }
    }

    #[test]
    fn both_registries_find_a_source_without_a_host() {
        assert_eq!(
            addresses("big/cloud"),
            ["registry.terraform.io/big/cloud", "registry.opentofu.org/big/cloud"]
        );
        assert_eq!(addresses("example.com/big/cloud"), ["example.com/big/cloud"]);
    }

    #[test]
    fn a_reattach_variable_can_be_pasted() {
        let variable = reattach("example.com/big/cloud", 7, Path::new("/tmp/s"));
        assert_eq!(
            variable,
            concat!(
                r#"TF_REATTACH_PROVIDERS='{"example.com/big/cloud":{"Addr":{"Network":"unix","#,
                r#""String":"/tmp/s"},"Pid":7,"Protocol":"grpc","ProtocolVersion":6,"Test":true}}'"#,
            )
        );
    }
}
