//! Whatever core sends, over the real socket: the answer is a diagnostic, in time, and nothing is lost.

use std::time::Duration;

use tf_provider::{
    Components, Computed, ConfigureCx, Cx, DataSource, Identity, Import, Model, Partial, Provider,
    Resource,
    testing::{
        Core, Result,
        tfplugin6::{
            Diagnostic, DynamicValue, RawState, ResourceIdentityData, apply_resource_change,
            configure_provider, diagnostic::Severity, import_resource_state, move_resource_state,
            plan_resource_change, provider_client::ProviderClient, read_data_source, read_resource,
            upgrade_resource_identity, upgrade_resource_state, validate_data_resource_config,
            validate_provider_config, validate_resource_config,
        },
    },
};
use tonic::{Status, transport::Channel};

/// A note.
#[derive(Model, Clone)]
struct Note {
    /// Identifier of the note.
    id: Computed<String>,
    /// What it says.
    text: String,
    /// Words beside it.
    words: Option<Vec<String>>,
}

/// Which note.
#[derive(Model)]
struct NoteId {
    /// Identifier of the note.
    id: String,
}

impl Identity for NoteId {}

impl Resource for Note {
    const NAME: &'static str = "note";
    type Client = ();
    type Identity = NoteId;

    fn identity(&self) -> Option<NoteId> {
        Some(NoteId { id: self.id.ok()?.clone() })
    }

    async fn create(self, _: &Cx<()>) -> tf_provider::Result<Self> {
        Ok(Self { id: "1".to_owned().into(), ..self })
    }

    async fn read(self, _: &Cx<()>) -> tf_provider::Result<Option<Self>> {
        Ok(Some(self))
    }

    async fn update(self, _: Self, _: &Cx<()>) -> tf_provider::Result<Self> {
        Ok(self)
    }

    async fn delete(self, _: &Cx<()>) -> tf_provider::Result<()> {
        Ok(())
    }

    async fn import(_: Import<NoteId>, _: &Cx<()>) -> tf_provider::Result<Option<Self>> {
        Ok(None)
    }
}

/// Looks up a note.
#[derive(Model)]
struct Lookup {
    /// What it says.
    text: String,
}

impl DataSource for Lookup {
    const NAME: &'static str = "note";
    type Client = ();

    async fn read(self, _: &Cx<()>) -> tf_provider::Result<Self> {
        Ok(self)
    }
}

/// A board for notes.
#[derive(Model)]
struct Config {
    /// Where it hangs.
    place: Option<String>,
}

struct Notes;

impl Provider for Notes {
    const NAME: &'static str = "notes";
    const SOURCE: &'static str = "tests/notes";
    type Config = Config;
    type Client = ();

    async fn configure(_: Partial<Config>, _: &ConfigureCx) -> tf_provider::Result<()> {
        Ok(())
    }

    fn components() -> Components<()> {
        Components::new().resource::<Note>().data_source::<Lookup>()
    }
}

const NOTE: &str = "notes_note";

#[expect(clippy::unnecessary_wraps, reason = "messages hold it like that")]
fn msgpack(bytes: &[u8]) -> Option<DynamicValue> {
    Some(DynamicValue { msgpack: bytes.to_vec(), json: Vec::new() })
}

#[expect(clippy::unnecessary_wraps, reason = "messages hold it like that")]
fn json(text: &str) -> Option<DynamicValue> {
    Some(DynamicValue { msgpack: Vec::new(), json: text.as_bytes().to_vec() })
}

/// What is no value of any schema here.
fn nonsense() -> Vec<(&'static str, Option<DynamicValue>)> {
    let deep = b"\x91".repeat(200_000);
    let deep_json = "[".repeat(200_000);
    vec![
        ("a byte that means nothing", msgpack(b"\xc1")),
        ("an object that ends early", msgpack(b"\x83\xa2id")),
        ("an object without its attributes", msgpack(b"\x80")),
        ("an object with another attribute", msgpack(b"\x81\xa1x\xc0")),
        ("no object", msgpack(b"\xa1x")),
        ("something after the end", msgpack(b"\xc0\xc0")),
        ("a list of four thousand million", msgpack(b"\xdd\xff\xff\xff\xff")),
        ("an object of four thousand million", msgpack(b"\xdf\xff\xff\xff\xff")),
        ("a text of four gigabytes", msgpack(b"\xdb\xff\xff\xff\xff")),
        ("an extension of four gigabytes", msgpack(b"\xc9\xff\xff\xff\xff\x0c")),
        ("lists in lists in lists", msgpack(&deep)),
        ("JSON that ends early", json("{")),
        ("JSON that is no object", json("[1]")),
        ("JSON with another attribute", json("{\"x\": 1}")),
        ("JSON in JSON in JSON", json(&deep_json)),
    ]
}

#[track_caller]
fn refused(what: &str, diagnostics: &[Diagnostic]) {
    let error = diagnostics.iter().find(|told| told.severity() == Severity::Error);
    assert!(error.is_some_and(|error| !error.summary.is_empty()), "{what}: {diagnostics:?}");
}

async fn configured(core: &Core) -> Result<ProviderClient<Channel>> {
    let mut provider = core.provider();
    let request =
        configure_provider::Request { config: msgpack(b"\x81\xa5place\xc0"), ..Default::default() };
    let answer = provider.configure_provider(request).await?.into_inner();
    assert_eq!(answer.diagnostics, vec![]);
    Ok(provider)
}

#[tokio::test]
async fn nonsense_is_answered_with_diagnostics() -> Result {
    let core = Core::of::<Notes>().await?;
    let mut provider = configured(&core).await?;
    for (what, value) in nonsense() {
        let name = || NOTE.to_owned();
        let (config, private) = (value.clone(), b"private".to_vec());
        let calls = async {
            let request = validate_provider_config::Request { config: config.clone() };
            let answer = provider.validate_provider_config(request).await?.into_inner();
            refused(what, &answer.diagnostics);

            let request =
                configure_provider::Request { config: config.clone(), ..Default::default() };
            let answer = provider.configure_provider(request).await?.into_inner();
            refused(what, &answer.diagnostics);

            let request = validate_resource_config::Request {
                type_name: name(),
                config: config.clone(),
                ..Default::default()
            };
            let answer = provider.validate_resource_config(request).await?.into_inner();
            refused(what, &answer.diagnostics);

            let request = validate_data_resource_config::Request {
                type_name: name(),
                config: config.clone(),
            };
            let answer = provider.validate_data_resource_config(request).await?.into_inner();
            refused(what, &answer.diagnostics);

            let request = read_data_source::Request {
                type_name: name(),
                config: config.clone(),
                ..Default::default()
            };
            let answer = provider.read_data_source(request).await?.into_inner();
            refused(what, &answer.diagnostics);

            let request = plan_resource_change::Request {
                type_name: name(),
                prior_state: value.clone(),
                prior_private: private.clone(),
                config: config.clone(),
                ..Default::default()
            };
            let answer = provider.plan_resource_change(request).await?.into_inner();
            refused(what, &answer.diagnostics);

            // What cannot be read goes back as it came: it is all that anybody knows of the object.
            let request = read_resource::Request {
                type_name: name(),
                current_state: value.clone(),
                private: private.clone(),
                ..Default::default()
            };
            let answer = provider.read_resource(request).await?.into_inner();
            refused(what, &answer.diagnostics);
            assert_eq!((&answer.new_state, &answer.private), (&value, &private), "{what}");

            let request = apply_resource_change::Request {
                type_name: name(),
                prior_state: value.clone(),
                planned_state: value.clone(),
                planned_private: private.clone(),
                config: config.clone(),
                ..Default::default()
            };
            let answer = provider.apply_resource_change(request).await?.into_inner();
            refused(what, &answer.diagnostics);
            assert_eq!((&answer.new_state, &answer.private), (&value, &private), "{what}");

            let request = import_resource_state::Request {
                type_name: name(),
                identity: Some(ResourceIdentityData { identity_data: value.clone() }),
                ..Default::default()
            };
            let answer = provider.import_resource_state(request).await?.into_inner();
            refused(what, &answer.diagnostics);
            Ok::<(), Status>(())
        };
        tokio::time::timeout(Duration::from_secs(20), calls).await??;
    }
    Ok(())
}

#[tokio::test]
async fn what_is_stored_may_be_nonsense_too() -> Result {
    let core = Core::of::<Notes>().await?;
    let mut provider = core.provider();
    let deep = "[".repeat(200_000);
    for text in ["", "{", "[1]", "\"x\"", "{\"text\": {}}", "{\"words\": [[]]}", &deep] {
        let state = Some(RawState { json: text.as_bytes().to_vec(), ..Default::default() });
        for version in [-1, 0, 1, i64::MAX] {
            let request = upgrade_resource_state::Request {
                type_name: NOTE.to_owned(),
                version,
                raw_state: state.clone(),
            };
            let answer = provider.upgrade_resource_state(request).await?.into_inner();
            // No bytes at all are null.
            if version != 0 || !text.is_empty() {
                refused(text, &answer.diagnostics);
            }

            let request = upgrade_resource_identity::Request {
                type_name: NOTE.to_owned(),
                version,
                raw_identity: state.clone(),
            };
            let answer = provider.upgrade_resource_identity(request).await?.into_inner();
            let fits = ["", "{\"text\": {}}", "{\"words\": [[]]}"].contains(&text);
            if version != 0 || !fits {
                refused(text, &answer.diagnostics);
            }
        }
        let request = move_resource_state::Request {
            source_provider_address: "registry.terraform.io/tests/notes".to_owned(),
            source_type_name: NOTE.to_owned(),
            source_state: state,
            target_type_name: NOTE.to_owned(),
            source_schema_version: 1,
            ..Default::default()
        };
        let answer = provider.move_resource_state(request).await?.into_inner();
        refused(text, &answer.diagnostics);
    }
    Ok(())
}

#[tokio::test]
async fn an_extension_that_nobody_knows_is_an_unknown_value() -> Result {
    let core = Core::of::<Notes>().await?;
    let request = validate_resource_config::Request {
        type_name: NOTE.to_owned(),
        config: msgpack(b"\x83\xa2id\xc0\xa4text\xc7\x02\x63ab\xa5words\xd5\x07ab"),
        ..Default::default()
    };
    let answer = core.provider().validate_resource_config(request).await?.into_inner();
    assert_eq!(answer.diagnostics, vec![]);
    Ok(())
}

/// Calls everything that needs a type, on this one; returns what each call was told.
async fn told(provider: &mut ProviderClient<Channel>, name: &str) -> Result<Vec<Vec<Diagnostic>>> {
    let note = || msgpack(b"\x83\xa2id\xa11\xa4text\xa1x\xa5words\xc0");
    let type_name = || name.to_owned();
    let read = read_resource::Request {
        type_name: type_name(),
        current_state: note(),
        ..Default::default()
    };
    let apply = apply_resource_change::Request {
        type_name: type_name(),
        prior_state: note(),
        planned_state: note(),
        config: msgpack(b"\x83\xa2id\xc0\xa4text\xa1x\xa5words\xc0"),
        ..Default::default()
    };
    let import = import_resource_state::Request {
        type_name: type_name(),
        id: "1".to_owned(),
        ..Default::default()
    };
    let lookup = read_data_source::Request {
        type_name: type_name(),
        config: msgpack(b"\x81\xa4text\xa1x"),
        ..Default::default()
    };
    let read = provider.read_resource(read).await?.into_inner();
    let apply = provider.apply_resource_change(apply).await?.into_inner();
    assert_eq!((&read.new_state, &apply.new_state), (&note(), &note()));
    Ok(vec![
        read.diagnostics,
        apply.diagnostics,
        provider.import_resource_state(import).await?.into_inner().diagnostics,
        provider.read_data_source(lookup).await?.into_inner().diagnostics,
    ])
}

#[tokio::test]
async fn calls_before_the_provider_is_configured_are_refused() -> Result {
    let core = Core::of::<Notes>().await?;
    for diagnostics in told(&mut core.provider(), NOTE).await? {
        refused("not configured", &diagnostics);
        assert_eq!(diagnostics[0].summary, "The provider is not configured");
    }
    Ok(())
}

#[tokio::test]
async fn a_type_that_is_not_offered_is_refused() -> Result {
    let core = Core::of::<Notes>().await?;
    let mut provider = configured(&core).await?;
    for diagnostics in told(&mut provider, "notes_nothing").await? {
        refused("notes_nothing", &diagnostics);
        assert!(diagnostics[0].summary.contains("`notes_nothing`"), "{diagnostics:?}");
    }
    Ok(())
}

#[tokio::test]
async fn many_calls_at_once_are_answered_each() -> Result {
    let core = Core::of::<Notes>().await?;
    let provider = configured(&core).await?;
    let calls: Vec<_> = (0..100)
        .map(|n| {
            let mut provider = provider.clone();
            let bytes = match n % 2 {
                0 => &b"\x83\xa2id\xa11\xa4text\xa1x\xa5words\xc0"[..],
                _ => b"\xc1",
            };
            tokio::spawn(async move {
                let request = read_resource::Request {
                    type_name: NOTE.to_owned(),
                    current_state: msgpack(bytes),
                    ..Default::default()
                };
                provider.read_resource(request).await.map(|answer| (n, answer.into_inner()))
            })
        })
        .collect();
    for call in calls {
        let (n, answer) = call.await??;
        assert_eq!(answer.diagnostics.is_empty(), n % 2 == 0);
    }
    Ok(())
}

/// As it is when a provider that runs in a debugger is shared: the last one who configured it is heard.
#[tokio::test]
async fn two_cores_may_configure_one_provider_at_once() -> Result {
    let core = Core::of::<Notes>().await?;
    let life = async || -> Result {
        for _ in 0..20 {
            let mut provider = configured(&core).await?;
            let request = read_resource::Request {
                type_name: NOTE.to_owned(),
                current_state: msgpack(b"\x83\xa2id\xa11\xa4text\xa1x\xa5words\xc0"),
                ..Default::default()
            };
            let answer = provider.read_resource(request).await?.into_inner();
            assert_eq!(answer.diagnostics, vec![]);
        }
        Ok(())
    };
    let lives = async { tokio::try_join!(life(), life()) };
    tokio::time::timeout(Duration::from_secs(20), lives).await??;
    Ok(())
}
