//! The invariants 1 to 6 of ARCHITECTURE.md, a function each.

use super::{
    Tree, is_rust,
    manifest::{dependencies, has_table},
    source::{Name, Source},
};

/// The modules of the provider, each with those it may name: data flows one way, and an arrow
/// leads on to where the next one goes.
const ARROWS: &[(&str, &[&str])] = &[
    ("wait", &[]),
    ("parse_error", &[]),
    ("http_client", &[]),
    ("rules", &["parse_error"]),
    ("cloud", &["http_client", "parse_error", "rules", "wait"]),
    ("cluster", &["http_client", "parse_error", "rules", "wait"]),
    ("groups", &["cloud", "parse_error", "rules", "wait"]),
    ("pods", &["cloud", "cluster", "groups", "parse_error", "rules", "wait"]),
    ("diagnostics", &["cloud", "cluster", "groups", "parse_error", "pods", "rules", "wait"]),
    ("client", &["cloud", "cluster", "diagnostics", "groups", "pods", "wait"]),
    ("functions", &["diagnostics", "parse_error", "rules"]),
    ("resources", COMPONENTS),
    ("data_sources", COMPONENTS),
    ("list_resources", COMPONENTS),
    ("actions", COMPONENTS),
    ("ephemerals", COMPONENTS),
    ("provider", EVERYTHING),
];

/// What a component that uses the APIs may name.
const COMPONENTS: &[&str] = &[
    "client",
    "cloud",
    "cluster",
    "diagnostics",
    "groups",
    "parse_error",
    "pods",
    "rules",
    "wait",
];

/// What the provider block may name. Nothing but `main` may name `provider`.
const EVERYTHING: &[&str] = &[
    "actions",
    "client",
    "cloud",
    "cluster",
    "data_sources",
    "diagnostics",
    "ephemerals",
    "functions",
    "groups",
    "list_resources",
    "parse_error",
    "pods",
    "resources",
    "rules",
    "wait",
];

/// The modules that know Terraform.
const TERRAFORM: &[&str] = &[
    "actions",
    "client",
    "data_sources",
    "diagnostics",
    "ephemerals",
    "functions",
    "list_resources",
    "provider",
    "resources",
];

/// What opens a connection, or is made of what does.
const SOCKETS: &[&str] = &[
    "TcpListener",
    "TcpStream",
    "ToSocketAddrs",
    "UdpSocket",
    "UnixDatagram",
    "UnixListener",
    "UnixStream",
    "hyper",
    "hyper_util",
    "kube",
    "reqwest",
    "tonic",
];

/// Where answers follow from arguments alone; a name that ends in `/` is a folder.
const PURE: &[&str] = &[
    "src/cloud/sign.rs",
    "src/cloud/error.rs",
    "src/cloud/error_kind.rs",
    "src/rules.rs",
    "src/rules/",
    "tf-provider/src/lifecycle/plan.rs",
    "tf-provider/src/lifecycle/semantic_equality.rs",
];

/// Names of modules that do not say what is inside.
const VAGUE_NAMES: &[&str] = &["common", "helper", "helpers", "misc", "util", "utils"];

/// 1. `cloud` and `cluster` know neither each other nor Terraform, and arrows point one way.
pub(super) fn layers(tree: &Tree) -> Vec<String> {
    in_each(tree, "src/", |source| {
        let module = source.module();
        let Some(module) = module.first().copied() else {
            return vec![]; // lib.rs lists the modules, main.rs serves them
        };
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == module) else {
            let advice = "give it a place among the arrows in xtask/src/tidy/invariants.rs";
            return vec![format!("{}:1: `{module}` is a new module; {advice}", source.file)];
        };
        let arrows = find(source, |name| {
            let to = name.module()?;
            let inside = to == module || allowed.contains(&to);
            (!inside).then(|| {
                format!("`{module}` may not name `{to}`; move what is shared down, or pass it in")
            })
        });
        let terraform = find(source, |name| {
            let knows = name.starts_with("tf_provider") && !TERRAFORM.contains(&module);
            knows.then(|| {
                format!("`{module}` knows nothing of Terraform; let src/resources translate")
            })
        });
        [arrows, terraform].concat()
    })
}

/// 2. Only one place names generated types, one opens sockets, and one reads the environment.
pub(super) fn access(tree: &Tree) -> Vec<String> {
    let generated = in_each(tree, "tf-provider/src/", |source| {
        // `testing` plays core: it stands at the other end of the wire.
        if source.module().first().is_some_and(|module| ["protocol", "testing"].contains(module)) {
            return vec![];
        }
        find(source, |name| {
            name.has(&["generated", "prost", "prost_types", "tfplugin6"]).then(|| {
                "generated types stay in tf-provider/src/protocol; translate there".to_owned()
            })
        })
    });
    let sockets = in_each(tree, "src/", |source| {
        let module = source.module();
        if module.first().is_some_and(|module| ["cloud", "cluster"].contains(module)) {
            return vec![];
        }
        find(source, |name| {
            let opens = name.has(SOCKETS) || name.starts_with("tokio::net");
            opens.then(|| "only src/cloud and src/cluster open sockets; ask them".to_owned())
        })
    });
    let environment = in_each(tree, "src/", |source| {
        if source.module().first() == Some(&"provider") {
            return vec![];
        }
        find(source, |name| {
            let reads = name.starts_with("std::env")
                || name.starts_with("env") && name.segments.len() > 1
                || name.segments.ends_with(&["Config".into(), "infer".into()])
                || name.segments.ends_with(&["Kubeconfig".into(), "read".into()])
                || name.segments.ends_with(&["Client".into(), "try_default".into()]);
            reads
                .then(|| "only src/provider.rs reads the environment; pass the value in".to_owned())
        })
    });
    [generated, sockets, environment].concat()
}

/// 3. The sandbox shares no code with `src/`, so that a misread API shows as a failing test.
pub(super) fn sandbox(tree: &Tree) -> Vec<String> {
    let shared = "the sandbox must be able to disagree with src/; write it from the API reference";
    let mut findings = in_each(tree, "sandbox/", |source| {
        let ours = ["terraform_provider_tke", "tf_provider", "tf_provider_derive"];
        find(source, |name| {
            let includes = name.has(&["include", "include_bytes", "include_str", "path"]);
            (name.has(&ours) || includes && reaches_out(tree, source)).then(|| shared.to_owned())
        })
    });
    let manifest = tree.files.get("sandbox/Cargo.toml").map_or("", String::as_str);
    for package in dependencies(manifest, |table| table.ends_with("dependencies")) {
        if ["terraform-provider-tke", "tf-provider", "tf-provider-derive"].contains(&package) {
            findings.push(format!("sandbox/Cargo.toml: `{package}`: {shared}"));
        }
    }
    let manifest = tree.files.get("Cargo.toml").map_or("", String::as_str);
    if dependencies(manifest, |table| table == "dependencies").contains(&"tke-sandbox") {
        findings.push(format!("Cargo.toml: `tke-sandbox` is for tests only: {shared}"));
    }
    findings.extend(in_each(tree, "src/", |source| {
        find(source, |name| name.has(&["tke_sandbox"]).then(|| shared.to_owned()))
    }));
    findings
}

/// 4. Resources never call each other. Functions are pure and offline.
pub(super) fn components(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for kind in
        ["actions", "data_sources", "ephemerals", "functions", "list_resources", "resources"]
    {
        findings.extend(in_each(tree, &format!("src/{kind}/"), |source| {
            let module = source.module();
            let own = module.get(1).copied().unwrap_or_default();
            find(source, |name| {
                let target = name.segments.get(2).map(String::as_str)?;
                // What is not a file or a type of theirs is what all of them share.
                let theirs = target == "*"
                    || target.starts_with(char::is_uppercase)
                    || tree.has(&format!("src/{kind}/{target}.rs"));
                (name.module() == Some(kind) && target != own && theirs)
                    .then(|| format!("`{own}` may not name `{target}`; share a lower layer"))
            })
        }));
    }
    findings.extend(in_each(tree, "src/functions/", |source| {
        find(source, |name| {
            let outside = is_impure(name) || name.has(&["Cx", "cloud", "cluster"]);
            outside.then(|| "a function answers from its arguments alone".to_owned())
        })
    }));
    findings
}

/// 5. No `mod.rs`, no vague names, no Cargo features in the provider, no globals.
pub(super) fn conventions(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for file in tree.files.keys().filter(|file| is_rust(file)) {
        if file.ends_with("/mod.rs") {
            findings
                .push(format!("{file}: name it after its folder, and put it next to the folder"));
        }
        let mut parts = file.trim_end_matches(".rs").split('/');
        if let Some(name) = parts.find(|part| VAGUE_NAMES.contains(part)) {
            findings.push(format!("{file}: `{name}` says nothing; name the one idea in it"));
        }
    }
    let optional = |manifest: &String| manifest.contains("optional = true");
    if tree.files.get("Cargo.toml").is_some_and(|m| has_table(m, "features") || optional(m)) {
        findings.push("Cargo.toml: one provider, one build: no features, nothing optional".into());
    }
    for folder in ["src/", "tf-provider/src/", "tf-provider-derive/src/"] {
        findings.extend(in_each(tree, folder, |source| {
            find(source, |name| {
                let global = name.text() == "static"
                    || name.has(&["LazyLock", "OnceLock", "lazy_static", "thread_local"]);
                global.then(|| {
                    "no globals: hold it where it is made, and pass it to who needs it".to_owned()
                })
            })
        }));
    }
    findings
}

/// 6. Signing, planning, rule algebra and error classification see no clock and no network.
pub(super) fn purity(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for place in PURE {
        let mut files = tree.files.keys().filter(|file| file.starts_with(place));
        if files.next().is_none() {
            findings
                .push(format!("{place}: gone; name its successor in xtask/src/tidy/invariants.rs"));
        }
        findings.extend(in_each(tree, place, |source| {
            find(source, |name| {
                is_impure(name)
                    .then(|| "what is decided here follows from arguments alone".to_owned())
            })
        }));
    }
    findings
}

/// Whether a name leads to a clock, the network, the disk, the environment, chance or waiting.
fn is_impure(name: &Name) -> bool {
    let outside = ["async", "await", "elapsed", "now", "rand", "getrandom", "tokio"];
    name.has(SOCKETS)
        || name.has(&outside)
        || ["std::env", "std::fs", "std::process", "std::thread", "env", "fs"]
            .iter()
            .any(|path| name.starts_with(path) && name.segments.len() > 1)
}

/// Whether a file of the sandbox includes one from outside its package.
fn reaches_out(tree: &Tree, source: &Source) -> bool {
    tree.files.get(&source.file).is_some_and(|text| text.contains("../src"))
}

fn in_each(tree: &Tree, folder: &str, rule: impl Fn(&Source) -> Vec<String>) -> Vec<String> {
    tree.sources(folder).flat_map(rule).collect()
}

/// One finding for each name that `fault` objects to.
fn find(source: &Source, fault: impl Fn(&Name) -> Option<String>) -> Vec<String> {
    let findings = source.names.iter().filter_map(|name| {
        let advice = fault(name)?;
        Some(format!("{}:{}: `{}`: {advice}", source.file, name.line, name.text()))
    });
    findings.collect()
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, *};

    #[test]
    fn arrow_between_cloud_and_cluster_or_upwards_is_found() {
        check(
            layers,
            &[
                ("src/cloud.rs", "use crate::rules::Rule;"),
                ("src/cloud/client.rs", "use crate::cluster::Cluster;"),
                ("src/cluster.rs", "use crate::{groups::Groups, cloud};"),
                ("src/groups.rs", "use crate::{cloud, rules};"),
                ("src/main.rs", "tf_provider::serve()"),
                ("src/provider.rs", "use crate::{resources::Group, wait::retry};"),
                ("src/resources.rs", "use crate::{client::Client, provider::Tke};"),
            ],
            &[
                "src/cloud/client.rs:1: `crate::cluster::Cluster`: `cloud` may not name `cluster`",
                "src/cluster.rs:1: `crate::groups::Groups`: `cluster` may not name `groups`",
                "src/cluster.rs:1: `crate::cloud`: `cluster` may not name `cloud`",
                "src/resources.rs:1: `crate::provider::Tke`: `resources` may not name `provider`",
            ],
        );
    }

    #[test]
    fn terraform_below_the_resources_is_found() {
        check(
            layers,
            &[
                ("src/groups/actor.rs", "\nfn f(d: tf_provider::Diagnostics) {}"),
                ("src/resources/security_group.rs", "use tf_provider::Model;"),
            ],
            &["src/groups/actor.rs:2: `tf_provider::Diagnostics`: `groups` knows nothing"],
        );
    }

    #[test]
    fn module_without_arrows_is_found() {
        check(layers, &[("src/quotas.rs", "")], &["src/quotas.rs:1: `quotas` is a new module"]);
    }

    #[test]
    fn use_of_generated_types_sockets_and_environment_outside_their_modules_is_found() {
        check(
            access,
            &[
                ("tf-provider/src/protocol/wire.rs", "use super::generated::tfplugin6;"),
                ("tf-provider/src/lifecycle.rs", "use crate::protocol::generated::tfplugin6;"),
                ("src/cloud/client.rs", "reqwest::Client::new()"),
                ("src/groups.rs", "std::net::TcpStream::connect(a)"),
                ("src/provider.rs", "std::env::var(\"A\")"),
                ("src/cluster.rs", "use std::env; kube::Config::infer()"),
                ("src/rules.rs", "use std::net::Ipv4Addr; env!(\"A\")"),
            ],
            &[
                "tf-provider/src/lifecycle.rs:1: `crate::protocol::generated::tfplugin6`: generated",
                "src/groups.rs:1: `std::net::TcpStream::connect`: only src/cloud and src/cluster",
                "src/cluster.rs:1: `std::env`: only src/provider.rs reads the environment",
                "src/cluster.rs:1: `kube::Config::infer`: only src/provider.rs reads",
            ],
        );
    }

    #[test]
    fn code_shared_with_the_sandbox_is_found() {
        check(
            sandbox,
            &[
                ("sandbox/src/lib.rs", "use terraform_provider_tke::rules::Rule;"),
                ("sandbox/src/rule.rs", "include!(\"../../src/rules.rs\");"),
                ("sandbox/Cargo.toml", "[dependencies]\naxum = \"1\"\n[dependencies.tf-provider]"),
                ("Cargo.toml", "[dependencies]\ntke-sandbox.workspace = true"),
                ("src/groups.rs", "#[cfg(test)] mod tests { use tke_sandbox::Sandbox; }"),
            ],
            &[
                "sandbox/src/lib.rs:1: `terraform_provider_tke::rules::Rule`: the sandbox must",
                "sandbox/src/rule.rs:1: `include`: the sandbox must",
                "sandbox/Cargo.toml: `tf-provider`: the sandbox must",
                "Cargo.toml: `tke-sandbox` is for tests only",
            ],
        );
        check(
            sandbox,
            &[
                ("Cargo.toml", "[workspace.dependencies]\ntke-sandbox = { path = \"sandbox\" }"),
                ("sandbox/src/lib.rs", "include!(\"seed.rs\");"),
            ],
            &[],
        );
    }

    #[test]
    fn resource_that_names_another_and_impure_function_are_found() {
        check(
            components,
            &[
                ("src/resources/rule.rs", "use super::group::find; use super::rule::tests;"),
                ("src/resources/policy.rs", "use super::{Group, in_region}; use super::*;"),
                ("src/resources/group.rs", "use crate::{groups::Groups, rules::Rule};"),
                ("src/functions/parse.rs", "async fn f() { std::fs::read(p) }"),
            ],
            &[
                "src/resources/policy.rs:1: `crate::resources::Group`: `policy` may not name",
                "src/resources/policy.rs:1: `crate::resources::*`: `policy` may not name",
                "src/resources/rule.rs:1: `crate::resources::group::find`: `rule` may not name",
                "src/functions/parse.rs:1: `async`: a function answers",
                "src/functions/parse.rs:1: `std::fs::read`: a function answers",
            ],
        );
    }

    #[test]
    fn vague_names_features_and_globals_are_found() {
        check(
            conventions,
            &[
                ("src/groups/mod.rs", ""),
                ("sandbox/src/utils/a.rs", ""),
                ("Cargo.toml", "[dependencies]\nfast = { version = \"1\", optional = true }"),
                ("tf-provider/Cargo.toml", "[features]\ntesting = []"),
                ("src/cloud.rs", "static A: &'static str = \"\";"),
                ("src/pods.rs", "use std::sync::OnceLock;"),
            ],
            &[
                "sandbox/src/utils/a.rs: `utils` says nothing",
                "src/groups/mod.rs: name it after its folder",
                "Cargo.toml: one provider, one build",
                "src/cloud.rs:1: `static`: no globals",
                "src/pods.rs:1: `std::sync::OnceLock`: no globals",
            ],
        );
    }

    #[test]
    fn impure_name_and_missing_file_are_found() {
        let pure = "fn f(at: Timestamp) {} #[cfg(test)] mod tests { tokio::spawn() }";
        let mut files = [
            ("src/cloud/sign.rs", pure),
            ("src/cloud/error.rs", pure),
            ("src/cloud/error_kind.rs", pure),
            ("src/rules.rs", pure),
            ("src/rules/id.rs", pure),
            ("tf-provider/src/lifecycle/plan.rs", pure),
            ("tf-provider/src/lifecycle/semantic_equality.rs", pure),
        ];
        check(purity, &files, &[]);

        files[0].1 = "fn sign() { Timestamp::now() }";
        files[3].1 = "async fn rule() { std::env::var(\"A\") }";
        check(
            purity,
            &files,
            &[
                "src/cloud/sign.rs:1: `Timestamp::now`: what is decided here",
                "src/rules.rs:1: `async`: what is decided here",
                "src/rules.rs:1: `std::env::var`: what is decided here",
            ],
        );
        check(
            purity,
            &files[1..],
            &["src/cloud/sign.rs: gone", "src/rules.rs:1", "src/rules.rs:1"],
        );
    }
}
