//! `cargo xtask docs`: the registry's pages, made from what the provider declares.
//!
//! Their maker is a package of its own, `xtask/docs`, since it is built with the whole provider.

use std::{fs, process::Command};

use serde_json::{Value, json};

use crate::{
    Result, root,
    steps::{Steps, cargo},
    target,
    terraform::{Choice, Terraform},
    tools,
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail where a page is not what would be made.
    #[arg(long)]
    check: bool,
    /// Let the registry's own tool check the pages, too.
    #[arg(long)]
    validate: bool,
    #[command(flatten)]
    choice: Choice,
}

pub(crate) fn run(args: &Args) -> Result {
    let mut command = cargo("run --quiet -p docs --");
    if args.check {
        command.arg("--check");
    }
    Steps::run(|steps| {
        steps.command("docs", &mut command, "run `cargo xtask docs` and commit what it wrote")?;
        if args.validate {
            let build = &mut cargo("build -p terraform-provider-tke");
            steps.command("provider", build, "mend what the compiler names")?;
            validate(steps, &args.choice)?;
        }
        Ok(())
    })
}

/// The registry's own check of the pages, against the schema that Terraform got from the provider.
/// The provider is built already.
pub(crate) fn validate(steps: &mut Steps, choice: &Choice) -> Result {
    let Some(program) = tools::build_tfplugindocs()? else {
        println!("\nThe pages are not checked by tfplugindocs: there is no Go to build it with.");
        return Ok(());
    };
    let folder = tempfile::Builder::new().prefix("tke-docs-").tempdir()?;
    fs::copy(root().join("examples/provider/provider.tf"), folder.path().join("main.tf"))?;
    let provider = target()?.join("debug");
    let terraform = Terraform::new(choice.find()?, folder.path(), &provider, &[])?;
    let printed = terraform.run("providers schema -json")?;
    let schema = folder.path().join("schema.json");
    fs::write(&schema, as_hashicorp(&printed)?)?;
    // It tells on this stream all that it looks at, too.
    let log = folder.path().join("log");
    let checked = steps.command(
        "registry pages",
        Command::new(program)
            .args(["validate", "--provider-name", "tke", "--provider-dir"])
            .arg(root())
            .arg("--providers-schema")
            .arg(&schema)
            .stderr(fs::File::create(&log)?),
        "mend what tfplugindocs names, in xtask/docs/src/pages.rs or in templates/",
    );
    if checked.is_err() {
        let log = fs::read_to_string(&log)?;
        log.lines().filter(|line| !line.contains("[DEBUG]")).for_each(|line| eprintln!("{line}"));
    }
    checked
}

/// The schema under the only name that tfplugindocs looks for.
fn as_hashicorp(printed: &str) -> Result<String> {
    let line = printed.lines().find(|line| line.starts_with('{'));
    let mut schemas: Value = serde_json::from_str(line.ok_or("Terraform printed no schema")?)?;
    let providers = schemas["provider_schemas"].as_object().and_then(|all| all.values().next());
    let provider = providers.ok_or("Terraform knows no provider here")?;
    schemas["provider_schemas"] = json!({ "registry.terraform.io/hashicorp/tke": provider });
    Ok(schemas.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_found_and_renamed() {
        let printed = "Warning: overrides\n{\"format_version\":\"1.0\",\"provider_schemas\":{\"registry.terraform.io/a/tke\":{\"provider\":1}}}\n";
        let renamed: Value = serde_json::from_str(&as_hashicorp(printed).unwrap()).unwrap();
        let expected = json!({ "registry.terraform.io/hashicorp/tke": { "provider": 1 } });
        assert_eq!(renamed["provider_schemas"], expected);
        assert_eq!(renamed["format_version"], "1.0");
        assert!(as_hashicorp("Warning").is_err());
        assert!(as_hashicorp("{}").is_err());
    }
}
