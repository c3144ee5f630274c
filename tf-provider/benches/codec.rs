//! How long it takes to read and write a long list of rules: `cargo bench -p tf-provider`.
//!
//! Prints milliseconds for a list of 10,000 rules and for one of 100,000, and their ratio: ten when
//! the time grows with the size alone. Ten of the short lists are kept at a time, read and written, so
//! that both sizes touch as much memory; otherwise the ratio would be that of the machine's caches.
#![expect(clippy::print_stdout, reason = "this is what a benchmark is for")]
#![expect(clippy::disallowed_methods, reason = "it measures real time")]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use tf_provider::value::{Type, Value, msgpack};

fn main() {
    let (few, many) = (Lists::of(10, 10_000), Lists::of(1, 100_000));
    // In turn, so that whatever slows this machine for a while slows both.
    let rounds: Vec<_> = (0..9).map(|_| (few.round_trip() / 10, many.round_trip())).collect();
    let short = rounds.iter().map(|round| round.0).min().unwrap_or_default();
    let long = rounds.iter().map(|round| round.1).min().unwrap_or_default();
    println!("codec_10k_ms {:.2}", short.as_secs_f64() * 1e3);
    println!("codec_100k_ms {:.2}", long.as_secs_f64() * 1e3);
    println!("codec_ratio {:.2}", long.as_secs_f64() / short.as_secs_f64());
}

/// Lists as they come.
struct Lists {
    ty: Type,
    messages: Vec<Vec<u8>>,
}

impl Lists {
    fn of(count: usize, rules: usize) -> Self {
        let ty = Type::object([("ingress", Type::List(Box::new(rule_type())))]);
        let list = Value::list((0..rules).map(rule));
        let message = msgpack::encode(&Value::map([("ingress", list)]), &ty);
        Self { ty, messages: vec![message; count] }
    }

    /// Reads all, writes all, and drops all.
    fn round_trip(&self) -> Duration {
        let start = Instant::now();
        let read = |message| msgpack::decode(black_box(message), &self.ty).ok();
        let values: Vec<_> = self.messages.iter().filter_map(|message| read(message)).collect();
        let written: Vec<_> = values.iter().map(|value| msgpack::encode(value, &self.ty)).collect();
        assert!(written == self.messages);
        drop((values, written));
        start.elapsed()
    }
}

fn rule_type() -> Type {
    let text = ["action", "cidr_block", "description", "ipv6_cidr_block", "port", "protocol"];
    let templates = ["address_template_id", "address_template_group_id", "service_template_id"];
    let more = ["service_template_group_id", "referenced_security_group_id"];
    let names = text.into_iter().chain(templates).chain(more);
    Type::object(names.map(|name| (name, Type::String)))
}

/// What is not here is written as null, as an attribute that was not set.
fn rule(n: usize) -> Value {
    Value::map([
        ("action", Value::from("ACCEPT")),
        ("cidr_block", format!("10.{}.{}.0/24", n / 256 % 256, n % 256).into()),
        ("description", format!("rule number {n}").into()),
        ("port", (n % 65_536).to_string().into()),
        ("protocol", "TCP".into()),
    ])
}
