//! Logs as core reads them: one JSON object a line on stderr.
//!
//! Only this layer and the provider's own crate are heard. The crates below them print headers and bodies
//! when they are asked for details, and those hold secrets.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    fmt::Debug,
    io::{self, Write},
    panic,
};

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span,
};
use tracing_subscriber::{
    Layer, Registry,
    filter::Targets,
    layer::{Context, SubscriberExt},
    registry::{LookupSpan, Scope},
};

/// From here on events go to core, those of the provider's `crate_name` and ours, and panics do too.
pub(super) fn install(wanted: &str, crate_name: &str) {
    panic::set_hook(Box::new(log_panic));
    let level = level(wanted);
    if level == LevelFilter::OFF {
        return;
    }
    let heard =
        Targets::new().with_target(env!("CARGO_CRATE_NAME"), level).with_target(crate_name, level);
    let subscriber = Registry::default().with(Hclog { write: to_stderr }.with_filter(heard));
    // It fails when the author has set a subscriber before us, and then theirs stands.
    drop(tracing::subscriber::set_global_default(subscriber));
}

/// What core makes of `TF_LOG` and its like: anything that it does not know is `TRACE`.
fn level(wanted: &str) -> LevelFilter {
    match wanted.to_uppercase().as_str() {
        "" | "OFF" => LevelFilter::OFF,
        "ERROR" => LevelFilter::ERROR,
        "WARN" => LevelFilter::WARN,
        "INFO" => LevelFilter::INFO,
        "DEBUG" => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    }
}

/// Writes events with the fields of the spans they are in.
struct Hclog<W> {
    write: W,
}

impl<S, W> Layer<S> for Hclog<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(&str) + 'static,
{
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, cx: Context<'_, S>) {
        if let Some(span) = cx.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, cx: Context<'_, S>) {
        if let Some(span) = cx.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, cx: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in cx.event_scope(event).into_iter().flat_map(Scope::from_root) {
            if let Some(Fields(outer)) = span.extensions().get() {
                fields.0.extend(outer.clone());
            }
        }
        event.record(&mut fields);
        let message = fields.0.remove("message").unwrap_or_default();
        let metadata = event.metadata();
        (self.write)(&line(
            Timestamp::now(),
            *metadata.level(),
            &module(metadata),
            message.as_str().unwrap_or_default(),
            fields.0,
        ));
    }
}

fn module(metadata: &Metadata<'_>) -> String {
    metadata.target().replace("::", ".")
}

/// Core reads 64 KiB at a time and takes a longer line for several that are no JSON.
const LONGEST_LINE: usize = 60 * 1024;

/// With the message, the four fields of a line have to fit into it even if each byte is escaped to six.
const LONGEST_TEXT: usize = 8 * 1024;

/// One line. Core takes a line with any other form of timestamp for plain text.
fn line(
    at: Timestamp,
    level: Level,
    module: &str,
    message: &str,
    mut fields: Map<String, Value>,
) -> String {
    let head = [
        ("@timestamp", format!("{at:.6}")),
        ("@level", level.as_str().to_lowercase()),
        ("@module", module.to_owned()),
        ("@message", shortened(message)),
    ];
    let head = head.map(|(name, text)| (name.to_owned(), Value::from(text)));
    fields.extend(head.clone());
    let line = Value::Object(fields).to_string();
    if line.len() <= LONGEST_LINE {
        return line + "\n";
    }
    let left_out = [("left_out".to_owned(), json!("the fields, they are too long for one line"))];
    Value::Object(head.into_iter().chain(left_out).collect()).to_string() + "\n"
}

fn shortened(text: &str) -> String {
    let kept = text.floor_char_boundary(LONGEST_TEXT);
    match text.split_at_checked(kept) {
        Some((kept, rest)) if !rest.is_empty() => format!("{kept}… and {} bytes more", rest.len()),
        _ => text.to_owned(),
    }
}

fn to_stderr(line: &str) {
    // One write for each line, or two threads could mix theirs. Nobody can be told that it failed.
    drop(io::stderr().write_all(line.as_bytes()));
}

/// A panic in the form of a log line: core takes raw text on stderr for a crash of the whole plugin.
fn log_panic(info: &panic::PanicHookInfo<'_>) {
    let mut fields = Map::new();
    if let Some(location) = info.location() {
        fields.insert("location".to_owned(), location.to_string().into());
    }
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        fields.insert("backtrace".to_owned(), shortened(&backtrace.to_string()).into());
    }
    let message = format!("panicked: {}", info.payload_as_str().unwrap_or("no message"));
    to_stderr(&line(Timestamp::now(), Level::ERROR, "panic", &message, fields));
}

/// Fields of a span or an event.
#[derive(Clone, Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn set(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.set(field, shortened(&format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, shortened(value));
    }

    fn record_error(&mut self, field: &Field, error: &(dyn std::error::Error + 'static)) {
        self.set(field, shortened(&super::chain(error)));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn log_level_follows_environment() {
        for (wanted, expected) in [
            ("", LevelFilter::OFF),
            ("off", LevelFilter::OFF),
            ("error", LevelFilter::ERROR),
            ("WARN", LevelFilter::WARN),
            ("Info", LevelFilter::INFO),
            ("DEBUG", LevelFilter::DEBUG),
            ("TRACE", LevelFilter::TRACE),
            ("JSON", LevelFilter::TRACE),
            ("loud", LevelFilter::TRACE),
        ] {
            assert_eq!(level(wanted), expected, "{wanted}");
        }
    }

    #[test]
    fn a_line_is_what_hclog_writes() {
        let fields = Map::from_iter([("n".to_owned(), json!(1))]);
        let line = line(at("2026-01-02T03:04:05Z"), Level::WARN, "a.b", "it\n\"said\"", fields);
        assert_eq!(
            line,
            concat!(
                r#"{"@level":"warn","@message":"it\n\"said\"","@module":"a.b","#,
                r#""@timestamp":"2026-01-02T03:04:05.000000Z","n":1}"#,
                "\n"
            )
        );
    }

    #[test]
    fn a_timestamp_has_six_decimals() {
        for (given, written) in [
            ("2026-12-31T23:59:59.5Z", "2026-12-31T23:59:59.500000Z"),
            ("2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:00.123456Z"),
            ("2026-06-01T12:00:00+02:00", "2026-06-01T10:00:00.000000Z"),
        ] {
            let line = line(at(given), Level::INFO, "m", "", Map::new());
            let line: Value = serde_json::from_str(&line).unwrap();
            assert_eq!(line["@timestamp"], written);
        }
    }

    #[test]
    fn event_fields_cannot_replace_reserved_fields() {
        let fields = Map::from_iter([("@level".to_owned(), json!("trace"))]);
        let line = line(at("2026-01-01T00:00:00Z"), Level::ERROR, "m", "", fields);
        assert!(line.contains(r#""@level":"error""#) && !line.contains("trace"));
    }

    #[test]
    fn a_line_is_shorter_than_what_core_reads_at_a_time() {
        let escaped = "\u{1}".repeat(1 << 20);
        let field = |n: usize| (format!("f{n}"), Value::from(shortened(&"ö".repeat(1 << 20))));
        let fields: Map<_, _> = (0..20).map(field).collect();
        let line = line(at("2026-01-01T00:00:00Z"), Level::INFO, "m", &escaped, fields);
        assert!(line.len() < 64 * 1024, "{}", line.len());
        let line: Value = serde_json::from_str(&line).unwrap();
        assert!(line["@message"].as_str().unwrap().ends_with("… and 1040384 bytes more"));
        assert!(line["left_out"].is_string());
    }

    /// What is written while `log` runs.
    fn logged(level: LevelFilter, log: impl FnOnce()) -> Vec<Value> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        let write = move |line: &str| sink.lock().unwrap().push(line.to_owned());
        let heard = Targets::new().with_target(env!("CARGO_CRATE_NAME"), level);
        let subscriber = Registry::default().with(Hclog { write }.with_filter(heard));
        tracing::subscriber::with_default(subscriber, log);
        let lines = lines.lock().unwrap();
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn an_event_carries_the_fields_of_its_spans() {
        let lines = logged(LevelFilter::DEBUG, || {
            let outer = tracing::info_span!("rpc", rpc = "Plan", thing = tracing::field::Empty);
            let _outer = outer.enter();
            outer.record("thing", "tke_x");
            let _inner = tracing::debug_span!("call", attempt = 2_u64, rpc = "inner").entered();
            tracing::debug!(size = 1.5, done = true, "sent {} bytes", 3);
        });
        assert_eq!(lines.len(), 1);
        let line = &lines[0];
        assert_eq!(line["@message"], "sent 3 bytes");
        assert_eq!(line["@level"], "debug");
        assert_eq!(line["@module"], "tf_provider.serve.log.tests");
        assert_eq!(line["rpc"], "inner");
        assert_eq!(line["thing"], "tke_x");
        assert_eq!(line["attempt"], 2);
        assert_eq!(line["size"], 1.5);
        assert_eq!(line["done"], true);
    }

    #[test]
    fn filtered_event_is_not_formatted() {
        struct Costly;
        impl Debug for Costly {
            fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                panic!("formatted")
            }
        }
        let lines = logged(LevelFilter::WARN, || {
            tracing::info!(?Costly, "details");
            tracing::warn!(target: "h2::frame", ?Costly, "of a crate below");
            tracing::warn!("heard");
        });
        assert_eq!(lines.len(), 1);
    }

    #[test]
    fn errors_are_logged_with_their_causes() {
        let cause = io::Error::other("disk full");
        let error = super::super::Error::Socket(cause);
        let lines = logged(LevelFilter::WARN, || {
            tracing::warn!(error = &error as &dyn std::error::Error, "refused");
        });
        assert_eq!(lines[0]["error"], "could not open the socket: disk full");
    }
}
